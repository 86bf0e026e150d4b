"""Launches the browser of a profile, with Chromium's sandbox wherever the system has one."""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import Any

from playwright.async_api import Browser, BrowserType, Playwright
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout

from toolkit.browser.cancellation_shield import close_if_cancelled
from toolkit.browser.driver_environment import browser_environment
from toolkit.browser.installed_browsers import find_browser, install_hint, missing_message
from toolkit.browser.launch_errors import is_sandbox_failure, launch_error
from toolkit.browser.launch_options import launch_options
from toolkit.browser.profiles import Profile
from toolkit.browser.sandbox import remember_sandbox_failed, wants_sandbox
from toolkit.browser.sync_async_runners import GRACE_SECONDS
from toolkit.errors import BrowserMissing
from toolkit.http.route import Route
from toolkit.session.frame_locals import forgetting_locals

log = logging.getLogger("toolkit")


@forgetting_locals
async def launch(
    playwright: Playwright,
    profile: Profile | None = None,
    route: Route | None = None,
    *,
    whole: bool = False,
    pins: Collection[str] = (),
) -> Browser:
    """Launch the browser of `profile`, by default one without a window. The caller closes it.

    `route` is how its traffic leaves this machine, by default directly. `whole` prefers a whole browser to a headless
    shell, see `find_browser`; `pins` are as in `launch_options`. Chromium's sandbox is on wherever the system has one,
    see `Profile.sandbox`.

    Raises `BrowserMissing`, `ProfileLocked`, or `BrowserError` for every other failure. Neither a failure nor a
    cancellation leaves a process running: Playwright's driver ends a browser that did not answer after 30 s, or as soon
    as the driver itself ends.
    """
    profile, route = profile or Profile(), route or Route()
    browser_type: BrowserType = getattr(playwright, profile.browser)
    found = find_browser(profile, browser_type.executable_path, whole=whole)
    if found is None:
        raise BrowserMissing(missing_message(profile), hint=install_hint(profile))
    log.debug("launching %s", found.describe())
    sandbox, environ = wants_sandbox(profile, found), browser_environment(playwright)
    try:
        return await _launch(browser_type, launch_options(profile, found, route, sandbox, environ, pins=pins))
    except PlaywrightError as error:
        if not (sandbox and profile.sandbox is None and is_sandbox_failure(error)):
            raise launch_error(error, profile) from None
    remember_sandbox_failed(found)
    try:
        return await _launch(browser_type, launch_options(profile, found, route, False, environ, pins=pins))
    except PlaywrightError as error:
        raise launch_error(error, profile) from None


async def _launch(browser_type: BrowserType, options: dict[str, Any]) -> Browser:
    # Ctrl-C reaches the driver as well, which would end at once; with `handle_sigint=False` we close the browser.
    seconds = options["timeout"] / 1000 + GRACE_SECONDS if options["timeout"] else None
    try:
        return await close_if_cancelled(browser_type.launch(handle_sigint=False, **options), seconds)
    except TimeoutError:
        raise PlaywrightTimeout("The driver did not keep the limit for the start.") from None
