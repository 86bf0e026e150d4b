"""The event loop of callers that have none: in a thread of anyio's, shared by all, there while anything needs it.

What is called here knows nothing of threads, and what calls knows nothing of loops. Of chats nothing is known here.
"""

from __future__ import annotations

import asyncio
import concurrent.futures.thread  # noqa: F401 - so that its hook is there before ours, see below
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, TypeVar

from anyio.from_thread import BlockingPortalProvider

from toolkit.errors import ToolkitError, UsageError

T = TypeVar("T")

_portals = BlockingPortalProvider()
_leases: set[Lease] = set()

# Where a wait without end cannot be interrupted by Ctrl-C, it is made of short ones.
_WAIT = 0.1 if sys.platform == "win32" else -1.0


def run(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """What `work` gives, run in the loop to its end. Raises what it raises.

    Ctrl-C cancels it, and is raised once it has tidied up; a second one is raised at once, and the tidying goes on. So
    does the end of the program cancel it, for a thread that is not waited for: there it is a `ToolkitError`.
    """
    tasks: list[asyncio.Task[T]] = []

    async def begun() -> T:
        tasks.append(asyncio.create_task(work()))
        await asyncio.wait(tasks)
        return tasks[0].result()

    async def ended() -> None:
        for task in tasks:
            if not task.cancelling():  # else it is tidying up already
                task.cancel()
            await asyncio.wait({task})

    lease = Lease(ended)
    try:
        return lease.call(begun)
    except CancelledError:
        raise ToolkitError("The program has ended before this was done.", hint="Wait for the thread's end.") from None
    finally:
        try:
            lease.close()
        finally:
            lease.drop()


class Lease:
    """The event loop, for as long as something in it is open that `aclose` closes."""

    def __init__(self, aclose: Callable[[], Awaitable[None]]) -> None:
        self._aclose = aclose
        self._closing = threading.Lock()
        self._open = self._elsewhere = False
        try:
            with _whole():
                self._portal = _portals.__enter__()
                self._open = True
                self._loop: asyncio.AbstractEventLoop = self._portal.call(asyncio.get_running_loop)
                _leases.add(self)
        except BaseException as error:
            if self._open:
                self._leave_loop()
            if isinstance(error, RuntimeError):  # this is the loop's own thread
                raise UsageError("A provider cannot wait like this.", hint="Use `toolkit.Client` there.") from None
            raise

    @property
    def closed(self) -> bool:
        """Whether it has been closed, by this process."""
        return not (self._open or self._elsewhere)

    def call(self, work: Callable[[], Awaitable[T]]) -> T:
        """What `work` gives, run in the loop. Ctrl-C interrupts the wait for it, not the work."""
        if self._elsewhere:
            raise UsageError("Another process is reading this.", hint="Make a call of its own after a fork.")
        return self._done(work).result()

    def leave(self) -> None:
        """Leave it to the process that this one was forked from: the loop's thread is there, and not here."""
        self._closing, self._open, self._elsewhere = threading.Lock(), False, True

    def close(self) -> None:
        """Close, and wait until it is done. The last lease ends the loop and its thread."""
        with self._closing:
            if self._open:
                closed = self._done(self._aclose)
                self._leave_loop()
                closed.result()

    def _done(self, work: Callable[[], Awaitable[T]]) -> Future[T]:
        done = threading.Lock()  # unlike a future's own wait, that for a lock can be interrupted at any point
        done.acquire()
        with _whole():
            result = self._portal.start_task_soon(work)
            result.add_done_callback(lambda _: done.release())
        while not done.acquire(timeout=_WAIT):
            pass
        return result

    def _leave_loop(self) -> None:
        with _whole():
            self._open = False
            _leases.discard(self)
            _portals.__exit__(None, None, None)

    def drop(self) -> None:
        """Close soon. Waits for nothing and takes no lock: a collector may call this at any place of any thread."""
        if self._open:
            with suppress(RuntimeError):  # the loop has ended just now
                self._loop.call_soon_threadsafe(self._close_elsewhere)

    def _close_elsewhere(self) -> None:
        threading.Thread(target=self.close, name="toolkit-close").start()


@contextmanager
def _whole() -> Iterator[None]:
    """Have Ctrl-C wait for the end of a short block: a loop that is half started or half ended would be waited for in
    vain. A second Ctrl-C does not wait."""
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(handler):
        yield
        return
    came: list[FrameType | None] = []

    def note(number: int, frame: FrameType | None) -> None:
        came.append(frame)
        if len(came) > 1:
            handler(number, frame)

    signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        if len(came) == 1:
            handler(signal.SIGINT, came[0])


_lost: list[BlockingPortalProvider] = []  # whose threads are in another process; one that is dropped waits for its own


def _forked() -> None:
    global _portals
    _lost.append(_portals)
    _portals = BlockingPortalProvider()
    while _leases:
        _leases.pop().leave()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


def _close_all() -> None:
    for lease in list(_leases):
        lease.close()


# As the interpreter ends, what is still open is tidied up. By then `atexit` is too late: the executors are shut that
# resolve names. They are so by the same hook, which is called in the reverse order (hence the import above).
threading._register_atexit(_close_all)  # type: ignore[attr-defined]
