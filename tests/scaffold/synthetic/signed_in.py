"""Sites at which it is difficult what the session is."""

from __future__ import annotations

import secrets
from typing import ClassVar

from aiohttp import web

from tests.scaffold.synthetic.page import Page
from tests.scaffold.synthetic.sites import Site, need, token_events

USER, PASSWORD = "ann@example.com", "tr0ub4dor-and-3"


class StoredToken(Site):
    """A login whose token the page keeps in its localStorage, and sends as a header."""

    def routes(self) -> None:
        self.tokens: set[str] = set()
        self.route("POST", "/api/login", self.login)
        self.route("GET", "/api/me", self.me)
        self.route("POST", "/api/chat", self.chat)

    async def login(self, request: web.Request) -> web.StreamResponse:
        form = await request.json()
        need((form.get("email"), form.get("password")) == (USER, PASSWORD), "wrong password", 401)
        self.tokens.add(token := f"tok_{secrets.token_urlsafe(32)}")
        return web.json_response({"access_token": token, "token_type": "Bearer", "expires_in": 86400})

    def known(self, request: web.Request) -> None:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        need(kind == "Bearer" and token in self.tokens, "log in", 401)

    async def me(self, request: web.Request) -> web.StreamResponse:
        self.known(request)
        return web.json_response({"email": USER})

    async def chat(self, request: web.Request) -> web.StreamResponse:
        self.known(request)
        return await self.stream(request, token_events(self.answer((await request.json()).get("text", ""))))

    async def visit(self, page: Page) -> None:
        await page.open()
        got = (await page.post("/api/login", {"email": USER, "password": PASSWORD})).json()
        page.storage["access_token"] = got["access_token"]
        await page.get("/api/me", headers=self.authorization(page))

    def authorization(self, page: Page) -> dict[str, str]:
        return {"authorization": f"Bearer {page.storage['access_token']}"}

    async def ask(self, page: Page, question: str) -> None:
        await page.post("/api/chat", {"text": question}, headers=self.authorization(page))


class CookieLogin(Site):
    """A login by a form, whose cookie is all that counts; two more cookies count for nothing."""

    def routes(self) -> None:
        self.sessions: set[str] = set()
        self.route("POST", "/login", self.login)
        self.route("GET", "/api/me", self.me)
        self.route("POST", "/api/chat", self.chat)

    async def root(self, request: web.Request) -> web.StreamResponse:
        response = web.Response(text=self.html(), content_type="text/html")
        response.set_cookie("theme", "dark")
        response.set_cookie("_ga", "GA1.1.112233445.1700000000")
        return response

    async def login(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        need((form.get("email"), form.get("password")) == (USER, PASSWORD), "wrong password", 401)
        self.sessions.add(session := secrets.token_urlsafe(24))
        response = web.Response(status=303, headers={"location": "/"})
        response.set_cookie("sid", session, httponly=True)
        return response

    def known(self, request: web.Request) -> None:
        need(request.cookies.get("sid") in self.sessions, "log in", 401)

    async def me(self, request: web.Request) -> web.StreamResponse:
        self.known(request)
        return web.json_response({"user": {"email": USER}})

    async def chat(self, request: web.Request) -> web.StreamResponse:
        self.known(request)
        return await self.stream(request, token_events(self.answer((await request.json()).get("text", ""))))

    async def visit(self, page: Page) -> None:
        await page.open()
        await page.post_form("/login", {"email": USER, "password": PASSWORD})
        await page.get("/api/me")

    async def ask(self, page: Page, question: str) -> None:
        await page.post("/api/chat", {"text": question})


class SignedInToken(CookieLogin):
    """A token in the HTML of a page that wants a login; the site is behind a gate that the browser passes."""

    GATE_HEADERS: ClassVar = {"authorization": "Basic Z2F0ZTpwYXNzcGhyYXNl"}

    async def root(self, request: web.Request) -> web.StreamResponse:
        self.token = secrets.token_urlsafe(30)
        text = f'<!doctype html><head><meta name="csrf-token" content="{self.token}"></head><body></body>'
        return web.Response(text=text, content_type="text/html")

    async def chat(self, request: web.Request) -> web.StreamResponse:
        need(request.headers.get("x-csrf-token") == self.token, "token mismatch", 403)
        return await super().chat(request)

    async def visit(self, page: Page) -> None:
        await super().visit(page)
        page.storage["csrf"] = (await page.open(headers=self.GATE_HEADERS)).text.split('"')[3]

    async def ask(self, page: Page, question: str) -> None:
        headers = {"x-csrf-token": page.storage["csrf"], **self.GATE_HEADERS}
        await page.post("/api/chat", {"text": question}, headers=headers)


class DoubleSubmit(Site):
    """A cookie whose value has to be in a header as well, another one for each visit."""

    def routes(self) -> None:
        self.tokens: set[str] = set()
        self.route("POST", "/api/chat", self.chat)

    async def root(self, request: web.Request) -> web.StreamResponse:
        response = web.Response(text=self.html(), content_type="text/html")
        if request.cookies.get("XSRF-TOKEN") not in self.tokens:
            self.tokens.add(token := secrets.token_urlsafe(24))
            response.set_cookie("XSRF-TOKEN", token)
        return response

    async def chat(self, request: web.Request) -> web.StreamResponse:
        token = request.cookies.get("XSRF-TOKEN")
        need(token in self.tokens and request.headers.get("x-xsrf-token") == token, "forged", 403)
        return await self.stream(request, token_events(self.answer((await request.json()).get("text", ""))))

    async def ask(self, page: Page, question: str) -> None:
        await page.post("/api/chat", {"text": question}, headers={"x-xsrf-token": page.cookie("XSRF-TOKEN")})


SITES = (StoredToken, CookieLogin, SignedInToken, DoubleSubmit)
