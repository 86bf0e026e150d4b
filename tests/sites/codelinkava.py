"""A stand-in for CodeLinkAva: a page at one site, and at another the chat API, an OpenAI chat-completions stream.

Ways to fail: `done = False` (a stream without [DONE]), `finish` (the reason that is told), `error` (an error object in
the stream), `ending`, `refusals`. `app()` has the page and the API at one origin, the API also under the path that
OpenAI's own has.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from typing import Any

from aiohttp import web

from tests.sites.base import Site, page

PAGE_HOST = "ava-ai-ef611.web.app"
API_HOST = "ava-alpha-api.codelink.io"
CHAT_PATHS = ("/api/chat", "/chat/completions", "/v1/chat/completions")
COOKIES = (
    "ava_visit=first; Path=/; SameSite=Lax",
    "__Host-ava_seen=1; Path=/; Secure; HttpOnly; SameSite=None",
    "__Secure-ava_top=kept; Path=/; Secure; SameSite=None; Partitioned",
)
"""What the page sets for itself; none of it belongs to the API's host."""


class CodeLinkAvaSite(Site):
    """`done`: whether `[DONE]` ends the stream; `finish`: the reason for the end that is told before it, None for none.
    `error`: sent as an object after the pieces, instead of an end. `api_origin`: where the page finds the API; by
    default the real host, or its own origin on any other host."""

    public_hosts = (PAGE_HOST, API_HOST)

    def __init__(self) -> None:
        super().__init__()
        self.done = True
        self.finish: str | None = "stop"
        self.error: dict[str, Any] | None = None
        self.api_origin: str | None = None

    def hosts(self) -> dict[str, web.Application]:
        return {PAGE_HOST: self.page_app(), API_HOST: self.api_app()}

    def page_app(self) -> web.Application:
        return self.application(self._page_routes())

    def api_app(self) -> web.Application:
        return self.application([web.post(path, self._foreign_chat) for path in CHAT_PATHS], cors=True)

    def app(self) -> web.Application:
        return self.application([*self._page_routes(), *(web.post(path, self._chat) for path in CHAT_PATHS)], cors=True)

    def _page_routes(self) -> list[web.RouteDef]:
        return [web.get("/", self._page), web.get("/__/firebase/init.json", self._settings)]

    async def _page(self, request: web.Request) -> web.Response:
        real = request.host == PAGE_HOST
        api = self.api_origin or (f"https://{API_HOST}" if real else self.origin(request))
        response = page("codelinkava.html", API=api)
        for cookie in COOKIES:
            response.headers.add("Set-Cookie", cookie)
        if real:  # a domain cookie, which subdomains of the page's own host would get as well
            response.headers.add("Set-Cookie", f"ava_domain=wide; Domain={PAGE_HOST}; Path=/; SameSite=Lax")
        return response

    async def _settings(self, request: web.Request) -> web.Response:
        self.check_fetch(request)
        return web.json_response({"projectId": "ava-ai-ef611"})

    async def _foreign_chat(self, request: web.Request) -> web.StreamResponse:
        self.check_no_cookies(request)
        if "model" in await self.json_object(request):
            self.note(request, "model is not a field of the public host's body")
        return await self._chat(request)

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        self.check_fetch(request)
        for name in ("Accept", "Sec-Fetch-Mode", "Sec-Fetch-Site", "Sec-Fetch-Dest"):
            if name not in request.headers:
                self.note(request, f"no {name}")
        body = await self.json_object(request)
        # Extra arguments of a call go into the body, so unknown fields are not a fault here.
        known: dict[str, Any] = {key: body[key] for key in ("messages", "temperature", "stream") if key in body}
        self.check_fields(request, known, {"messages": list, "temperature": (int, float), "stream": bool})
        if body.get("stream") is not True:
            self.note(request, "stream is not true")
        messages = body.get("messages")
        for message in messages if isinstance(messages, list) else ():
            if isinstance(message, dict):
                self.check_fields(request, message, {"role": str, "content": str}, where="messages[].")
            else:
                self.note(request, "a message is not an object")
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
        return await self.send(request, response, self._frames())

    async def _frames(self) -> AsyncGenerator[bytes, None]:
        """A role first, which has no content; a null content halfway; a last chunk with only a finish reason."""
        yield frame({"role": "assistant"})
        half = len(self.answer) // 2
        for number, piece in enumerate(self.answer):
            if number == half:
                yield frame({"content": None})
            yield frame({"content": piece})
        if self.error is not None:
            yield data({"error": self.error})
        elif self.ending == "eof":
            if self.finish is not None:
                yield frame({}, finish=self.finish)
            if self.done:
                yield b"data: [DONE]\n\n"


def data(document: Any) -> bytes:
    return f"data: {json.dumps(document, ensure_ascii=False, separators=(',', ':'))}\n\n".encode()


def frame(delta: dict[str, Any], finish: str | None = None) -> bytes:
    """One event of the stream, in the shape of a chat-completions chunk."""
    return data(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion.chunk",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        }
    )
