"""A stand-in for CodeLinkAva's kind of site whose answers hold all that a stream of that kind can."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

from aiohttp import web

from tests.sites.base import Site
from tests.sites.codelinkava import data

PICTURE = b"\x89PNG\r\n\x1a\n picture"


class ScriptedSite(Site):
    """`frames`: the documents of the stream, in their order; `[DONE]` follows. The picture at `/picture.png` is sent to
    who asks with the session's user agent."""

    def __init__(self) -> None:
        super().__init__()
        self.frames: list[dict[str, Any]] = []

    def app(self) -> web.Application:
        routes = [web.post("/api/chat", self._chat), web.get("/picture.png", self._picture)]
        return self.application(routes)

    def says(self, *pieces: str, reasoning: str = "", reason: str = "stop", **more: Any) -> None:
        """Answers with `pieces`, after `reasoning`; `more` are further fields of a frame of their own."""
        first = [delta(reasoning_content=reasoning)] if reasoning else []
        last = {"choices": [{"delta": {}, "finish_reason": reason}]}
        self.frames = [*first, *([more] if more else []), *(delta(content=piece) for piece in pieces), last]

    @property
    def asked(self) -> list[list[Any]]:
        """The contents of the messages of each call."""
        return [[message["content"] for message in call.body["messages"]] for call in self.calls("/api/chat")]

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        return await self.send(request, response, self._stream())

    async def _stream(self) -> AsyncGenerator[bytes, None]:
        for document in self.frames:
            yield data(document)
        if self.ending == "eof":
            yield b"data: [DONE]\n\n"

    async def _picture(self, request: web.Request) -> web.Response:
        known = request.headers["User-Agent"] == "Kept/1"
        return web.Response(body=PICTURE, content_type="image/png", status=200 if known else 403)


def delta(**fields: Any) -> dict[str, Any]:
    """A frame with a piece of the answer."""
    return {"choices": [{"delta": fields}]}
