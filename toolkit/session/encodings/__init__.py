"""Finds values in text and bytes however they are encoded there, and replaces them. Pure.

It stands in this room because the values are the secrets of sessions, and two rooms that may not import each other take
them out: `http/` of what a site repeats in its errors, `redaction/` of recordings.
"""
