"""Replay: a network on loopback that answers for the real host names, from recordings or from small applications.

Here belong the TLS proxy with its certificate authority, the applications behind it, the matching of requests with
recorded exchanges, and the guard that keeps a test from reaching the real network. Making, loading, saving and checking
recordings does not belong here: that is `toolkit.recording`. Other rooms use `LocalNetwork` (`local_network`),
`only_loopback` (`network_guard`) and `random_fields` (`body_matching`).
"""
