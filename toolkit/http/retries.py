"""Repeats requests that failed: which may be repeated, how often, and after how long.

A request is repeated only where it had no effect at the site: it found no connection; the site refused it for now (429,
503) and said for how long; or it is a GET that did not get through (502, 504, a connection lost before the answer).
Once an answer has begun the request is not repeated, so no text is given twice. A request under replay that matches no
recorded one is not repeated either.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from toolkit.errors import ConnectFailed, StatusError, ToolkitError

if TYPE_CHECKING:
    from tenacity import RetryCallState

T = TypeVar("T")

log = logging.getLogger("toolkit")

RETRIES = 2  # repetitions of one request
PATIENCE = 20.0  # seconds: a site that asks for a longer wait gets none, and its refusal is raised
BACKOFF, LONGEST_BACKOFF = 0.25, 4.0  # seconds


def may_repeat(error: BaseException, method: str, *, patience: float = PATIENCE) -> bool:
    """Whether a request with `method` that failed with `error` may be repeated.

    `patience` is the longest wait that a site may ask for, in seconds.
    """
    if isinstance(error, ConnectFailed):
        return not error.sent or method == "GET"
    if not isinstance(error, StatusError):
        return False
    if error.status in (429, 503):
        return error.retry_after is not None and error.retry_after <= patience
    return method == "GET" and error.status in (502, 504)


async def call_with_retries(
    call: Callable[[], Awaitable[T]], method: str, *, retries: int = RETRIES, patience: float = PATIENCE
) -> T:
    """Await `call`, which makes a request with `method`, and return its result; up to `retries` times more where that
    is safe.

    A wait that the site asks for is respected up to `patience` seconds. Raises what the last call raised.
    """
    try:
        return await call()
    except ToolkitError as error:
        if not retries or not may_repeat(error, method, patience=patience):
            raise
        first: list[ToolkitError] = [error]
    from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt  # only here, since most calls succeed

    async def repeat() -> T:
        if first:  # tenacity's first attempt stands for the call above
            raise first.pop()
        return await call()

    attempts = AsyncRetrying(
        stop=stop_after_attempt(retries + 1),
        wait=_seconds_to_wait,
        retry=retry_if_exception(lambda error: may_repeat(error, method, patience=patience)),
        before_sleep=_log_retry,
        sleep=asyncio.sleep,
        reraise=True,
    )
    return await attempts(repeat)


def _error(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome is not None else None


def _seconds_to_wait(state: RetryCallState) -> float:
    """What the site asks for, and a random time more ("full jitter"), so that many clients that were refused at once do
    not come back at once."""
    from tenacity import wait_random_exponential

    backoff = wait_random_exponential(multiplier=BACKOFF, max=LONGEST_BACKOFF)
    return float(getattr(_error(state), "retry_after", None) or 0.0) + backoff(state)


def _log_retry(state: RetryCallState) -> None:
    log.info("trying again in %.1f s: %s", state.upcoming_sleep, _error(state))
