"""A program of its own that outlives a process which is killed, and then removes the folder of its temporary files.

Started by `toolkit.browser.temporary_folders` with the folder as its argument. Imports nothing of ours, and as little
as it can: it starts beside a browser and is to cost that nothing.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress

PATIENCE = 30.0  # seconds that driver and browser have to end by themselves
PAUSE = 0.05


def main(folder: str) -> None:
    """Wait until the owner of `folder`, who has the other end of stdin, is dead; then, when nobody works in it any
    more, remove it. An owner who ends in order has removed it, and ends us."""
    while os.read(0, 1):
        pass
    end = time.monotonic() + PATIENCE
    while os.path.lexists(folder):
        if not in_use(folder) or time.monotonic() > end:
            remove(folder)
            return
        time.sleep(PAUSE)


def remove(folder: str) -> None:
    """Remove `folder`, unless it is somebody's again: a link, or one that has an owner who lives."""
    import fcntl  # these are slow to load, and for most never needed
    import shutil

    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)


def in_use(folder: str) -> bool:
    """Whether a process was told to keep its temporary files there. Only Linux tells; elsewhere it is taken for so."""
    if sys.platform != "linux":
        return True
    told = f"\0TMPDIR={folder}\0".encode()
    for number in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError), open(f"/proc/{number}/environ", "rb") as file:  # or it has ended, or is another's
            if told in b"\0" + file.read() + b"\0":
                return True
    return False


if __name__ == "__main__":
    main(sys.argv[1])
