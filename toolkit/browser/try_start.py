"""Starts the browser of a profile once, to see whether it works, and closes it again."""

from __future__ import annotations

import msgspec

from toolkit.browser.profiles import Profile
from toolkit.errors import BrowserMissing


class StartedBrowser(msgspec.Struct, frozen=True, kw_only=True):
    """A browser that was started and closed again. `window` says whether a browser that can have a window is there."""

    name: str
    path: str
    version: str
    window: bool = True


async def try_start(profile: Profile) -> StartedBrowser:
    """Start the browser of `profile` without a window, and close it again. Raises `BrowserError` and its like."""
    # Playwright is loaded here and not above, so that the command's help does not wait for it.
    from toolkit.browser.closing import close_browser
    from toolkit.browser.driver import driver
    from toolkit.browser.installed_browsers import find_browser, install_hint, missing_message
    from toolkit.browser.launch import launch

    headless = msgspec.structs.replace(profile, headless=True)  # a machine that installs may have no display
    async with driver() as playwright:
        own = getattr(playwright, profile.browser).executable_path
        found = find_browser(headless, own)
        if found is None:
            raise BrowserMissing(missing_message(profile), hint=install_hint(profile))
        browser = await launch(playwright, headless)
        version = browser.version
        await close_browser(browser)
    headed = find_browser(msgspec.structs.replace(profile, headless=False), own)
    window = headed is not None and not headed.shell
    return StartedBrowser(
        name=found.name, path=found.path or f"channel {found.channel}", version=version, window=window
    )
