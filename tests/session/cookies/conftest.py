"""One real Chromium, and one local web that it takes for the whole internet, for all tests of this folder."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import BrowserContext, Playwright

from tests.conftest import absent
from tests.session.cookies.web import Web, open_web
from toolkit.browser.installed_browsers import find_browser
from toolkit.browser.profiles import Profile

# Chrome lets third-party cookies through unless told otherwise; some builds, such as Debian's, start the other way.
PREFERENCES = {"profile": {"cookie_controls_mode": 0, "block_third_party_cookies": False}}


@pytest.fixture(scope="session")
async def web() -> AsyncIterator[Web]:
    async with open_web() as web:
        yield web


@pytest.fixture(scope="session")
async def lenient(
    driver: Playwright, web: Web, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[BrowserContext]:
    """A Chromium of its own, which lets third-party cookies through."""
    profile = tmp_path_factory.mktemp("profile")
    (profile / "Default").mkdir()
    (profile / "Default" / "Preferences").write_text(json.dumps(PREFERENCES), encoding="utf-8")
    found = find_browser(Profile(), driver.chromium.executable_path)
    if found is None:
        absent("There is no Chromium to compare with.")
    context = await driver.chromium.launch_persistent_context(
        profile, executable_path=found.path, channel=found.channel, args=web.browser_args
    )
    yield context
    await context.close()


@pytest.fixture
async def visitor(web: Web, lenient: BrowserContext) -> BrowserContext:
    """The browser without a cookie, and a web that has forgotten what it was told and asked."""
    await lenient.clear_cookies()
    web.answers.clear()
    web.seen.clear()
    return lenient
