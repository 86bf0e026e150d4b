"""An event loop in a background thread, for callers that have none of their own.

All callers share one loop (anyio's `BlockingPortal`), which runs as long as a `Lease` on it is open. Nothing here knows
about chats: the work is passed in as functions.
"""

from __future__ import annotations

import asyncio
import concurrent.futures.thread  # noqa: F401 - registers its exit hook before ours, see the end of this file
import os
import signal
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
_open_leases: set[Lease] = set()
_program_end = threading.Event()

# How long one wait for a lock lasts, in seconds. An endless wait is made of short ones: on Windows Ctrl-C interrupts
# none, and elsewhere none that begins just after the signal.
_WAIT = 0.1


def run(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run `work` in the background loop to its end, and return its result. Raises what it raises.

    Ctrl-C cancels the work, and `KeyboardInterrupt` is raised once it has cleaned up; a second Ctrl-C is raised at
    once, while the clean-up goes on. The end of the program cancels the work too, if it runs in a thread that is not
    waited for: that thread gets a `ToolkitError`.
    """
    tasks: list[asyncio.Task[T]] = []

    async def start() -> T:
        tasks.append(asyncio.create_task(work()))
        await asyncio.wait(tasks)
        return tasks[0].result()

    async def cancel() -> None:
        for task in tasks:
            if not task.cancelling():  # a task that was cancelled before is cleaning up already
                task.cancel()
            await asyncio.wait({task})

    lease = Lease(cancel)
    try:
        return lease.call(start)
    except CancelledError:
        raise ToolkitError("The program has ended before this was done.", hint="Wait for the thread's end.") from None
    finally:
        try:
            lease.close()
        finally:
            lease.close_later()


def program_has_ended() -> bool:
    """Whether the main thread is over, so that leases are closed though other threads may use them still."""
    return _program_end.is_set()


class Lease:
    """Keeps the background loop running as long as something in it is open, which `aclose` closes.

    Raises `UsageError` if it is made in the loop's own thread, which cannot wait for itself.
    """

    def __init__(self, aclose: Callable[[], Awaitable[None]]) -> None:
        self._aclose = aclose
        self._closing = threading.Lock()
        self._open = False
        self._in_parent_process = False
        try:
            with _delay_interrupt():
                self._portal = _portals.__enter__()
                self._open = True
                self._loop: asyncio.AbstractEventLoop = self._portal.call(asyncio.get_running_loop)
                _open_leases.add(self)
        except BaseException as error:
            if self._open:
                self._leave_loop()
            if isinstance(error, RuntimeError):  # anyio's, for a call in the loop's own thread
                raise UsageError("A provider cannot wait like this.", hint="Use `toolkit.Client` there.") from None
            raise

    @property
    def closed(self) -> bool:
        """Whether this process has closed it."""
        return not (self._open or self._in_parent_process)

    def call(self, work: Callable[[], Awaitable[T]]) -> T:
        """Run `work` in the loop, and return its result. Ctrl-C interrupts the wait, and not the work."""
        if self._in_parent_process:
            raise UsageError("Another process is reading this.", hint="Make a call of its own after a fork.")
        return self._finished(work).result()

    def close(self) -> None:
        """Close what is open in the loop, and wait until that is done. The last lease ends the loop and its thread."""
        with self._closing:
            if self._open:
                closed = self._finished(self._aclose)
                self._leave_loop()
                closed.result()

    def close_later(self) -> None:
        """Close in a new thread, soon. This waits for nothing and takes no lock, because the garbage collector may call
        it at any point of any thread."""
        if self._open:
            with suppress(RuntimeError):  # the loop has ended just now
                self._loop.call_soon_threadsafe(self._close_in_thread)

    def leave_to_parent(self) -> None:
        """Give the lease up in a forked child: the loop's thread exists only in the parent process."""
        self._closing, self._open, self._in_parent_process = threading.Lock(), False, True

    def _finished(self, work: Callable[[], Awaitable[T]]) -> Future[T]:
        """Run `work` in the loop, and return its future once it is done."""
        done = threading.Lock()  # waiting for a lock can be interrupted at any point, unlike waiting for a future
        done.acquire()
        with _delay_interrupt():
            result = self._portal.start_task_soon(work)
            result.add_done_callback(lambda _: done.release())
        while not done.acquire(timeout=_WAIT):
            pass
        return result

    def _leave_loop(self) -> None:
        with _delay_interrupt():
            self._open = False
            _open_leases.discard(self)
            _portals.__exit__(None, None, None)

    def _close_in_thread(self) -> None:
        threading.Thread(target=self.close, name="toolkit-close").start()


@contextmanager
def _delay_interrupt() -> Iterator[None]:
    """Delay Ctrl-C until the end of a short block, because a loop that is half started or half ended would be waited
    for in vain. A second Ctrl-C is not delayed."""
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(handler):
        yield
        return
    interrupts: list[FrameType | None] = []

    def delay(number: int, frame: FrameType | None) -> None:
        interrupts.append(frame)
        if len(interrupts) > 1:
            handler(number, frame)

    signal.signal(signal.SIGINT, delay)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        if len(interrupts) == 1:
            handler(signal.SIGINT, interrupts[0])


# After a fork, the parent's portals. Their threads exist only in the parent, and a provider that is garbage-collected
# waits for its thread, so they are kept alive.
_parent_portals: list[BlockingPortalProvider] = []


def _start_anew_after_fork() -> None:
    global _portals
    _parent_portals.append(_portals)
    _portals = BlockingPortalProvider()
    while _open_leases:
        _open_leases.pop().leave_to_parent()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew_after_fork)


def _close_all() -> None:
    _program_end.set()
    for lease in list(_open_leases):
        lease.close()


# Closes what is still open when the interpreter ends. `atexit` would be too late: by then the thread pools that resolve
# host names are shut down. They use this same hook, whose functions are called in reverse order: hence the import
# above.
threading._register_atexit(_close_all)  # type: ignore[attr-defined]
