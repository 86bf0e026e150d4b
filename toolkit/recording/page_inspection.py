"""Listens to the pages of a browser context by the Chrome DevTools Protocol, for what Playwright's own events do not
tell: the handshakes and frames of WebSockets, what is typed into password fields, and answers chunk by chunk.

Playwright is not imported here; the context is duck-typed. Only Chromium speaks the protocol: of another browser's
pages nothing of this is recorded.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any

from toolkit.errors import redact_url
from toolkit.har.model import Entry
from toolkit.recording.child_sessions import GO_ON, ChildSessions
from toolkit.recording.page_sockets import PageSockets
from toolkit.recording.stream_capture import StreamCapture
from toolkit.recording.typed_passwords import BINDING, SCRIPT, WORLD

log = logging.getLogger("toolkit")

PAGE, FRAME = "page", "iframe"  # targets of the protocol that have documents
URLS_OF = "function () { return this.map((socket) => socket.url); }"
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
        self._sessions: list[Any] = []
        self._children: list[ChildSessions] = []
        self._attaching: set[asyncio.Task[None]] = set()
        self.typed: set[str] = set()
        self.streams = StreamCapture()
        context.on("page", self._on_page)
        for page in context.pages:
            self._on_page(page)

    @property
    def entries(self) -> list[Entry]:
        """The sockets of the pages so far. One of a service worker is told by each page that the worker serves."""
        found: dict[str, Entry] = {}
        for id, entry in (pair for sockets in self._sockets for pair in sockets.entries.items()):
            if id not in found or len(found[id].messages or ()) < len(entry.messages or ()):
                found[id] = entry
        return list(found.values())

    async def ready(self) -> None:
        """Waits until the pages that are open are being inspected."""
        if self._attaching:
            await asyncio.wait(self._attaching, timeout=READY_SECONDS)

    async def aclose(self) -> None:
        """Stops listening."""
        self._context.remove_listener("page", self._on_page)
        for task in (attaching := list(self._attaching)):
            task.cancel()
        await asyncio.gather(*attaching, return_exceptions=True)
        for children in self._children:
            await children.aclose()
        for session in self._sessions:  # what begins later would wait for us
            with suppress(Exception):
                await session.detach()
        await self.streams.aclose()

    def _on_page(self, page: Any) -> None:
        task = asyncio.get_running_loop().create_task(self._attach(page))
        self._attaching.add(task)
        task.add_done_callback(self._attaching.discard)

    async def _attach(self, page: Any) -> None:
        # Playwright's errors cannot be named here: the page has gone, or its browser is another one.
        with suppress(Exception):
            session = await self._context.new_cdp_session(page)
            self._sessions.append(session)
            await self._inspect(page, session, PAGE)

    async def _inspect(self, page: Any, session: Any, kind: str) -> None:
        """Listens to what `session` tells of `page`, or of a target within it of that `kind`."""
        sockets = PageSockets(self._left_out, self._on_activity)
        self._sockets.append(sockets)
        for event, listener in sockets.listeners.items():
            session.on(event, listener)
        self.streams.listen(page, session)
        children = ChildSessions(session, lambda child: self._inspect(page, child, child.kind))
        self._children.append(children)
        await session.send("Network.enable")
        if kind in (PAGE, FRAME):
            session.on("Runtime.bindingCalled", self._on_binding)
            for domain in ("Page", "Runtime"):
                await session.send(f"{domain}.enable")
            await session.send("Runtime.addBinding", {"name": BINDING, "executionContextName": WORLD})
            script = {"source": SCRIPT, "worldName": WORLD, "runImmediately": True}
            await session.send("Page.addScriptToEvaluateOnNewDocument", script)
        await (children.start_with_shared() if kind == PAGE else children.start())
        if kind not in (PAGE, FRAME):
            await session.send(GO_ON)
            for url in sockets.unseen(await _socket_urls(session)):
                log.warning(
                    "a worker's WebSocket to %s is not recorded: it was open before it could be seen", redact_url(url)
                )

    def _on_binding(self, event: dict[str, Any]) -> None:
        if event["name"] == BINDING:
            self.typed.add(event["payload"])


async def _socket_urls(session: Any) -> list[str]:
    """Returns the URLs of all WebSockets that the worker of `session` has made."""
    found = await session.send("Runtime.evaluate", {"expression": "WebSocket.prototype"})
    prototype = {"prototypeObjectId": found["result"]["objectId"]}
    objects = (await session.send("Runtime.queryObjects", prototype))["objects"]["objectId"]
    call = {"objectId": objects, "functionDeclaration": URLS_OF, "returnByValue": True}
    urls: list[str] = (await session.send("Runtime.callFunctionOn", call))["result"]["value"]
    return urls
