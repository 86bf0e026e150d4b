"""A site that answers each request with what a test has prepared."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from toolkit.session.browser_session import BrowserSession

NOWHERE = "http://127.0.0.1:1/"


SESSION = BrowserSession(provider="p", origin=NOWHERE)


class Site:
    """Answers each request with the next of `answers` (arguments of a response), the last again and again; None waits
    for `let_go`, and for the next. `seen` are methods and paths, and `arrived` gets each."""

    def __init__(self, *answers: dict[str, Any] | None) -> None:
        self.answers = list(answers)
        self.seen: list[str] = []
        self.arrived: asyncio.Queue[str] = asyncio.Queue()
        self.let_go = asyncio.Event()

    def app(self) -> web.Application:
        async def handle(request: web.Request) -> web.Response:
            self.seen.append(f"{request.method} {request.path_qs}")
            given = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            self.arrived.put_nowait(self.seen[-1])
            if given is None:
                await self.let_go.wait()
                given = self.answers[0] or {}
            return web.Response(**given)

        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handle)
        return app
