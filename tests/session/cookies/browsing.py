"""What the comparisons with Chromium have in common: its jar as our values, and its `fetch` as one call."""

from __future__ import annotations

from playwright.async_api import BrowserContext, Frame, Page

from toolkit.session.browser_session import Cookie

FETCH_ALL = """urls => Promise.all(urls.map(([url, mode]) =>
    fetch(url, {credentials: "include", mode}).then(() => null, error => `${url}: ${error}`)))"""


async def jar_of(context: BrowserContext) -> list[Cookie]:
    """The browser's cookies: the longer paths first, then in order of creation."""
    return [Cookie.from_playwright(dict(raw)) for raw in await context.cookies()]


async def fetch(page: Page | Frame, *urls: str) -> None:
    """Have the page, or a frame of one, fetch `urls` with credentials, every other one by the CORS protocol."""
    failed = await page.evaluate(FETCH_ALL, [[url, ("no-cors", "cors")[n % 2]] for n, url in enumerate(urls)])
    assert not any(failed), failed
