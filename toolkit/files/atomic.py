"""Writes a private file whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

TEMPORARY_SUFFIX = ".new"


def write_atomic(path: Path, data: bytes | Iterable[bytes]) -> None:
    """Replace the file `path` by one with `data`, which may come in pieces; whatever happens, it has either the old
    content or all of the new.

    The file is readable by its owner only (0600) from its first byte; on Windows it inherits the folder's rights. It is
    synced to the disk before it gets its name. Raises `OSError`, and what making a piece raises.
    """
    handle, name = tempfile.mkstemp(prefix=f".{path.name[-32:]}.", suffix=TEMPORARY_SUFFIX, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            if hasattr(os, "fchmod"):
                os.fchmod(file.fileno(), 0o600)  # a umask may have removed even the owner's rights
            file.writelines((data,) if isinstance(data, bytes) else data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:  # also a cancellation or Ctrl-C: a half-written secret is never left behind
        os.unlink(name)
        raise
    if hasattr(os, "O_DIRECTORY"):  # the new name has to survive a power cut as well
        with suppress(OSError):  # some file systems cannot sync a folder; the file is written nevertheless
            _sync_folder(path.parent)


def remove_unfinished(folder: Path, ending: str) -> None:
    """Remove the temporary files that processes killed inside `write_atomic` left in `folder`.

    `ending` is a glob pattern for the end of the names of the files that were to be written, of which the last 32
    letters count. Call this only while nobody writes such files.
    """
    for path in folder.glob(f".*{ending}.*{TEMPORARY_SUFFIX}"):
        with suppress(OSError):  # a leftover is no reason to fail
            path.unlink()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
