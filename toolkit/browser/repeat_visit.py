"""Notices that the connection to a running browser is lost, and makes a visit once more over a new one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from playwright.async_api import Browser
from playwright.async_api import Error as PlaywrightError

from toolkit.browser.cancellation_shield import shielded
from toolkit.browser.closing import close_browser
from toolkit.errors import BrowserError, BrowserLost, NetworkError

log = logging.getLogger("toolkit")

T = TypeVar("T")

ANSWER_SECONDS = 10.0  # the longest that a browser may take to show that it is still there


async def with_reconnect(
    visit: Callable[[Browser], Awaitable[T]], get_browser: Callable[[Browser | None], Awaitable[Browser]]
) -> T:
    """Run `visit` in the browser that `get_browser` returns, and once more in another one if its connection is lost.

    `get_browser` is given None the first time, and the lost browser the second time. Raises what `visit` raises, and
    `BrowserLost` where there is no second connection, or that is lost as well.
    """
    browser = await get_browser(None)
    try:
        return await visit(browser)
    except (BrowserError, NetworkError):
        if not await is_lost(browser):
            raise
    log.debug("the connection to the browser was lost; connecting once more")
    try:
        browser = await get_browser(browser)
    except BrowserError as error:
        raise BrowserLost(
            f"The connection to the browser was lost, and cannot be made anew: {error.what}",
            url=error.url,
            hint=error.hint,
        ) from None
    try:
        return await visit(browser)
    except (BrowserError, NetworkError):
        if not await is_lost(browser):
            raise
    raise BrowserLost("The connection to the browser was lost twice during the visit.") from None


async def is_lost(browser: Browser) -> bool:
    """Whether `browser` cannot be reached any more. Disconnects from one that does not answer."""
    # When a connection is lost, Playwright first ends the pages and then marks the browser as disconnected, so the mark
    # alone may come too late.
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await shielded(_open_and_close_context(browser))
    except PlaywrightError:
        return True
    except TimeoutError:
        with suppress(PlaywrightError):
            await close_browser(browser)
        return True
    return not browser.is_connected()


async def _open_and_close_context(browser: Browser) -> None:
    await (await browser.new_context()).close()
