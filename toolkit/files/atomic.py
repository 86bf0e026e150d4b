"""Writing a file whole or not at all, for its owner's eyes only."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

UNFINISHED = ".new"


def write_atomic(path: Path, data: bytes) -> None:
    """Put `data` in the file `path`, in place of what was there: all of it or, whatever happens, none of it.

    The file is 0600 from its first byte (on Windows, as the folder has it) and synced before it takes its name. Raises
    `OSError`.
    """
    handle, name = tempfile.mkstemp(prefix=f".{path.name[-32:]}.", suffix=UNFINISHED, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            if hasattr(os, "fchmod"):
                os.fchmod(file.fileno(), 0o600)  # a umask may have taken even the owner's rights away
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:  # a cancellation or Ctrl-C too: a half-written secret never stays
        os.unlink(name)
        raise
    if hasattr(os, "O_DIRECTORY"):  # the new name has to last through a power cut as well
        with suppress(OSError):  # some file systems sync no folder; the file is there all the same
            _sync(path.parent)


def remove_unfinished(folder: Path, ending: str) -> None:
    """Remove what processes that were killed inside `write_atomic` left in `folder`, of files whose names end as the
    glob pattern `ending` says (the last 32 letters count). Only while nobody writes such files."""
    for path in folder.glob(f".*{ending}.*{UNFINISHED}"):
        with suppress(OSError):  # it is no reason not to write
            path.unlink()


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
