"""Takes who is signed in out of HAR values, and searches for who is left in them. Pure.

`collect.find_told` lists what a log tells of people, and where. `replacements.Replacements` chooses what stands there
instead, and says which of it is replaced wherever else it occurs. `telling_places` replaces the values that are too
short or too common for that, at the places that tell whose they are. `scan.scan_identity` is the search of `toolkit
recording check`.
"""
