"""A separate program that removes a folder of temporary files after the process that owned it was killed.

Started by `toolkit.browser.temporary_folders` with the folder as its argument. Imports nothing of the toolkit, and as
little as possible otherwise, because it starts beside a browser and must not slow that down.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import suppress

WAIT_SECONDS = 30.0  # for the driver and the browser to end by themselves
PAUSE_SECONDS = 0.05


def main(folder: str) -> None:
    """Wait until the owner of `folder` is dead and no process uses the folder any more, then remove it.

    The owner has the other end of stdin. One that ends normally removes the folder itself and ends this program.
    """
    while os.read(0, 1):
        pass
    end = time.monotonic() + WAIT_SECONDS
    while os.path.lexists(folder):
        if not is_in_use(folder) or time.monotonic() > end:
            remove(folder)
            return
        time.sleep(PAUSE_SECONDS)


def remove(folder: str) -> None:
    """Remove `folder`, unless it is a link by now, or has another owner, who holds its lock."""
    import fcntl  # loaded here because they load slowly and are rarely needed
    import shutil

    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)


def is_in_use(folder: str) -> bool:
    """Whether `folder` is the `TMPDIR` of a running process. Only Linux can tell; True on other systems."""
    return sys.platform != "linux" or any(True for _ in users_of(folder))


def users_of(folder: str) -> Iterator[int]:
    """The ids of the running processes whose `TMPDIR` is `folder`. Only Linux can tell; none on other systems."""
    if sys.platform != "linux":
        return
    variable = f"\0TMPDIR={folder}\0".encode()
    for number in filter(str.isdigit, os.listdir("/proc")):
        with (
            suppress(OSError),
            open(f"/proc/{number}/environ", "rb") as file,
        ):  # it may have ended, or be another user's
            if variable in b"\0" + file.read() + b"\0":
                yield int(number)


if __name__ == "__main__":
    main(sys.argv[1])
