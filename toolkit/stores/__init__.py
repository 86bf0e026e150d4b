"""Where sessions rest between runs: in files, in memory or in Redis, encrypted if there is a passphrase.

A store saves and loads whole sessions by their `Key`, and hands out locks. It does not decide whether a session is
still good, when it is renewed or how two changes of it are merged: that is the business of `client/` and `session/`.
Other rooms use `Key`, `Purpose` and the protocols `Store` and `CheckedStore` (defined in `base`), `open_store`
(`choose`), `FileStore`, `MemoryStore` and `RedisStore`.
"""

from toolkit.stores.base import CheckedStore, Key, Purpose, Store

__all__ = ["CheckedStore", "Key", "Purpose", "Store"]
