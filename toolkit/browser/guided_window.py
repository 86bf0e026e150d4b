"""A window at a site that no recipe describes yet: a person uses its page, and the caller decides when that is enough.

What the pages exchange is the matter of the recorder of the `SessionManager` that opened the context.
"""

from __future__ import annotations

from contextlib import suppress

from playwright.async_api import BrowserContext
from playwright.async_api import Error as PlaywrightError

TEXT_MS = 2_000  # how long a page may take to give its text


class GuidedWindow:
    """The pages of `context`, which a person uses."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context

    async def open_page(self) -> None:
        """Opens an empty page."""
        await self.context.new_page()

    async def go_to(self, url: str, *, timeout_ms: float) -> None:
        """Goes to `url` in the page that was opened last, within `timeout_ms` (0: no limit). Raises Playwright's error
        of the navigation."""
        await self.context.pages[-1].goto(url, wait_until="commit", timeout=timeout_ms)

    @property
    def is_open(self) -> bool:
        """Whether the person has left a page open."""
        return bool(self.context.pages)

    async def text(self) -> str:
        """Returns the text that the pages show, as far as they give it; empty where none is open."""
        texts = []
        for page in list(self.context.pages):
            with suppress(PlaywrightError):  # it was closed, goes elsewhere, or a script of it does not end
                texts.append(await page.locator("body").inner_text(timeout=TEXT_MS))
        return "\n".join(texts)
