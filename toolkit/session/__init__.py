"""The session that a browser's visit leaves, as a value, and all that is pure about it: its cookies as a browser sends
and stores them, its headers, its expiry, the recipe for it. No I/O. The formats that people bring sessions in are in
`formats/`.
"""
