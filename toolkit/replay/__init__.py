"""A local network that answers for the real host names, from recordings or from small apps, and the guard that keeps a
replay from reaching anything else.
"""
