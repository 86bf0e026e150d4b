"""Chooses the store: the one that a text such as `--store` names, else `TOOLKIT_STORE`, else files."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import cache
from pathlib import Path

from toolkit.errors import UsageError
from toolkit.files.state_folder import STORE_VARIABLE
from toolkit.session.frame_locals import forgetting_locals
from toolkit.stores.base import Store
from toolkit.stores.file import FileStore
from toolkit.stores.memory import MemoryStore

CHOICES = "file, file:/path/to/folder, memory, redis://..., rediss://... or unix://..."


@forgetting_locals
def open_store(spec: str | None = None) -> Store:
    """Return the store that `spec` names, else `TOOLKIT_STORE`, else the files in the platform's folder for state.

    `memory` is one store for the whole process. Raises `UsageError` if the text names no store, and `StoreError` if a
    package that the store needs is missing.
    """
    spec = spec or os.environ.get(STORE_VARIABLE) or "file"
    scheme, _, place = spec.partition(":")
    if spec == "file":
        return FileStore()
    if scheme == "file" and place and "\0" not in place:
        with suppress(RuntimeError):  # raised for the home of a user that does not exist, or that has none
            return FileStore(Path(place).expanduser())
    if spec == "memory":
        return _process_memory()
    if scheme in ("redis", "rediss", "unix") and place.startswith("//"):
        from toolkit.stores.redis import RedisStore

        return RedisStore(spec)
    # The error does not show `spec`, which may be a URL with a password.
    raise UsageError("There is no such store.", hint=f"{STORE_VARIABLE} is one of {CHOICES}")


@cache
def _process_memory() -> MemoryStore:
    return MemoryStore()
