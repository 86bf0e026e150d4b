"""Calls that are carried to their end even when their caller is cancelled.

Whatever opens or closes something in a browser has to finish: a browser whose start nobody waits for would be left
running, and so would a page that is opened after its visit has ended.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any, TypeVar

from playwright.async_api import Browser
from playwright.async_api import Error as PlaywrightError

log = logging.getLogger("toolkit")

T = TypeVar("T")

CANCEL_GRACE_SECONDS = 3.0


def grace_seconds() -> float:
    """How long a call may go on after its caller was cancelled."""
    return CANCEL_GRACE_SECONDS


async def shielded(call: Awaitable[T]) -> T:
    """Await `call` to its end and return its result. A cancellation that arrives meanwhile is raised afterwards, and
    leaves `call` `CANCEL_GRACE_SECONDS`: a browser that hangs must not keep a program from ending."""
    task = asyncio.ensure_future(call)
    cancelled = await wait_until_done(task)
    if cancelled is None:
        return task.result()
    if not task.done():
        task.cancel()
        await wait_until_done(task)
    if task.done() and not task.cancelled():
        task.exception()  # marks it as retrieved; the caller gets the cancellation instead
    raise cancelled


async def wait_until_done(task: asyncio.Future[Any], seconds: float | None = None) -> asyncio.CancelledError | None:
    """Wait until `task` is done, for at most `seconds`, and for at most `CANCEL_GRACE_SECONDS` after a cancellation of
    the caller. Returns that cancellation, for the caller to raise. `task` goes on."""
    cancelled: asyncio.CancelledError | None = None
    loop = asyncio.get_running_loop()
    end = None if seconds is None else loop.time() + seconds
    while not task.done() and (end is None or end > loop.time()):
        try:
            await asyncio.wait({task}, timeout=None if end is None else end - loop.time())
        except asyncio.CancelledError as error:
            if cancelled is None:
                end = loop.time() + CANCEL_GRACE_SECONDS
            cancelled = error
    return cancelled


_left_alone: set[asyncio.Task[None]] = set()  # the loop itself keeps no task from being dropped


def leave_alone(task: asyncio.Future[Any], *, opens: bool) -> None:
    """Let `task`, a call of Playwright, go on without anybody who waits for it. What it `opens` is closed then.

    To cancel it would not take the order back, which the browser may have got already: a context would come of it that
    nobody closes, or one would stay whose closing has only begun.
    """
    log.debug("the browser has not answered in time: what was opened there is closed when it does")
    closing = asyncio.ensure_future(_close_in_the_end(task, opens))
    _left_alone.add(closing)
    closing.add_done_callback(_left_alone.discard)


async def _close_in_the_end(task: asyncio.Future[Any], opens: bool) -> None:
    with suppress(PlaywrightError):  # it failed, or the browser has ended
        opened = await task
        if opens:
            await opened.close()


async def wait_at_most(task: asyncio.Future[Any], seconds: float) -> asyncio.CancelledError | None:
    """Wait until `task` is done or `seconds` are over, whatever cancels the caller meanwhile. Returns that
    cancellation, for the caller to raise."""
    cancelled: asyncio.CancelledError | None = None
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while not task.done() and (left := end - loop.time()) > 0:
        try:
            await asyncio.wait({task}, timeout=left)
        except asyncio.CancelledError as error:
            cancelled = error
    return cancelled


async def close_if_cancelled(call: Awaitable[Browser], seconds: float | None = None) -> Browser:
    """Await `call` and return its browser. When cancelled, wait a moment until the browser has started, then close it.

    Raises the builtin `TimeoutError` after `seconds` (None: never): the driver does not keep a limit while it is
    stopped.
    """
    starting = asyncio.ensure_future(call)
    try:
        async with asyncio.timeout(seconds):
            return await asyncio.shield(starting)
    except (asyncio.CancelledError, TimeoutError):
        # Playwright's driver cannot stop a start half-way. A second cancellation leaves the closing to its own task.
        closing = asyncio.ensure_future(_close_when_started(starting))
        if (cancelled := await wait_at_most(closing, CANCEL_GRACE_SECONDS)) is not None:
            raise cancelled from None
        raise


async def _close_when_started(starting: asyncio.Future[Browser]) -> None:
    with suppress(PlaywrightError):  # it did not start, or is closed already
        await (await starting).close()
