"""`toolkit login --cdp`: a person logs in in a tab of the Chrome that they have open, and is told so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Page, Playwright

from tests.browser.servers import running
from tests.cli.conftest import Toolkit
from tests.sites.asking import SECONDS, until
from tests.sites.nextauth import PASSWORD, USER
from tests.sites.openassistant import OpenAssistantSite
from tests.sites.serving import serve


class Login:
    """`toolkit login --cdp` under way, and its tab."""

    def __init__(self, process: asyncio.subprocess.Process, tab: Page) -> None:
        self.process, self.tab = process, tab

    async def end(self) -> tuple[int | None, str, str]:
        async with asyncio.timeout(SECONDS):
            out, err = await self.process.communicate()
        assert "window" not in out.decode() + err.decode()
        return self.process.returncode, out.decode(), err.decode()


@asynccontextmanager
async def logging_in(toolkit: Toolkit, driver: Playwright, origin: str) -> AsyncIterator[Login]:
    """Start the command beside a Chrome that runs, and wait for the tab at the login."""
    async with running("cdp", driver) as chrome:
        theirs = await driver.chromium.connect_over_cdp(chrome.connect.url)
        context = theirs.contexts[0]
        options = ("--base-url", origin, "--cdp", chrome.connect.url)
        process = await toolkit.start("login", "openassistant", *options)

        def tabs() -> list[Page]:
            return [page for page in context.pages if "/auth/" in page.url]

        await until(lambda: bool(tabs()) or process.returncode is not None)
        assert tabs(), (await process.communicate())[1].decode()
        yield Login(process, tabs()[0])
        await theirs.close()


async def test_a_login_in_a_tab(toolkit: Toolkit, driver: Playwright) -> None:
    """No word of a window: none opens."""
    site = OpenAssistantSite()
    async with serve(site.app()) as origin, logging_in(toolkit, driver, origin) as login:
        await login.tab.fill("[name=username]", USER)
        await login.tab.fill("[name=password]", PASSWORD)
        await login.tab.press("[name=password]", "Enter")
        code, out, err = await login.end()
        assert (code, out.startswith(f"openassistant: logged in as {USER} at {origin}, ")) == (0, True), err
        assert f"Log in at {origin}/chat in the tab that has opened in your browser, within 300 s." in err
    assert not site.problems


async def test_a_tab_that_is_closed_early(toolkit: Toolkit, driver: Playwright) -> None:
    """Nothing waits on for a login that cannot come."""
    site = OpenAssistantSite()
    async with serve(site.app()) as origin, logging_in(toolkit, driver, origin) as login:
        await login.tab.close()
        code, out, err = await login.end()
        assert (code, out) == (1, "")
        assert "The tab was closed before the session was complete." in err
    assert await toolkit.store.sessions() == {}
