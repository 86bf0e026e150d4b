"""A folder for what the driver and the browser keep while they run, which lasts no longer than they are needed.

Both remove what is theirs when they end, also when the process that started them has died; but not what they were just
making then: a profile that the browser has not got yet, or the folder of Chromium's socket. So all of it is in a folder
of ours. One whose owner is dead is removed when the next one is made.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "toolkit-run-"
LONGEST = 60  # bytes: Chromium's socket in there adds 45, and a socket's path may have 107 (macOS: 103), see unix(7)


@contextmanager
def own_folder() -> Iterator[Path | None]:
    """A folder for temporary files that is removed at the end with all that is in it.

    None where there cannot be one: on Windows, which has no locks for folders, and where the path would be too long.
    """
    place = Path(tempfile.gettempdir())
    if sys.platform == "win32" or len(os.fsencode(place / PREFIX)) + 8 > LONGEST:
        yield None
        return
    for folder in place.glob(f"{PREFIX}*"):
        _remove_if_left(folder)
    path, handle = _locked_folder()
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(handle)


if sys.platform != "win32":
    import fcntl

    def _locked_folder() -> tuple[Path, int]:
        """A new folder, and what holds its lock, which the system frees when this process ends."""
        while True:
            path = Path(tempfile.mkdtemp(prefix=PREFIX))
            handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(handle, fcntl.LOCK_EX)
            if os.fstat(handle).st_nlink:
                return path, handle
            os.close(handle)  # somebody took it for one that was left, before it was locked

    def _remove_if_left(folder: Path) -> None:
        """Remove `folder` unless its owner lives. One of another user, or one that is gone meanwhile, is let be."""
        with suppress(OSError):
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.fstat(handle).st_uid == os.geteuid():
                    shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(handle)
