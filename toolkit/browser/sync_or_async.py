"""Playwright calls written once for both of its APIs: as generators that yield what a call returned.

`page = yield context.new_page()` gets its page from either runner: `run` awaits what was yielded, `run_sync` sends it
straight back, for the sync API's calls have returned by then. What such a call raises is raised at the `yield`, or
with the sync API at the call itself, so one `try` around both serves both.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine, Generator
from typing import Any, TypeVar

import msgspec
from playwright.async_api import TimeoutError as PlaywrightTimeout

T = TypeVar("T")
Steps = Generator[Any, Any, T]

CANCEL_GRACE_SECONDS = 10.0
SHIELDED_STEP_SECONDS = 30.0


class ShieldedStep(msgspec.Struct, frozen=True):
    """A step that is carried to its end even when the caller is cancelled: one that opens something, which would
    belong to nobody if its answer were not waited for, or one that closes something."""

    call: Any


async def run(steps: Steps[T]) -> T:
    """Drive `steps` over Playwright's async API, and give what they return.

    A cancellation is raised at the step that is waited for, once that is through where it is a firm one.
    """
    cancelled: asyncio.CancelledError | None = None
    try:
        step = steps.send(None)
        while True:
            try:
                if isinstance(step, ShieldedStep):
                    task = asyncio.ensure_future(step.call)
                    cancelled = await _through(task, SHIELDED_STEP_SECONDS) or cancelled
                    if task.cancelled():  # by its limit: Playwright has none for these
                        raise PlaywrightTimeout("The browser gave no answer.")
                    value = task.result()
                elif cancelled is not None:
                    if isinstance(step, Coroutine):
                        step.close()  # it was never started
                    raise cancelled
                else:
                    value = await step if isinstance(step, Awaitable) else step
            except BaseException as error:  # noqa: BLE001 - whatever it is, the steps are told and close what is open
                step = steps.throw(error)
            else:
                step = steps.send(value)
    except StopIteration as end:
        result: T = end.value
    except BaseException:  # whatever the steps ended with, a cancellation that waited for them comes first
        if cancelled is not None:
            raise cancelled from None
        raise
    if cancelled is not None:
        raise cancelled
    return result


def run_sync(steps: Steps[T]) -> T:
    """Drive `steps` over Playwright's sync API, and give what they return."""
    try:
        step = steps.send(None)
        while True:
            step = steps.send(step.call if isinstance(step, ShieldedStep) else step)
    except StopIteration as end:
        result: T = end.value
        return result


async def shielded(call: Awaitable[T]) -> T:
    """`await call`, carried to its end: a cancellation of the caller is raised afterwards."""
    task = asyncio.ensure_future(call)
    if (cancelled := await _through(task)) is not None:
        if not task.cancelled():
            task.exception()  # it has been looked at; the cancellation is what the caller hears of
        raise cancelled
    return task.result()


async def _through(task: asyncio.Future[Any], seconds: float | None = None) -> asyncio.CancelledError | None:
    """Wait until `task` is done, for `seconds` at most; returns the cancellation that came meanwhile.

    After one, it has `CANCEL_GRACE_SECONDS` left: a browser that is stuck must not hold up a program that wants to end.
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
