"""Recordings, and the local network that replays them.

Nothing is imported here on purpose: whoever needs a part names its module.
"""
