"""A window at a site that no recipe describes yet: a person uses its page, and the caller decides when that is enough.

What the pages exchange is the matter of the recorder of the `SessionManager` that opened the context.
"""

from __future__ import annotations

from contextlib import suppress

from multidict import CIMultiDict
from playwright.async_api import BrowserContext, Response
from playwright.async_api import Error as PlaywrightError

from toolkit.browser.page_errors import is_error_page
from toolkit.http.gate import NO_GATE
from toolkit.http.gate_answers import gate_refusal

TEXT_MS = 2_000  # how long a page may take to give its text


class GuidedWindow:
    """The pages of `context`, which a person uses."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context

    async def open_page(self) -> None:
        """Opens an empty page."""
        await self.context.new_page()

    async def go_to(self, url: str, *, timeout_ms: float) -> None:
        """Goes to `url` in the page that was opened last, within `timeout_ms` (0: no limit). Raises `GateRefused` where
        a gate asks for HTTP authentication, and Playwright's error of the navigation."""
        page, answers = self.context.pages[-1], list[Response]()

        def see(response: Response) -> None:
            answers.append(response)

        page.on("response", see)
        try:
            await page.goto(url, wait_until="commit", timeout=timeout_ms)
        except PlaywrightError as error:
            documents = [one for one in answers if one.request.is_navigation_request()]
            if is_error_page(error) and documents:
                headers = CIMultiDict(await documents[-1].all_headers())
                if refusal := gate_refusal(documents[-1].status, headers, documents[-1].url, NO_GATE):
                    raise refusal from None
            raise
        finally:
            page.remove_listener("response", see)

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
