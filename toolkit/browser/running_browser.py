"""Connects to a browser that runs already, here or on another machine.

What closing it does depends on the protocol. A Playwright server gives each connection a browser, or a share of one,
and takes it back when the connection ends. Over CDP only the contexts that were opened here are closed, then the
connection; the other tabs and the process stay.
"""

from __future__ import annotations

import logging
import re
from typing import Any

from playwright.async_api import Browser, BrowserContext, BrowserType, Playwright
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout

from toolkit.browser.cancellation_shield import close_if_cancelled
from toolkit.browser.connect_errors import START_CHROME, connect_error
from toolkit.browser.profiles import Connect, Profile, find_conflict
from toolkit.browser.sync_async_runners import GRACE_SECONDS
from toolkit.errors import BrowserError, ConfigError, UsageError

log = logging.getLogger("toolkit")


async def connect(playwright: Playwright, profile: Profile) -> Browser:
    """Connect to the running browser that `profile.connect` names. The caller closes it; with CDP that disconnects.

    Raises `ConfigError` for a profile that contradicts itself, `BrowserMissing` where no browser answers, and
    `BrowserError` for every other failure. No error text has more of the URL than its scheme, host and port.
    """
    to = profile.connect
    if to is None:
        raise ConfigError("The profile has no `connect`.")
    if conflict := find_conflict(profile):
        raise ConfigError(f"{conflict[0]}: {conflict[1]}.")
    browser_type: BrowserType = getattr(playwright, profile.browser)
    options: dict[str, Any] = {"timeout": profile.launch_timeout_ms, "headers": dict(to.headers)}
    if profile.slow_mo_ms:
        options["slow_mo"] = profile.slow_mo_ms
    seconds = profile.launch_timeout_ms / 1000 + GRACE_SECONDS if profile.launch_timeout_ms else None
    log.debug("connecting to the browser at %s over %s", to.redacted_url, to.over)
    try:
        if to.over == "cdp":  # `no_defaults`: its default context is a person's own, and keeps its settings
            call = browser_type.connect_over_cdp(to.url, no_defaults=True, **options)
            return await close_if_cancelled(call, seconds)
        return await close_if_cancelled(browser_type.connect(to.url, **options), seconds)
    except TimeoutError:  # the driver did not keep the limit
        raise connect_error(PlaywrightTimeout("late"), to, profile.launch_timeout_ms) from None
    except PlaywrightError as error:
        raise connect_error(error, to, profile.launch_timeout_ms) from None


def cdp_profile(address: str, profile: Profile) -> Profile:
    """A profile for the Chrome that a person has open, with the time limits of `profile`.

    `address` is its CDP endpoint, such as `http://127.0.0.1:9222`. Raises `UsageError` for anything else.
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


def default_context(browser: Browser) -> BrowserContext:
    """The person's own context in the browser that they have open. Raises `BrowserError` where there is none."""
    if not browser.contexts:
        raise BrowserError("That browser has no context of a person's own.", hint=START_CHROME.format(9222))
    return browser.contexts[0]
