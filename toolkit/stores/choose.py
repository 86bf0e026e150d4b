"""Which store: what the person names, or `TOOLKIT_STORE`, or files."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import cache
from pathlib import Path

from toolkit.errors import UsageError
from toolkit.files.state_folder import STORE_VARIABLE
from toolkit.stores.base import Store
from toolkit.stores.file import FileStore
from toolkit.stores.memory import MemoryStore

CHOICES = "file, file:/path/to/folder, memory, redis://..., rediss://... or unix://..."


def open_store(spec: str | None = None) -> Store:
    """The store that `spec` names, else `TOOLKIT_STORE`, else the files in the platform's own place.

    `memory` is one store for the whole process. Raises `UsageError` for what names none, and `StoreError` where the
    package that it needs is missing.
    """
    spec = spec or os.environ.get(STORE_VARIABLE) or "file"
    kind, _, place = spec.partition(":")
    if spec == "file":
        return FileStore()
    if kind == "file" and place and "\0" not in place:
        with suppress(RuntimeError):  # there is no such person, or no home
            return FileStore(Path(place).expanduser())
    if spec == "memory":
        return _memory()
    if kind in ("redis", "rediss", "unix") and place.startswith("//"):
        from toolkit.stores.redis import RedisStore

        return RedisStore(spec)
    # What was given is not shown: it may be a URL with a password.
    raise UsageError("There is no such store.", hint=f"{STORE_VARIABLE} is one of {CHOICES}")


@cache
def _memory() -> MemoryStore:
    return MemoryStore()
