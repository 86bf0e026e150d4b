"""Composes a session, the transport and a provider into a call: where the session comes from, who may renew it, and
what a person is told when something goes wrong. Opens no browser itself: visits are made by `browser/`.
"""
