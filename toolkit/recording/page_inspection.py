"""Listens to the pages of a browser context by the Chrome DevTools Protocol, for what Playwright's own events do not
tell: the handshakes and frames of WebSockets, what is typed into password fields, and answers chunk by chunk.

Playwright is not imported here; the context is duck-typed. Only Chromium speaks the protocol: of another browser's
pages nothing of this is recorded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any

from toolkit.har.model import Entry
from toolkit.recording.page_sockets import PageSockets
from toolkit.recording.stream_capture import StreamCapture
from toolkit.recording.typed_passwords import BINDING, SCRIPT, WORLD

READY_SECONDS = 10.0  # that attaching to a page may take


class PageInspection:
    """Inspects the pages of `context`, a Playwright `BrowserContext` of the async API, from now on.

    `left_out` and `on_activity` are those of `PageSockets`. `typed` is what was typed into password fields,
    and `streams` has the chunks of answers.
    """

    def __init__(self, context: Any, left_out: Collection[str], on_activity: Callable[[], None]) -> None:
        self._context = context
        self._left_out = left_out
        self._on_activity = on_activity
        self._sockets: list[PageSockets] = []
        self._attaching: set[asyncio.Task[None]] = set()
        self.typed: set[str] = set()
        self.streams = StreamCapture()
        context.on("page", self._on_page)
        for page in context.pages:
            self._on_page(page)

    @property
    def entries(self) -> list[Entry]:
        """The sockets of the pages so far."""
        return [entry for sockets in self._sockets for entry in sockets.entries]

    async def ready(self) -> None:
        """Waits until the pages that are open are being inspected."""
        if self._attaching:
            await asyncio.wait(self._attaching, timeout=READY_SECONDS)

    async def aclose(self) -> None:
        """Stops listening to new pages; those that are open are left to the end of the context."""
        self._context.remove_listener("page", self._on_page)
        for task in (attaching := list(self._attaching)):
            task.cancel()
        await asyncio.gather(*attaching, return_exceptions=True)
        await self.streams.aclose()

    def _on_page(self, page: Any) -> None:
        task = asyncio.get_running_loop().create_task(self._attach(page))
        self._attaching.add(task)
        task.add_done_callback(self._attaching.discard)

    async def _attach(self, page: Any) -> None:
        sockets = PageSockets(self._left_out, self._on_activity)
        self._sockets.append(sockets)
        # Playwright's errors cannot be named here: the page has gone, or its browser is another one.
        with suppress(Exception):
            session = await self._context.new_cdp_session(page)
            for event, listener in sockets.listeners.items():
                session.on(event, listener)
            self.streams.listen(page, session)
            session.on("Runtime.bindingCalled", self._on_binding)
            for domain in ("Network", "Page", "Runtime"):
                await session.send(f"{domain}.enable")
            await session.send("Runtime.addBinding", {"name": BINDING, "executionContextName": WORLD})
            script = {"source": SCRIPT, "worldName": WORLD, "runImmediately": True}
            await session.send("Page.addScriptToEvaluateOnNewDocument", script)

    def _on_binding(self, event: dict[str, Any]) -> None:
        if event["name"] == BINDING:
            self.typed.add(event["payload"])
