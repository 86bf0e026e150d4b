"""Calls that are carried to their end even when their caller is cancelled.

Whatever opens or closes something in a browser has to finish: a browser whose start nobody waits for would be left
running.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any, TypeVar

from playwright.async_api import Browser
from playwright.async_api import Error as PlaywrightError

T = TypeVar("T")

CANCEL_GRACE_SECONDS = 3.0


def grace_seconds() -> float:
    """How long a call may go on after its caller was cancelled."""
    return CANCEL_GRACE_SECONDS


async def shielded(call: Awaitable[T]) -> T:
    """Await `call` to its end and return its result. A cancellation that arrives meanwhile is raised afterwards."""
    task = asyncio.ensure_future(call)
    if (cancelled := await wait_until_done(task)) is not None:
        if not task.cancelled():
            task.exception()  # marks it as retrieved; the caller gets the cancellation instead
        raise cancelled
    return task.result()


async def wait_until_done(task: asyncio.Future[Any], seconds: float | None = None) -> asyncio.CancelledError | None:
    """Wait until `task` is done, and cancel it after `seconds`. Returns a cancellation that arrived meanwhile.

    A cancellation of the caller leaves `task` `CANCEL_GRACE_SECONDS` to finish: a browser that hangs must not keep a
    program from ending.
    """
    cancelled: asyncio.CancelledError | None = None
    loop = asyncio.get_running_loop()
    alarm = loop.call_later(seconds, task.cancel) if seconds is not None else None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            if cancelled is None:
                if alarm is not None:
                    alarm.cancel()
                alarm = loop.call_later(CANCEL_GRACE_SECONDS, task.cancel)
            cancelled = error
    if alarm is not None:
        alarm.cancel()
    return cancelled


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
