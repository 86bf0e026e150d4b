"""A stand-in for Open WebUI (shapes measured on open-webui 0.12.4): login by JWT, the models, an OpenAI stream; its
files and its history are in `tests.sites.openwebui_history`.

Ways to fail: `expire()` (no token is taken any more), `keys_enabled = False` (no API key is taken), `role = "pending"`
(nobody has approved the account), `error` (the upstream's, inside the stream), `done = False`, `ending`, `refusals`. A
path that is not known is answered as the real one does it: GET with the page, anything else with 405.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import AsyncGenerator
from email.utils import formatdate
from typing import Any

from aiohttp import web

from tests.sites.base import PAGES, Handler, Site, page
from tests.sites.codelinkava import data, frame
from tests.sites.nextauth import cookies
from tests.sites.openwebui_history import StoredFiles, StoredHistory

EMAIL = "ada@example.org"
PASSWORD = "correct horse"  # of an invented person, for this form alone
LIFE = 28 * 86400
MODELS = ("llama3.1:8b", "mistral-small")
NOT_APPROVED = "You do not have permission to access this resource. Please contact your administrator for assistance."


class OpenWebUISite(Site):
    """`models`: what there is, the first is the default. `role`: of everybody who is signed in. `sliding`: whether a
    new token is issued when the page asks who it is of, as older versions do; else the same one, with a new cookie.
    `sets_cookie`: whether the cookie gets anywhere (one that is `Secure` does not, over plain HTTP). `prefix`: the path
    that the deployment is under. `done`: whether `[DONE]` ends the stream.

    What the answer has: `reasoning` (pieces before it), `after` (deltas after its text: images, calls of tools),
    `usage` (told where the body asks for it), `sources` (told where the body has files), `selected_model` (an arena's),
    `finish` (the reason for its end).

    `takes_usage`: whether the server behind it lets itself be asked for usage. `pipe`: whether a pipe function answers,
    after whose end marker no newline comes. `filtered`: whether a filter function is in force, with which frames are a
    line further apart. `stream_response`: whether the model streams; else the answer is one JSON document.
    """

    public_hosts = ("chat.example.org",)

    def __init__(self) -> None:
        super().__init__()
        self.models: tuple[str, ...] = MODELS
        self.role = "user"
        self.sliding = False
        self.sets_cookie = True
        self.prefix = ""
        self.done = True
        self.error: Any = None
        self.reasoning: list[str] = []
        self.after: list[dict[str, Any]] = []
        self.usage: dict[str, Any] | None = None
        self.takes_usage = True
        self.sources: list[dict[str, Any]] = []
        self.selected_model: str | None = None
        self.finish: str | None = "stop"
        self.pipe = self.filtered = False
        self.stream_response = True
        self.files = StoredFiles(self)
        self.history = StoredHistory(self)
        self.tokens: set[str] = set()
        self.keys: set[str] = set()
        self.keys_enabled = True
        self._issued = 0

    def hosts(self) -> dict[str, web.Application]:
        return {host: self.app() for host in self.public_hosts}

    def app(self) -> web.Application:
        api = self.prefix + "/api"
        return self.application(
            [
                web.post(f"{api}/v1/auths/signin", self._sign_in),
                web.get(f"{api}/v1/auths/", self._signed_in(self._session, approved=False)),
                web.get(f"{api}/config", self._config),
                web.get(f"{api}/models", self._signed_in(self._models)),
                web.post(f"{api}/chat/completions", self._signed_in(self._chat)),
                *self.files.routes(api, self._signed_in),
                *self.history.routes(api, self._signed_in),
                web.get(f"{self.prefix}/app.js", self._script),
                web.get("/{path:.*}", self._page),
                web.route("*", "/{path:.*}", self._no_such_path),
            ]
        )

    # Login and pages

    def new_token(self, life: float = LIFE) -> str:
        """A token that the site takes, for `life` seconds by what it says itself."""
        self._issued += 1
        claims = {"id": "user-1", "exp": int(time.time() + life), "jti": f"{self._issued:032d}"}
        parts = ({"alg": "HS256", "typ": "JWT"}, claims, "signature" * 3)
        token = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
        self.tokens.add(token)
        return token

    def new_key(self) -> str:
        """An API key that the site takes, whatever becomes of the tokens."""
        self._issued += 1
        self.keys.add(key := f"sk-{self._issued:032x}")
        return key

    def expire(self) -> None:
        """Take none of the tokens that were given out, as after a change of the server's secret."""
        self.tokens.clear()

    def _token(self, request: web.Request) -> str | None:
        """The token that counts: a bearer's, also a bad one, else the cookie's."""
        given = request.headers.get("Authorization", "")
        return given.removeprefix("Bearer ") if given else cookies(request).get("token")

    def _signed_in(self, handler: Handler, *, approved: bool = True) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            self.check_fetch(request, referer=self.prefix + "/")
            if (token := self._token(request)) is None:
                return refusal(401, "Not authenticated")
            if token in self.keys:
                if not self.keys_enabled:
                    return refusal(403, "Use of API key is not enabled in the environment.")
                if handler == self._session:
                    return refusal(403, "A human session is required.")
            elif token not in self.tokens:
                return refusal(401, "401 Unauthorized")
            if approved and self.role == "pending":
                return refusal(401, NOT_APPROVED)
            return await handler(request)

        return guarded

    async def _sign_in(self, request: web.Request) -> web.StreamResponse:
        body = await self.json_object(request)
        self.check_fields(request, body, {"email": str, "password": str})
        if (body.get("email"), body.get("password")) != (EMAIL, PASSWORD):
            return refusal(400, "The email or password provided is incorrect.")
        return self._user(request, self.new_token())

    async def _session(self, request: web.Request) -> web.StreamResponse:
        return self._user(request, self.new_token() if self.sliding else self._token(request) or "")

    def _user(self, request: web.Request, token: str) -> web.Response:
        user = {"id": "user-1", "email": EMAIL, "name": "Ada", "role": self.role, "profile_image_url": "/user.png"}
        response = web.json_response({"token": token, "token_type": "Bearer", **user})
        if self.sets_cookie:
            ends = formatdate(time.time() + LIFE, usegmt=True)
            secure = "; Secure" if self.is_secure(request) else ""
            cookie = f"token={token}; expires={ends}; HttpOnly; Max-Age={LIFE}; Path=/; SameSite=lax{secure}"
            response.headers.add("Set-Cookie", cookie)
        return response

    async def _config(self, request: web.Request) -> web.Response:
        self.check_fetch(request, referer=self.prefix + "/")
        return web.json_response({"status": True, "name": "Open WebUI", "version": "0.12.4"})

    async def _page(self, request: web.Request) -> web.Response:
        return page("openwebui.html", BASE=self.prefix)

    async def _script(self, request: web.Request) -> web.Response:
        text = (PAGES / "openwebui.js").read_text(encoding="utf-8")
        return web.Response(text=text, content_type="text/javascript", charset="utf-8")

    async def _no_such_path(self, request: web.Request) -> web.Response:
        return refusal(405, "Method Not Allowed")

    # Models and chat

    async def _models(self, request: web.Request) -> web.Response:
        return web.json_response({"data": [{"id": name, "name": name, "object": "model"} for name in self.models]})

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body = await self.json_object(request)
        # Extra arguments of a call go into the body, so unknown fields are not a fault here.
        known: dict[str, Any] = {key: body[key] for key in ("model", "messages", "stream") if key in body}
        self.check_fields(request, known, {"model": str, "messages": list, "stream": bool})
        if body.get("stream") is not True:
            self.note(request, "stream is not true")
        for message in body.get("messages") or ():
            self._check_message(request, message)
        if body.get("model") not in self.models:
            return refusal(400, "Model not found")
        if "stream_options" in body and not self.takes_usage:
            error = {"message": "Unrecognized request argument supplied: stream_options", "code": None}
            return web.json_response({"error": error}, status=400)
        if not self.stream_response:
            return web.json_response(self._document())
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        return await self.send(request, response, self._frames(body))

    def _check_message(self, request: web.Request, message: dict[str, Any]) -> None:
        """Text, or parts of the two kinds that the server passes on."""
        calls: dict[str, Any] = (
            {"tool_calls": list} if message.get("role") == "assistant" and "tool_calls" in message else {}
        )
        calls |= {"tool_call_id": str} if message.get("role") == "tool" else {}
        content: Any = (str, list, type(None)) if "tool_calls" in calls else (str, list)
        self.check_fields(request, message, {"role": str, "content": content, **calls}, where="messages[].")
        parts = message.get("content")
        for part in parts if isinstance(parts, list) else ():
            if part.get("type") not in ("text", "image_url"):
                self.note(request, f"a part of a message is of the type {part.get('type')}")

    def _document(self) -> dict[str, Any]:
        """As `json-stream_response-off.http` among the captures."""
        message = {"role": "assistant", "content": "".join(self.answer)}
        choice = {"index": 0, "message": message, "finish_reason": self.finish}
        return {"id": "c", "object": "chat.completion", "choices": [choice], "usage": self.usage}

    async def _frames(self, body: dict[str, Any]) -> AsyncGenerator[bytes, None]:
        """The frames as the real server sends them: what it knows itself stands before the upstream's. A role comes
        first there, which has no content. After an upstream's failure the stream ends as if all were well."""
        apart = b"\n" if self.filtered else b""
        if self.sources and body.get("files"):
            yield data({"sources": self.sources})
        if self.selected_model is not None:
            yield data({"selected_model_id": self.selected_model})
        if not self.pipe:
            yield frame({"role": "assistant", "content": ""}) + apart
        for piece in self.reasoning:
            yield frame({"reasoning_content": piece}) + apart
        for piece in self.answer:
            yield frame({"content": piece}) + apart
        for delta in self.after:
            yield frame(delta) + apart
        if self.error is not None:
            yield data({"error": self.error}) + apart
        elif self.ending == "eof":
            yield frame({}, finish=self.finish) + apart
            if self.usage is not None and (body.get("stream_options") or {}).get("include_usage"):
                yield data({"choices": [], "usage": self.usage}) + apart
        if self.ending == "eof" and self.done:
            yield b"data: [DONE]" + (b"" if self.pipe else b"\n\n" + apart)


def refusal(status: int, detail: str) -> web.Response:
    return web.json_response({"detail": detail}, status=status)
