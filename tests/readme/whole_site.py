"""An Open WebUI whose answers hold more than text: a script of frames for each call, in turn. And an image for it."""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator, Iterable
from typing import Any

from aiohttp import web

from tests.sites.codelinkava import data, frame
from tests.sites.openwebui import OpenWebUISite

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
USAGE = {"prompt_tokens": 12, "completion_tokens": 34}


class WholeSite(OpenWebUISite):
    """`script`: the frames of each answer, one call after the other."""

    def __init__(self, *script: Iterable[bytes]) -> None:
        super().__init__()
        self.script = iter(script)

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        return await self.send(request, response, self._scripted())

    async def _scripted(self) -> AsyncGenerator[bytes, None]:
        for one in next(self.script):
            yield one
        yield b"data: [DONE]\n\n"

    @property
    def bodies(self) -> list[Any]:
        """What each call has asked."""
        return [seen.body for seen in self.calls("/api/chat/completions")]


def answer(*deltas: dict[str, Any], finish: str = "stop") -> list[bytes]:
    """The frames of an answer of these deltas, with its sources first and what it cost at the end."""
    source = {"source": {"name": "Sky", "url": "https://sky.example.org"}, "document": ["Blue is scattered most."]}
    usage = data({"choices": [], "usage": USAGE})
    return [data({"sources": [source]}), *map(frame, deltas), frame({}, finish=finish), usage]
