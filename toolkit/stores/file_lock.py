"""A lock among the tasks and processes of one machine, by a file that the operating system locks."""

from __future__ import annotations

import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

POLL = 0.03  # seconds between two attempts; no system can wait for a file lock without blocking the event loop


@asynccontextmanager
async def file_lock(path: Path, seconds: float | None = None) -> AsyncIterator[None]:
    """Hold the lock file `path`. It is created with the mode 0600 if it is missing; its folder has to exist.

    Waits at most `seconds` (None: for ever), then raises the builtin `TimeoutError`. Raises another `OSError` if the
    file cannot be locked. The system frees the lock when the process that holds it ends, however it ends.
    """
    from filelock import AsyncFileLock, Timeout  # loaded only now, since most calls lock nothing

    # An attempt takes microseconds, so it needs no thread (the store has just seen that the folder answers), and
    # cancelling the wait leaves nothing behind. The file is not removed afterwards: another process may have opened it
    # to lock it next, and would then hold a file without a name while others lock a new file of that name.
    lock = AsyncFileLock(path, mode=0o600, poll_interval=POLL, run_in_executor=False, preserve_lock_file=True)
    try:
        await lock.acquire(timeout=-1 if seconds is None else max(seconds, 0))
    except Timeout:
        raise TimeoutError(errno.ETIMEDOUT, f"somebody else holds the lock {path} for {seconds:g} seconds") from None
    try:
        yield
    finally:
        await lock.release()
