"""One at a time, by a file that the system locks: among tasks, clients and processes of this machine."""

from __future__ import annotations

import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

POLL = 0.03  # seconds between two tries; the system has no way to wait for a file lock without blocking the event loop


@asynccontextmanager
async def file_lock(path: Path, seconds: float | None = None) -> AsyncIterator[None]:
    """Holds the lock file `path`, made 0600 if need be in a folder that is there.

    Waits `seconds` at most (None: for ever), then raises the builtin `TimeoutError`; `OSError` where the file cannot
    be locked. The system frees the lock when the process that holds it ends, however it ends.
    """
    from filelock import AsyncFileLock, Timeout  # not before: most calls lock nothing

    # A try takes microseconds, so it needs no thread, and cancelling the wait leaves nothing behind. The file stays:
    # somebody may have opened it to lock it next, and would then hold a file without a name while others lock a new
    # one of that name.
    lock = AsyncFileLock(path, mode=0o600, poll_interval=POLL, run_in_executor=False, preserve_lock_file=True)
    try:
        await lock.acquire(timeout=-1 if seconds is None else max(seconds, 0))
    except Timeout:
        raise TimeoutError(errno.ETIMEDOUT, f"somebody else holds the lock {path} for {seconds:g} seconds") from None
    try:
        yield
    finally:
        await lock.release()
