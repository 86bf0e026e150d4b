"""Runs code that is written once for both of Playwright's APIs, the async and the sync one.

Such code is a generator (`Steps`) that yields what a Playwright call returned and is sent the call's result back, as in
`page = yield context.new_page()`. `run` awaits what was yielded; `run_sync` sends it straight back, because a call of
the sync API has returned its result already. An error of a call is raised at the `yield`, or with the sync API at the
call itself, so one `try` around the whole expression serves both.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import msgspec
from playwright.async_api import Error as PlaywrightError

from toolkit.browser.cancellation_shield import grace_seconds, leave_alone, wait_until_done

T = TypeVar("T")
Steps = Generator[Any, Any, T]

# All in seconds.
STEP_SECONDS = 30.0  # for a step that names no limit of its own
GRACE_SECONDS = 5.0  # for Playwright to end a call by the limit that it was given, after that is up
SHIELDED_STEP_SECONDS = 15.0
BEAT_SECONDS = 3.0  # how long a step may take before the browser is asked whether it is still there
ANSWER_SECONDS = 10.0  # for the browser to answer that
UNRESPONSIVE_SECONDS = 1.0  # for each further step in a browser that has not answered


class BrowserUnresponsive(PlaywrightError):
    """The browser, or Playwright's driver, does not answer: it is stopped, or the machine has no time for it."""


class ShieldedStep(msgspec.Struct, frozen=True):
    """A step that is carried to its end even when the caller is cancelled. `call` is what the Playwright call returned.

    One that takes too long is cancelled, which takes nothing back of what the browser was told.
    """

    call: Any


class OpeningStep(ShieldedStep, frozen=True):
    """A step that opens a page or a context. Where it takes too long, that is closed as soon as it is open."""


class ClosingStep(ShieldedStep, frozen=True):
    """A step that closes a page or a context. Where it takes too long, it goes on by itself."""


class Limited(msgspec.Struct, frozen=True):
    """A step that ends by itself: `call` is what a Playwright call returned that was given the timeout `ms` (0: none).

    Playwright cannot keep its timeout where its driver is stopped, or where a page's script never ends while the call
    is given up, so it is enforced here as well, a little later.
    """

    call: Any
    ms: float


class Watch(msgspec.Struct, frozen=True):
    """From now on, a step that takes long has the browser asked whether it is still there. `is_there` returns what a
    Playwright call returned that every browser answers at once, whatever its pages do."""

    is_there: Callable[[], Any]


async def run(steps: Steps[T]) -> T:
    """Run `steps` over Playwright's async API, and return their result.

    Each step has a limit. One that does not end within it raises `BrowserUnresponsive` in the steps. A cancellation is
    raised at the step that is being waited for; at a `ShieldedStep`, only once that is done.
    """
    return await _Runner().run(steps)


class _Runner:
    """Runs one visit's steps, and remembers what has happened to it."""

    def __init__(self) -> None:
        self._cancelled: asyncio.CancelledError | None = None
        self._is_there: Callable[[], Any] | None = None
        self._unresponsive = False

    async def run(self, steps: Steps[T]) -> T:
        try:
            step = steps.send(None)
            while True:
                try:
                    value = await self._await(step)
                except BaseException as error:  # noqa: BLE001 - every error goes to the steps, which close what is open
                    if isinstance(error, asyncio.CancelledError):
                        self._cancelled = error  # from now on there is little time
                    step = steps.throw(error)
                else:
                    step = steps.send(value)
        except StopIteration as end:
            result: T = end.value
        except BaseException:  # a cancellation that waited for the steps comes before whatever they raised
            if self._cancelled is not None:
                raise self._cancelled from None
            raise
        if self._cancelled is not None:
            raise self._cancelled
        return result

    async def _await(self, step: Any) -> Any:
        """Do one step, and return its value."""
        if isinstance(step, ShieldedStep):
            return await self._await_shielded(step)
        if isinstance(step, Watch):
            self._is_there = step.is_there
            return None
        call, seconds = step, STEP_SECONDS
        if isinstance(step, Limited):
            call, seconds = step.call, step.ms / 1000 + GRACE_SECONDS if step.ms else float("inf")
        if self._cancelled is not None:
            if inspect.iscoroutine(call):
                call.close()  # it was never started
            raise self._cancelled
        if not isinstance(call, Awaitable):
            return call
        return await self._await_limited(call, min(seconds, UNRESPONSIVE_SECONDS) if self._unresponsive else seconds)

    async def _await_shielded(self, step: ShieldedStep) -> Any:
        task = asyncio.ensure_future(step.call)
        seconds = SHIELDED_STEP_SECONDS
        if self._unresponsive:
            seconds = UNRESPONSIVE_SECONDS
        elif self._cancelled is not None:
            seconds = min(seconds, grace_seconds())
        self._cancelled = await wait_until_done(task, seconds) or self._cancelled
        if not task.done():  # Playwright has no time limit for these calls
            self._unresponsive = True
            if isinstance(step, OpeningStep | ClosingStep):
                leave_alone(task, opens=isinstance(step, OpeningStep))
            else:
                task.cancel()
                await asyncio.wait({task})
            raise BrowserUnresponsive("The browser gave no answer.")
        return task.result()

    async def _await_limited(self, call: Awaitable[Any], seconds: float) -> Any:
        """Await `call` for at most `seconds`, and ask meanwhile whether the browser is there."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        task = asyncio.ensure_future(call)
        try:
            while not task.done() and (left := end - loop.time()) > 0:
                await asyncio.wait({task}, timeout=min(left, BEAT_SECONDS))
                if not task.done() and self._is_there is not None:
                    await self._ask(self._is_there)
            if not task.done():
                raise BrowserUnresponsive(f"The browser gave no answer within {seconds:g} s.")
            return task.result()
        finally:
            if not task.done():
                task.cancel()

    async def _ask(self, is_there: Callable[[], Any]) -> None:
        """Ask the browser whether it is there. Raises `BrowserUnresponsive` where no answer comes."""
        asking = asyncio.ensure_future(is_there())
        try:
            await asyncio.wait({asking}, timeout=ANSWER_SECONDS)
            if not asking.done():
                self._unresponsive = True
                raise BrowserUnresponsive(f"The browser has not answered for {ANSWER_SECONDS:g} s.")
            asking.exception()  # marks it as retrieved: the step itself ends by the same error
        finally:
            if not asking.done():
                asking.cancel()


def run_sync(steps: Steps[T], seconds: float) -> T:
    """Run `steps` over Playwright's sync API, and return their result.

    A call that takes longer than `seconds` ends the steps, and `BrowserUnresponsive` is raised. It has to be longer
    than every timeout that a step gives to Playwright, since a call of this API is made before its limit is known.
    """
    limit = _SyncLimit(seconds)
    try:
        with limit.call():
            step = steps.send(None)
        while True:
            with limit.call():
                step = steps.send(step.call if isinstance(step, ShieldedStep | Limited) else step)
    except StopIteration as end:
        result: T = end.value
        return result
    except asyncio.CancelledError:
        if not limit.is_over:
            raise
        raise BrowserUnresponsive(f"The browser gave no answer within {seconds:g} s.") from None


class _SyncLimit:
    """Limits each call of Playwright's sync API. While such a call waits, the event loop of that API runs, which is the
    running one of this thread: it can cancel what the call waits for."""

    def __init__(self, seconds: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._seconds = seconds
        self._alarm: asyncio.TimerHandle | None = None
        self.is_over = False

    @contextmanager
    def call(self) -> Iterator[None]:
        """Cancel what is called in the block when the time is over. That may be one call, or with it those that close
        the pages because it was cancelled."""
        self._set_alarm(asyncio.all_tasks(self._loop))
        try:
            yield
        finally:
            if self._alarm is not None:
                self._alarm.cancel()

    def _set_alarm(self, others: set[asyncio.Task[Any]]) -> None:
        if self._seconds != float("inf"):
            self._alarm = self._loop.call_later(self._seconds, self._cancel, others)

    def _cancel(self, others: set[asyncio.Task[Any]]) -> None:
        self.is_over = True
        self._seconds = UNRESPONSIVE_SECONDS
        for task in asyncio.all_tasks(self._loop) - others:
            task.cancel()
        self._set_alarm(others)
