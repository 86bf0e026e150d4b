"""Writes a private file whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

TEMPORARY_SUFFIX = ".new"


def write_atomic(path: Path, data: bytes | Iterable[bytes]) -> None:
    """Replace the file `path` by one with `data`, which may come in pieces; whatever happens, it has either the old
    content or all of the new.

    The file is readable by its owner only (0600) from its first byte; on Windows it inherits the folder's rights. It is
    synced to the disk before it gets its name. Where `path` is a link, the file that it leads to is replaced. Raises
    `OSError`, also where `path` is a pipe, a device or a folder, and what making a piece raises.
    """
    path = _destination(path)
    handle, name = _temporary_file(path)
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


def ensure_writable(path: Path) -> None:
    """Raise the `OSError` that `write_atomic` would raise for `path`, as far as that can be told without writing."""
    handle, name = _temporary_file(_destination(path))
    os.close(handle)
    os.unlink(name)


def remove_unfinished(folder: Path, ending: str) -> None:
    """Remove the temporary files that processes killed inside `write_atomic` left in `folder`.

    `ending` is a glob pattern for the end of the names of the files that were to be written, of which the last 32
    letters count. Call this only while nobody writes such files.
    """
    for path in folder.glob(f".*{ending}.*{TEMPORARY_SUFFIX}"):
        with suppress(OSError):  # a leftover is no reason to fail
            path.unlink()


def _destination(path: Path) -> Path:
    """Returns the file that is replaced for `path`. Raises `OSError` where that is no regular file, or where the system
    does not allow to follow a link."""
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        pass
    else:
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(mode):  # a pipe or a device would be gone afterwards
            raise OSError(errno.EINVAL, "it is no regular file", str(path))
    if not path.is_symlink():
        return path
    with suppress(FileNotFoundError):  # it leads to a file that is not there yet
        os.close(os.open(path, os.O_WRONLY))  # systems do not follow the links of others in folders of everybody
    return Path(os.path.realpath(path))


def _temporary_file(path: Path) -> tuple[int, str]:
    """Makes an empty file beside `path`; returns its handle and its name."""
    return tempfile.mkstemp(prefix=f".{path.name[-32:]}.", suffix=TEMPORARY_SUFFIX, dir=path.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
