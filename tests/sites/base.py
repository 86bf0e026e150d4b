"""What every stand-in site has: a log of requests, a list of broken rules, a scripted answer, and an end.

A site knows nothing of certificates or proxies: it hands out plain `aiohttp.web` applications, by host name
(`hosts()`) or as one application that plays all of its hosts at one origin (`app()`).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Literal
from urllib.parse import urlsplit

from aiohttp import web
from multidict import CIMultiDictProxy

PIECES = ("Hello", ", ", "Привет", " мир ", "你好", "世界", " ", "😀", "👩‍👩‍👧", " é", "\n", "done.")
"""The default answer: letters of two, three and four bytes, and a character made of several code points."""

PAGES = Path(__file__).parent / "pages"
LOOPBACK = ("localhost", "127.0.0.1", "::1")
POLL_SECONDS = 0.005

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Seen:
    """One request as it came. `cookie` is the raw header; `body` is parsed JSON, else text, else None; `port` is the
    client's, by which connections are told apart."""

    method: str
    url: str
    path: str
    headers: CIMultiDictProxy[str]
    cookie: str | None
    body: Any
    port: int

    @property
    def cookie_names(self) -> list[str]:
        return [pair.split("=", 1)[0].strip() for pair in self.cookie.split(";")] if self.cookie else []


@dataclass(frozen=True)
class Refusal:
    """An HTTP answer to give instead of the site's own; `content_type` None sends none."""

    status: int
    body: str = ""
    content_type: str | None = None
    reason: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class ReaderGone(Exception):
    """The client has left, or the site is closing: there is nobody to write to."""


class Site:
    """A stand-in site. Set the attributes before (or during) a call; read `requests` and `problems` after it.

    `answer`: the pieces of the answer. `ending`: what follows them: a proper end ("eof"), silence for ever ("hang"),
    or a broken connection ("cut"). `gap`: seconds between pieces. `hold_after`: send that many pieces, then wait
    until it is raised, or None. `refusals`: path -> the answer to give there instead. `left`: how many readers went
    away before the end of their answer.
    """

    public_hosts: ClassVar[tuple[str, ...]] = ()

    def __init__(self) -> None:
        self.requests: list[Seen] = []
        self.problems: list[str] = []
        self.answer: list[str] = list(PIECES)
        self.ending: Literal["eof", "hang", "cut"] = "eof"
        self.gap = 0.0
        self.hold_after: int | None = None
        self.refusals: dict[str, Refusal] = {}
        self.left = 0
        self._closing = asyncio.Event()

    def hosts(self) -> dict[str, web.Application]:
        """A new application for each of the site's real host names."""
        raise NotImplementedError

    def app(self) -> web.Application:
        """One new application for a deployment that has everything at one origin."""
        raise NotImplementedError

    async def close(self) -> None:
        """Release every handler that still waits. The site's applications do it too when they shut down."""
        self._closing.set()

    # What came

    def calls(self, path: str) -> list[Seen]:
        """The requests to `path`, preflights left out."""
        return [seen for seen in self.requests if seen.path == path and seen.method != "OPTIONS"]

    def note(self, request: web.Request, problem: str) -> None:
        self.problems.append(f"{request.method} {request.path}: {problem}")

    def origin(self, request: web.Request) -> str:
        """The origin at which the client sees this application."""
        host = urlsplit(f"//{request.host}")
        secure = request.secure or host.hostname in self.public_hosts
        return f"{'https' if secure else 'http'}://{request.host}"

    def is_secure(self, request: web.Request) -> bool:
        return self.origin(request).startswith("https:")

    def own_origins(self, request: web.Request) -> set[str]:
        """Origins whose pages may call `request`'s host. On loopback, where hosts are ports, any loopback page may."""
        origins = {self.origin(request), *(f"https://{host}" for host in self.public_hosts)}
        caller = request.headers.get("Origin", "")
        if urlsplit(self.origin(request)).hostname in LOOPBACK and urlsplit(caller).hostname in LOOPBACK:
            origins.add(caller)
        return origins

    def check_fetch(self, request: web.Request, *, referer: str = "/") -> None:
        """The headers that a page's own fetch has; `referer` is how the referring path begins."""
        for name in ("Origin", "Referer", "Cookie", "Content-Type", "User-Agent", "Accept"):
            if len(request.headers.getall(name, [])) > 1:
                self.note(request, f"several {name} headers")
        origin = request.headers.get("Origin")
        if origin is None and request.method not in ("GET", "HEAD"):
            self.note(request, "no Origin")
        if origin is not None and origin not in self.own_origins(request):
            self.note(request, f"Origin {origin} is not the site's")
        came_from = request.headers.get("Referer")
        if came_from is None:
            self.note(request, "no Referer")
        elif not any(came_from.startswith(own + referer) for own in self.own_origins(request)):
            self.note(request, "Referer is not a page of the site")
        expected = {
            "Sec-Fetch-Mode": ("cors",),
            "Sec-Fetch-Dest": ("empty",),
            "Sec-Fetch-Site": ("same-origin", "same-site", "cross-site"),
        }
        for name, values in expected.items():
            if request.headers.get(name, values[0]) not in values:
                self.note(request, f"{name} is not that of a fetch")

    def check_no_cookies(self, request: web.Request) -> None:
        if "Cookie" in request.headers:
            names = [pair.split("=", 1)[0].strip() for pair in request.headers["Cookie"].split(";")]
            self.note(request, f"cookies that have no business here: {', '.join(names)}")

    async def json_object(self, request: web.Request) -> dict[str, Any]:
        """The body as a JSON object; what is wrong with it is noted, and {} returned."""
        if request.content_type != "application/json":
            self.note(request, "Content-Type is not application/json")
        try:
            body = json.loads(await request.read())
        except ValueError:
            self.note(request, "the body is not JSON")
            return {}
        if not isinstance(body, dict):
            self.note(request, "the body is not a JSON object")
            return {}
        return body

    def check_fields(
        self,
        request: web.Request,
        body: Mapping[str, Any],
        required: Mapping[str, type | tuple[type, ...]],
        optional: Mapping[str, type | tuple[type, ...]] | None = None,
        *,
        where: str = "",
    ) -> None:
        """That `body` has the `required` fields, and no others than those and the `optional` ones, of those types."""
        known = {**required, **(optional or {})}
        for name in required:
            if name not in body:
                self.note(request, f"{where}{name} is missing")
        for name, value in body.items():
            types = known.get(name)
            if types is None:
                self.note(request, f"{where}{name} is not a known field")
            elif not isinstance(value, types) or (isinstance(value, bool) and types is not bool):
                self.note(request, f"{where}{name} has the wrong type ({type(value).__name__})")

    # What goes

    def application(self, routes: Iterable[web.RouteDef], *, cors: bool = False) -> web.Application:
        """An application with `routes` that logs, refuses as told, and (with `cors`) lets the site's pages in."""
        middlewares = [self._log, self._preflight] if cors else [self._log]
        app = web.Application(middlewares=middlewares)
        app.add_routes(routes)
        app.router.add_get("/favicon.ico", _no_icon)
        app.on_response_prepare.append(_plain_headers)
        if cors:
            app.on_response_prepare.append(self._allow_origin)
        app.on_shutdown.append(self._shutdown)
        return app

    async def _shutdown(self, app: web.Application) -> None:
        await self.close()

    @web.middleware
    async def _log(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        raw = await request.read()
        body: Any = None
        if raw:
            body = raw.decode("utf-8", "replace")
            if request.content_type == "application/json":
                with suppress(ValueError):  # the handler notes it
                    body = json.loads(raw)
        url = self.origin(request) + request.path_qs
        cookie = "; ".join(request.headers.getall("Cookie", [])) or None
        port = request.transport.get_extra_info("peername")[1] if request.transport is not None else 0
        self.requests.append(Seen(request.method, url, request.path, request.headers, cookie, body, port))
        refusal = self.refusals.get(request.path)
        if refusal is not None and request.method != "OPTIONS":
            return await refuse(request, refusal)
        return await handler(request)

    @web.middleware
    async def _preflight(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.method != "OPTIONS" or "Access-Control-Request-Method" not in request.headers:
            return await handler(request)
        self.check_no_cookies(request)
        allowed = {
            "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
            "Access-Control-Allow-Headers": request.headers.get("Access-Control-Request-Headers", ""),
            "Access-Control-Max-Age": "600",
        }
        return web.Response(status=204, headers=allowed)

    async def _allow_origin(self, request: web.Request, response: web.StreamResponse) -> None:
        origin = request.headers.get("Origin")
        response.headers["Vary"] = "Origin"
        if origin in self.own_origins(request) and origin is not None:
            response.headers["Access-Control-Allow-Origin"] = origin

    async def send(
        self, request: web.Request, response: web.StreamResponse, chunks: AsyncGenerator[bytes, None]
    ) -> web.StreamResponse:
        """Answer with one HTTP chunk for each of `chunks`, then end as `ending` says. Headers go with the first one."""
        sent = 0
        try:
            async with aclosing(chunks):
                async for chunk in chunks:
                    await self.pause(request, self.gap if sent else 0.0)
                    await self.wait(request, partial(self._may_send, sent))
                    if not response.prepared:
                        await response.prepare(request)
                    await response.write(chunk)
                    sent += 1
            if not response.prepared:
                await response.prepare(request)
            if self.ending == "hang":
                await self.wait(request, lambda: False)
            if self.ending == "cut":
                _abort(request)
            else:
                await response.write_eof()
        except (ReaderGone, ConnectionError):
            self.left += not self._closing.is_set()
            _abort(request)
        except asyncio.CancelledError:  # a server with `handler_cancellation` says so in this way
            self.left += not self._closing.is_set()
            raise
        return response

    def _may_send(self, sent: int) -> bool:
        return self.hold_after is None or sent < self.hold_after

    async def wait(self, request: web.Request, until: Callable[[], bool]) -> None:
        """Return once `until()` holds. Raises `ReaderGone` if the client leaves or the site closes before that."""
        while not until():
            transport = request.transport
            if self._closing.is_set() or transport is None or transport.is_closing():
                raise ReaderGone
            await asyncio.sleep(POLL_SECONDS)

    async def pause(self, request: web.Request, seconds: float) -> None:
        """Let `seconds` pass, unless the client leaves or the site closes (`ReaderGone`)."""
        end = asyncio.get_running_loop().time() + seconds
        await self.wait(request, lambda: asyncio.get_running_loop().time() >= end)


async def chunks_of(pieces: Iterable[str]) -> AsyncGenerator[bytes, None]:
    for piece in pieces:
        yield piece.encode()


def page(name: str, **values: str) -> web.Response:
    """The page `pages/<name>`, with each `{{key}}` in it replaced."""
    text = (PAGES / name).read_text(encoding="utf-8")
    for key, value in values.items():
        text = text.replace("{{" + key + "}}", value)
    return web.Response(text=text, content_type="text/html")


def unframed(status: int = 200, *, reason: str | None = None, content_type: str | None = None) -> web.StreamResponse:
    """A chunked answer, without a Content-Type unless one is given."""
    response = web.StreamResponse(status=status, reason=reason)
    if content_type is not None:
        response.headers["Content-Type"] = content_type
    return response


async def refuse(request: web.Request, refusal: Refusal) -> web.StreamResponse:
    response = unframed(refusal.status, reason=refusal.reason, content_type=refusal.content_type)
    response.headers.update(refusal.headers)
    await response.prepare(request)
    if refusal.body and request.method != "HEAD":
        await response.write(refusal.body.encode())
    await response.write_eof()
    return response


async def _no_icon(request: web.Request) -> web.Response:
    return web.Response(status=204)


async def _plain_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Take out what aiohttp adds of its own accord and the real servers do not send."""
    response.headers.pop("Server", None)
    if response.headers.get("Content-Type") == "application/octet-stream":
        del response.headers["Content-Type"]


def _abort(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
