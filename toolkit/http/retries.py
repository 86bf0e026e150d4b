"""Making a request again that came to nothing: whether that is safe, how often, and after how long.

Only a request that had no effect at the site is made again: one that found no connection, one that the site refused for
now (429, 503) and said for how long, and a GET that did not get through (502, 504, a connection lost before an answer).
What has begun to answer is never asked for twice, so no text comes twice either. A request under replay that no
recorded one matches stays what it is.
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

RETRIES = 2
PATIENCE = 20.0  # seconds: who is told to wait for longer is better told so than kept
BACKOFF, LONGEST_BACKOFF = 0.25, 4.0  # seconds


def may_repeat(error: BaseException, method: str, *, patience: float = PATIENCE) -> bool:
    """Whether a request with `method` that failed with `error` may be made again. `patience` is the longest wait that
    a site may ask for, in seconds."""
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
    """What `call` gives, which makes a request with `method`; it is called again up to `retries` times where that is
    safe. A wait that the site asks for is kept to. Raises what the last call raised."""
    try:
        return await call()
    except ToolkitError as error:
        if not retries or not may_repeat(error, method, patience=patience):
            raise
        first: list[ToolkitError] = [error]
    from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt  # not before: most calls succeed

    async def again() -> T:
        if first:  # the try that has been made
            raise first.pop()
        return await call()

    tries = AsyncRetrying(
        stop=stop_after_attempt(retries + 1),
        wait=_pause,
        retry=retry_if_exception(lambda error: may_repeat(error, method, patience=patience)),
        before_sleep=_say,
        sleep=asyncio.sleep,
        reraise=True,
    )
    return await tries(again)


def _error(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome is not None else None


def _pause(state: RetryCallState) -> float:
    """How many seconds to wait: what the site asks for, and a random while more, of "full jitter", so that many
    who were refused at once do not come back at once."""
    from tenacity import wait_random_exponential

    backoff = wait_random_exponential(multiplier=BACKOFF, max=LONGEST_BACKOFF)
    return float(getattr(_error(state), "retry_after", None) or 0.0) + backoff(state)


def _say(state: RetryCallState) -> None:
    log.info("trying again in %.1f s: %s", state.upcoming_sleep, _error(state))
