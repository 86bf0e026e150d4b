"""Browsers that run already, here or on another machine: connecting, noticing that the connection is lost, once more.

What closing means depends on whose browser it is. A Playwright server gives each connection a browser, or a share of
one, and takes it back when the connection ends. Over CDP only the contexts that were opened here are closed, then the
connection; the other tabs and the process stay.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, BrowserType, Playwright
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout

from toolkit.browser.launch import MISSING, close_if_cancelled
from toolkit.browser.profiles import Connect, Profile, find_conflict
from toolkit.browser.sync_or_async import shielded
from toolkit.errors import BrowserError, BrowserLost, BrowserMissing, ConfigError, NetworkError, UsageError

T = TypeVar("T")

ANSWER_SECONDS = 10.0  # the most that a browser gets to answer whether it is still there

START_CHROME = "Start Chrome with `--remote-debugging-port={} --user-data-dir=FOLDER`; it ignores the port without."
START_SERVER = "Start one there with `playwright run-server --port PORT --host HOST`, and check `connect.url`."

# How Node tells that there is nobody (https://nodejs.org/api/errors.html#common-system-errors).
_NOBODY = re.compile(
    r"\b(ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|socket hang up)"
)
_VERSIONS = re.compile(r"server version: v([\d.]+).*client version: v([\d.]+)", re.DOTALL)
_STATUS = re.compile(r"(?:WebSocket error: \S+|Unexpected status) (\d{3})\b")
_STRANGER = ("is not valid JSON", "Protocol error (Browser.getVersion)", "Malformed endpoint", "Invalid URL", "JSON at")


async def connect(playwright: Playwright, profile: Profile) -> Browser:
    """The running browser that `profile.connect` names. The caller closes it, which over CDP only disconnects.

    Raises `ConfigError` for a profile that contradicts itself, `BrowserMissing` where nothing that can be driven
    answers, and `BrowserError` for every other failure; no text has more of the URL than its host and port.
    """
    to = profile.connect
    if to is None:
        raise ConfigError("The profile has no `connect`.")
    if fault := find_conflict(profile):
        raise ConfigError(f"{fault[0]}: {fault[1]}.")
    browser_type: BrowserType = getattr(playwright, profile.browser)
    options: dict[str, Any] = {"timeout": profile.launch_timeout_ms, "headers": dict(to.headers)}
    if profile.slow_mo_ms:
        options["slow_mo"] = profile.slow_mo_ms
    try:
        if to.over == "cdp":  # its default context is somebody's own, and keeps its settings
            return await close_if_cancelled(browser_type.connect_over_cdp(to.url, no_defaults=True, **options))
        return await close_if_cancelled(browser_type.connect(to.url, **options))
    except PlaywrightError as error:
        raise explained(error, to, profile.launch_timeout_ms) from None


def cdp_profile(address: str, profile: Profile) -> Profile:
    """The profile for the Chrome that a person has open, whose CDP endpoint is `address`, with the times of `profile`.

    Raises `UsageError` for what is no such address.
    """
    if not re.match(r"(wss?|https?)://[^/]", address):
        raise UsageError("That is no address of a browser.", hint="Write it as http://127.0.0.1:9222.")
    return Profile(
        connect=Connect(url=address, over="cdp"),
        headless=False,
        slow_mo_ms=profile.slow_mo_ms,
        launch_timeout_ms=profile.launch_timeout_ms,
        navigation_timeout_ms=profile.navigation_timeout_ms,
        ready_timeout_ms=profile.ready_timeout_ms,
        login_timeout_ms=profile.login_timeout_ms,
    )


def explained(error: PlaywrightError, to: Connect, limit_ms: float) -> BrowserError:
    """Our error for what Playwright's connecting raised. Its own text may hold the URL, so none of it is kept."""
    text, cdp = error.message, to.over == "cdp"
    start = START_CHROME.format(urlsplit(to.url).port or 9222) if cdp else START_SERVER
    if found := _VERSIONS.search(text):
        return BrowserError(
            f"The server's Playwright is {found[1]}, and this one is {found[2]}.",
            url=to.redacted_url,
            hint=f"Install the same here, `pip install playwright=={found[1]}.*`, or {found[2]} there.",
        )
    if isinstance(error, PlaywrightTimeout) or re.search(r"Timeout [\d.]+ms exceeded", text):
        return BrowserMissing(
            f"No browser was there within {limit_ms:g} ms.",
            url=to.redacted_url,
            hint="Raise `launch_timeout_ms` of the profile, or see what its server is waiting for.",
        )
    if found := _NOBODY.search(text):
        return BrowserMissing(f"No browser's server answers ({found[1]}).", url=to.redacted_url, hint=start)
    if found := _STATUS.search(text):
        return _refused(int(found[1]), to, start)
    if any(mark in text for mark in _STRANGER):
        speaks = "the DevTools protocol" if cdp else "Playwright's protocol"
        other = "playwright" if cdp else "cdp"
        return BrowserMissing(
            f"What answers there does not speak {speaks}.", url=to.redacted_url, hint=f"{start} Or is it for `{other}`?"
        )
    if any(mark in text for mark in MISSING):
        return BrowserMissing(
            "The server has no browser.", url=to.redacted_url, hint="Run `playwright install chromium` where it runs."
        )
    if "Target page, context or browser has been closed" in text:
        return BrowserError(
            "The browser ended as soon as the server started it.",
            url=to.redacted_url,
            hint="See what its program says there.",
        )
    return BrowserError("The connection to the browser failed.", url=to.redacted_url, hint=start)


def _refused(status: int, to: Connect, start: str) -> BrowserError:
    if status in (401, 403, 407):
        return BrowserError(
            f"The browser's server refuses us ({status}).",
            url=to.redacted_url,
            hint="Check the token in `connect.url` or `connect.headers`.",
        )
    if status in (429, 503):
        return BrowserError(
            f"The browser's server takes no more connections ({status}).", url=to.redacted_url, hint="Try again later."
        )
    return BrowserMissing(f"There is no browser at that path ({status}).", url=to.redacted_url, hint=start)


def default_context(browser: Browser) -> BrowserContext:
    """The context of the person whose browser that is. Raises `BrowserError` where it has none."""
    if not browser.contexts:
        raise BrowserError("That browser has no context of a person's own.", hint=START_CHROME.format(9222))
    return browser.contexts[0]


async def with_reconnect(
    visit: Callable[[Browser], Awaitable[T]], reach: Callable[[Browser | None], Awaitable[Browser]]
) -> T:
    """What `visit` makes of the browser that `reach` gives; where the connection is lost meanwhile, of a second one,
    for which `reach` is told the one that is gone.

    Raises what `visit` raises, and `BrowserLost` where there is no second connection, or it is lost as well.
    """
    browser = await reach(None)
    try:
        return await visit(browser)
    except (BrowserError, NetworkError):
        if not await lost(browser):
            raise
    try:
        browser = await reach(browser)
    except BrowserError as error:
        raise BrowserLost(
            f"The connection to the browser was lost, and cannot be made anew: {error.what}",
            url=error.url,
            hint=error.hint,
        ) from None
    try:
        return await visit(browser)
    except (BrowserError, NetworkError):
        if not await lost(browser):
            raise
    raise BrowserLost("The connection to the browser was lost twice during the visit.") from None


async def lost(browser: Browser) -> bool:
    """Whether `browser` cannot be reached any more. One that gives no answer is disconnected from."""
    # Playwright ends the pages first and marks the browser as gone after that, so the mark alone may come too late.
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await shielded(_answer(browser))
    except PlaywrightError:
        return True
    except TimeoutError:
        with suppress(PlaywrightError):
            await browser.close()
        return True
    return not browser.is_connected()


async def _answer(browser: Browser) -> None:
    await (await browser.new_context()).close()
