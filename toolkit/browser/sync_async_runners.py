"""Runs code that is written once for both of Playwright's APIs, the async and the sync one.

Such code is a generator (`Steps`) that yields what a Playwright call returned and is sent the call's result back, as in
`page = yield context.new_page()`. `run` awaits what was yielded; `run_sync` sends it straight back, because a call of
the sync API has returned its result already. An error of a call is raised at the `yield`, or with the sync API at the
call itself, so one `try` around the whole expression serves both.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine, Generator
from typing import Any, TypeVar

import msgspec
from playwright.async_api import TimeoutError as PlaywrightTimeout

from toolkit.browser.cancellation_shield import wait_until_done

T = TypeVar("T")
Steps = Generator[Any, Any, T]

SHIELDED_STEP_SECONDS = 30.0


class ShieldedStep(msgspec.Struct, frozen=True):
    """A step that is carried to its end even when the caller is cancelled: one that opens something, which nobody would
    close if its result were not waited for, or one that closes something. `call` is what the Playwright call returned.
    """

    call: Any


async def run(steps: Steps[T]) -> T:
    """Run `steps` over Playwright's async API, and return their result.

    A cancellation is raised at the step that is being waited for; at a `ShieldedStep`, only once that is done.
    """
    cancelled: asyncio.CancelledError | None = None
    try:
        step = steps.send(None)
        while True:
            try:
                if isinstance(step, ShieldedStep):
                    task = asyncio.ensure_future(step.call)
                    cancelled = await wait_until_done(task, SHIELDED_STEP_SECONDS) or cancelled
                    if task.cancelled():  # by our time limit: Playwright has none for these calls
                        raise PlaywrightTimeout("The browser gave no answer.")
                    value = task.result()
                elif cancelled is not None:
                    if isinstance(step, Coroutine):
                        step.close()  # it was never started
                    raise cancelled
                else:
                    value = await step if isinstance(step, Awaitable) else step
            except BaseException as error:  # noqa: BLE001 - every error goes to the steps, which close what is open
                step = steps.throw(error)
            else:
                step = steps.send(value)
    except StopIteration as end:
        result: T = end.value
    except BaseException:  # a cancellation that waited for the steps comes before whatever they raised
        if cancelled is not None:
            raise cancelled from None
        raise
    if cancelled is not None:
        raise cancelled
    return result


def run_sync(steps: Steps[T]) -> T:
    """Run `steps` over Playwright's sync API, and return their result."""
    try:
        step = steps.send(None)
        while True:
            step = steps.send(step.call if isinstance(step, ShieldedStep) else step)
    except StopIteration as end:
        result: T = end.value
        return result
