"""Access to files that may not answer: one that is no regular file, or lies on a file system that hangs.

Each access is in a thread (`file_threads`), so that its time is limited, and the event loop goes on.
"""

from __future__ import annotations

import asyncio
import errno
import os
import stat
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from toolkit.files.file_threads import FILE_THREADS

T = TypeVar("T")

SECONDS = 10.0  # for a file system to answer


async def in_thread(work: Callable[[], T], *, finish: bool = False) -> T:
    """Run `work` in a thread, and return its result. Raises what it raises, and `TimeoutError` (an `OSError`) if it
    takes longer than `SECONDS`.

    A cancellation is raised at once; with `finish`, for work that changes something, only after the work has ended.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def run() -> None:
        try:
            outcome: Callable[[], None] = partial(_set_result, done, work())
        except BaseException as error:  # noqa: BLE001 - it is raised where the result is waited for
            outcome = partial(_set_exception, done, error)
        with suppress(RuntimeError):  # the loop has ended, and nobody waits any more
            loop.call_soon_threadsafe(outcome)

    FILE_THREADS.start(run)
    timer = loop.call_later(SECONDS, _give_up, done)
    try:
        return await (_finished(done) if finish else done)
    finally:
        timer.cancel()


async def _finished(done: asyncio.Future[T]) -> T:
    """The result of `done`. A cancellation is raised only after it is there."""
    cancelled: asyncio.CancelledError | None = None
    while not done.done():
        try:
            await asyncio.wait({done})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        done.exception()  # marks it as retrieved
        raise cancelled
    return done.result()


def within_limit(work: Callable[[], T]) -> T:
    """Run `work` in a thread, and return its result, for callers that are no coroutines. Raises what it raises, and
    `TimeoutError` (an `OSError`) if it takes longer than `SECONDS`. A signal is handled meanwhile."""
    done: Future[T] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:  # noqa: BLE001 - it is raised where the result is waited for
            done.set_exception(error)

    FILE_THREADS.start(run)
    try:
        return done.result(SECONDS)
    except TimeoutError:
        if done.done():
            raise
        raise _no_answer() from None


def _no_answer() -> TimeoutError:
    return TimeoutError(errno.ETIMEDOUT, f"the file system has not answered for {SECONDS:g} s")


def _give_up(done: asyncio.Future[Any]) -> None:
    _set_exception(done, _no_answer())


def _set_result(done: asyncio.Future[Any], value: Any) -> None:
    if not done.done():
        done.set_result(value)


def _set_exception(done: asyncio.Future[Any], error: BaseException) -> None:
    if not done.done():
        done.set_exception(error)
        done.exception()  # marks it as retrieved, for the case that nobody waits any more


def read_regular_file(path: Path) -> bytes:
    """Return what is in the file `path`. Raises `OSError`, also for anything but a regular file: reading a pipe or a
    device could wait for ever, or never end."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with open(handle, "rb") as file:
        mode = os.fstat(handle).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "it is no regular file", str(path))
        return file.read()


def read_file(path: Path) -> bytes:
    """As `read_regular_file`, within `SECONDS`; see `within_limit`."""
    return within_limit(partial(read_regular_file, path))
