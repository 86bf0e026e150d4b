"""Closes a browser of ours within a time limit, and remembers which browsers were closed on purpose."""

from __future__ import annotations

import asyncio
import logging
from typing import Any
from weakref import WeakSet

from playwright.async_api import Browser

from toolkit.browser.cancellation_shield import wait_at_most

log = logging.getLogger("toolkit")

CLOSE_SECONDS = 3.0  # for a browser to close; the end of its driver ends one that does not


_closed_on_purpose: WeakSet[Browser] = WeakSet()


def remember_when_closed(browser: Browser) -> None:
    """Have `was_closed` tell whether `browser` was closed here. Playwright's errors do not tell that from a kill."""
    close = browser.close

    async def close_and_remember(**options: Any) -> None:
        _closed_on_purpose.add(browser)
        await close(**options)

    browser.close = close_and_remember  # type: ignore[method-assign]


def was_closed(browser: Browser) -> bool:
    """Whether `browser` has been closed in this process, as far as that was to be remembered."""
    return browser in _closed_on_purpose


async def close_browser(browser: Browser) -> None:
    """Close `browser`, or disconnect from it. One that does not answer is left to the end of its driver."""
    closing = asyncio.ensure_future(browser.close())
    cancelled = await wait_at_most(closing, CLOSE_SECONDS)
    if not closing.done():
        log.debug("the browser does not close")
        closing.cancel()
    if cancelled is not None:
        raise cancelled
    if closing.done():
        closing.result()
