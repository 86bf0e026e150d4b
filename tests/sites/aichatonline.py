"""A stand-in for AiChatOnline: a page at one site, an API at another that gives out ids and answers in JSON lines.

Ways to fail: `bad_line` (a line that is not JSON), `unique_id` (an answer without an id), `ending`, `refusals`.
The Content-Type of the stream is a guess: nobody recorded it.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator
from typing import Any

from aiohttp import web

from tests.sites.base import Site, page

PAGE_HOST = "aichatonline.org"
API_HOST = "aichatonlineorg.erweima.ai"
ID_PATH = "/api/v1/user/getUniqueId"
CHAT_PATH = "/aichatonline/api/chat/gpt"
COOKIES = (
    "visitor=first; Path=/; HttpOnly; SameSite=Lax",
    "theme=dark; Path=/; Max-Age=31536000; Secure; SameSite=None",
)
"""What the page's host sets for itself; none of it belongs to the API's host."""
RANDOM = r"[a-z0-9]{10}"
OTHER_SHAPES: tuple[Any, ...] = ({"code": 200, "data": None}, [], {"data": {"conversationId": "x"}}, 7, None)
"""Valid JSON that is no piece of the answer; such lines are sent between the pieces."""


class AiChatOnlineSite(Site):
    """`other_lines`: documents sent one after each of the first pieces. `bad_line`: sent after the pieces, as it is.
    `last_newline`: whether the last line has one. `unique_id`: what getUniqueId answers instead of a new id."""

    public_hosts = (PAGE_HOST, API_HOST)

    def __init__(self) -> None:
        super().__init__()
        self.other_lines: tuple[Any, ...] = OTHER_SHAPES
        self.bad_line: str | None = None
        self.last_newline = True
        self.unique_id: Any = ...
        self.api_origin: str | None = None
        self.issued: list[str] = []

    def hosts(self) -> dict[str, web.Application]:
        return {PAGE_HOST: self.page_app(), API_HOST: self.api_app()}

    def page_app(self) -> web.Application:
        return self.application(self._page_routes())

    def api_app(self) -> web.Application:
        return self.application([*self._page_routes(), *self._api_routes()], cors=True)

    def app(self) -> web.Application:
        return self.api_app()

    def _page_routes(self) -> list[web.RouteDef]:
        folders = ("/", "/chatgpt/chat/")
        pages = [web.get(folder, self._page) for folder in folders]
        return [*pages, *(web.get(f"{folder}settings.json", self._settings) for folder in folders)]

    def _api_routes(self) -> list[web.RouteDef]:
        return [web.get(ID_PATH, self._unique), web.post(CHAT_PATH, self._chat)]

    async def _page(self, request: web.Request) -> web.Response:
        api = self.api_origin or (f"https://{API_HOST}" if request.host == PAGE_HOST else self.origin(request))
        response = page("aichatonline.html", API=api)
        if request.host != API_HOST:
            for cookie in COOKIES:
                response.headers.add("Set-Cookie", cookie)
        return response

    async def _settings(self, request: web.Request) -> web.Response:
        self.check_fetch(request)
        return web.json_response({"model": "gpt-4o-mini"})

    def _check_cookies(self, request: web.Request) -> None:
        if request.host == API_HOST:  # elsewhere the page may be at the same origin, and its cookies go along
            self.check_no_cookies(request)

    async def _unique(self, request: web.Request) -> web.StreamResponse:
        self._check_cookies(request)
        canvas = request.query.get("canvas", "")
        if set(request.query) != {"canvas"} or not re.fullmatch(f"-{RANDOM}", canvas):
            self.note(request, "canvas is not a hyphen and ten lower-case letters and digits")
        if self.unique_id is not ...:
            return web.json_response(self.unique_id)
        self.issued.append(f"{len(self.issued) + 1:032x}")
        return web.json_response({"code": 200, "msg": "success", "data": self.issued[-1]})

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        self.check_fetch(request)
        self._check_cookies(request)
        token = request.headers.get("UniqueId")
        if token is None:
            self.note(request, "no UniqueId")
        elif token not in self.issued:
            self.note(request, "UniqueId is none that was given out")
        body = await self.json_object(request)
        self.check_fields(request, body, {"conversationId": str, "prompt": str})
        if not re.fullmatch(RANDOM, str(body.get("conversationId", ""))):
            self.note(request, "conversationId is not ten lower-case letters and digits")
        if not body.get("prompt"):
            self.note(request, "prompt is empty")
        if token not in self.issued:
            return web.json_response({"code": 401, "msg": "UniqueId required", "data": None}, status=401)
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson;charset=UTF-8"})
        return await self.send(request, response, self._lines())

    async def _lines(self) -> AsyncGenerator[bytes, None]:
        lines: list[str] = []
        for number, piece in enumerate(self.answer):
            lines.append(document({"code": 200, "data": {"message": piece}}))
            if number < len(self.other_lines):
                lines.append(document(self.other_lines[number]))
        if self.bad_line is not None:
            lines.append(self.bad_line)
        for number, line in enumerate(lines, start=1):
            newline = "\n" if self.last_newline or number < len(lines) else ""
            yield f"{line}{newline}".encode()


def document(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
