"""A stand-in for Open WebUI (shapes measured on open-webui 0.12.4): login by JWT, the models, an OpenAI stream.

Ways to fail: `expire()` (no token is taken any more), `role = "pending"` (nobody has approved the account), `error`
(the upstream's, inside the stream), `done = False`, `ending`, `refusals`. A path that is not known is answered as the
real one does it: GET with the page, anything else with 405.
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

EMAIL = "ada@example.org"
PASSWORD = "correct horse"  # of an invented person, for this form alone
LIFE = 28 * 86400
MODELS = ("llama3.1:8b", "mistral-small")
NOT_APPROVED = "You do not have permission to access this resource. Please contact your administrator for assistance."


class OpenWebUISite(Site):
    """`models`: what there is, the first is the default. `role`: of everybody who is signed in. `sliding`: whether a
    new token is issued when the page asks who it is of, as older versions do; else the same one, with a new cookie.
    `sets_cookie`: whether the cookie gets anywhere (one that is `Secure` does not, over plain HTTP). `prefix`: the path
    that the deployment is under. `done`: whether `[DONE]` ends the stream."""

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
        self.tokens: set[str] = set()
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

    def expire(self) -> None:
        """Take none of the tokens that were given out."""
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
            if token not in self.tokens:
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
            self.check_fields(request, message, {"role": str, "content": str}, where="messages[].")
        if body.get("model") not in self.models:
            return refusal(400, "Model not found")
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        return await self.send(request, response, self._frames())

    async def _frames(self) -> AsyncGenerator[bytes, None]:
        """A role first, which has no content. After an upstream's failure the stream ends as if all were well."""
        yield frame({"role": "assistant", "content": ""})
        for piece in self.answer:
            yield frame({"content": piece})
        if self.error is not None:
            yield data({"error": self.error})
        elif self.ending == "eof":
            yield frame({}, finish="stop")
        if self.ending == "eof" and self.done:
            yield b"data: [DONE]\n\n"


def refusal(status: int, detail: str) -> web.Response:
    return web.json_response({"detail": detail}, status=status)
