"""A stand-in for the Aura site (openchat-ui): plain text, one HTTP chunk per token, no Content-Type, no cookies.

Ways to fail: `fail(reason)` (500, the reason phrase is all it tells), `ending = "hang"` after a partial `answer` (the
upstream dropped), a partial `answer` alone (a clean end without a sign), `answer = []` (an empty 200), `broken_models`.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from tests.sites.base import Refusal, Site, chunks_of, page, refuse, unframed

MODELS = {"openchat_3.6": "OpenChat 3.6 (latest)", "openchat_v3.2_mistral": "OpenChat 3.5 (latest)"}
TEXT = "text/plain;charset=UTF-8"
KEEP = {"Connection": "keep-alive", "Keep-Alive": "timeout=5"}
NUMBER = (int, float)


class AuraSite(Site):
    """`broken_models`: ids that are listed, yet answered with 500, as one build of the real site does."""

    public_hosts = ("openchat.team",)

    def __init__(self) -> None:
        super().__init__()
        self.broken_models: set[str] = set()

    def hosts(self) -> dict[str, web.Application]:
        return {host: self.app() for host in self.public_hosts}

    def app(self) -> web.Application:
        return self.application(
            [
                web.get("/", self._page),
                web.post("/api/models", self._models),
                web.route("*", "/api/chat", self._chat),
                web.route("*", "/api/chat/", self._slash),
            ]
        )

    def fail(self, reason: str = "Internal Server Error") -> None:
        """Answer every chat with status 500 and this reason phrase."""
        self.refusals["/api/chat"] = error(reason)

    async def _page(self, request: web.Request) -> web.Response:
        return page("aura.html")

    async def _slash(self, request: web.Request) -> web.StreamResponse:
        self.note(request, "a slash at the end")
        return await refuse(request, Refusal(308, "/api/chat", headers={"Location": "/api/chat", **KEEP}))

    async def _models(self, request: web.Request) -> web.StreamResponse:
        self._check(request)
        self.check_fields(request, await self.json_object(request), {"key": str})
        response = unframed(content_type=TEXT)
        response.headers.update(KEEP)
        items = ",".join(f'{{"id":"{key}","name":"{name}"}}' for key, name in MODELS.items())
        return await self._whole(request, response, f"[{items}]")

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        if request.method != "POST":
            self.note(request, "the method is not POST")
            return await refuse(request, error())
        self._check(request)
        body = await self.json_object(request)
        self._check_body(request, body)
        if not self._answerable(body):
            return await refuse(request, error())
        response = unframed()
        response.headers.update(KEEP)
        return await self.send(request, response, chunks_of(self.answer))

    def _check(self, request: web.Request) -> None:
        self.check_fetch(request)
        self.check_no_cookies(request)

    def _check_body(self, request: web.Request, body: dict[str, Any]) -> None:
        self.check_fields(
            request, body, {"model": dict, "messages": list}, {"key": str, "prompt": str, "temperature": NUMBER}
        )
        if isinstance(body.get("model"), dict):
            limits = {"name": str, "maxLength": int, "tokenLimit": int}
            self.check_fields(request, body["model"], {"id": str}, limits, where="model.")
        messages = body.get("messages")
        for message in messages if isinstance(messages, list) else ():
            if not isinstance(message, dict):
                self.note(request, "a message is not an object")
                continue
            self.check_fields(request, message, {"role": str, "content": str}, where="messages[].")
            if message.get("role") not in ("user", "assistant"):
                self.note(request, f"a message of role {message.get('role')!r}")

    def _answerable(self, body: dict[str, Any]) -> bool:
        """Whether the real server gets as far as asking its upstream."""
        model, messages = body.get("model"), body.get("messages")
        if not isinstance(model, dict) or not isinstance(messages, list):
            return False
        known = model.get("id") in MODELS and model.get("id") not in self.broken_models
        return known and all(isinstance(item, dict) and isinstance(item.get("content"), str) for item in messages)

    async def _whole(self, request: web.Request, response: web.StreamResponse, text: str) -> web.StreamResponse:
        await response.prepare(request)
        await response.write(text.encode())
        await response.write_eof()
        return response


def error(reason: str = "Internal Server Error") -> Refusal:
    """Every error of the site: status 500 and the body "Error"; only the reason phrase says more."""
    return Refusal(500, "Error", content_type=TEXT, reason=reason, headers=KEEP)
