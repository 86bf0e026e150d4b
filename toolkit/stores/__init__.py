"""Where sessions rest: files, memory, Redis; sealed where there is a passphrase. A store keeps whole sessions by their
key and hands out locks; it never decides whether a session is good.
"""

from toolkit.stores.base import Key, Purpose, Store

__all__ = ["Key", "Purpose", "Store"]
