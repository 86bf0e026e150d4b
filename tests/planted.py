"""Some forty invented secrets, and a site that repeats those which it is sent in all its failures."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import html
import json
from collections.abc import Callable
from urllib.parse import quote, unquote

from aiohttp import web

PLACES = (
    *("sid cookie", "signed cookie", "JSON cookie", "quoted cookie", "fresh cookie", "set cookie"),
    *("bearer", "storage item", "JSON storage", "own header", "proxy password", "session proxy", "redis password"),
    *("session storage", "IndexedDB"),
    *("store key", "wrong store key", "environment cookie", "environment storage", "environment text"),
    *("prompt", "system prompt", "file", "option", "tool", "query", "base URL", "argument cookie"),
    *("imported state", "imported list", "imported lines", "imported curl", "imported header", "imported JSON"),
    *("HAR header", "HAR body", "HAR query", "HAR cookie", "HAR storage", "HAR answer", "HAR prompt", "broken HAR"),
)


def secret(place: str) -> str:
    """The secret that is planted at `place`: letters of both cases and digits, as tokens have."""
    return "Zq" + hashlib.sha256(place.encode()).hexdigest()[:21] + "W"


SECRETS = {place: secret(place) for place in PLACES}

SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "percent": lambda text: quote(text, safe=""),
    "decoded": unquote,
    "JSON": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "HTML": html.escape,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "cut": lambda text: text[:60],
}


def site(end: asyncio.Event) -> web.Application:
    """Open WebUI as far as a chat needs it. The prompt says how the call fails, and how what was sent is repeated:
    `400 percent`. An answer that never goes on is held open until `end`."""

    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><title>page</title>", content_type="text/html")

    async def models(_: web.Request) -> web.Response:
        return web.json_response({"data": [{"id": "m1"}]})

    async def user(request: web.Request) -> web.Response:
        return web.json_response({"detail": f"no {_sent(request)}"}, status=401)

    async def chat(request: web.Request) -> web.StreamResponse:
        document = await request.json()
        words = document["messages"][-1]["content"]
        text = words if isinstance(words, str) else words[0]["text"]
        how, _, spelling = text.partition(" ")
        return await _answer(request, how, SPELLINGS.get(spelling, str)(_sent(request)), end)

    async def again(request: web.Request) -> web.StreamResponse:
        return web.json_response({"detail": f"bad {_sent(request)}"}, status=400)

    app = web.Application(client_max_size=1 << 26)
    app.router.add_get("/api/v1/auths/", user)
    app.router.add_get("/api/models", models)
    app.router.add_post("/api/chat/completions", chat)
    app.router.add_route("*", "/again", again)
    app.router.add_get("/{rest:.*}", page)
    return app


FAILURES = (
    *("400", "401", "403", "429", "500", "reason", "header", "reset", "again", "nowhere", "page", "nothing", "gzip"),
    *("stream-error", "stream-json", "stream-shape", "stream-cut", "stream-chunk", "stream-silent"),
)


def _sent(request: web.Request) -> str:
    return " ".join(request.headers.get(name, "") for name in ("Cookie", "Authorization", "X-Own"))


async def _answer(request: web.Request, how: str, echo: str, end: asyncio.Event) -> web.StreamResponse:
    if how.isdecimal():
        headers = {"Set-Cookie": f"set={SECRETS['set cookie']}; Path=/", "X-Echo": echo}
        return web.json_response({"detail": f"no: {echo} {SECRETS['set cookie']}"}, status=int(how), headers=headers)
    if how == "reason":
        return web.Response(status=400, reason=f"bad {echo}"[:4000])
    if how == "header":
        return web.Response(status=400, headers={"X-Echo": echo, "WWW-Authenticate": f'Bearer error="{echo[:99]}"'})
    if how in ("again", "nowhere"):
        where = "/again" if how == "again" else "http://127.0.0.1:9/x"
        answer = web.Response(status=307, headers={"Location": f"{where}?code={SECRETS['query']}"})
        answer.set_cookie("fresh", SECRETS["fresh cookie"])
        return answer
    if how == "page":
        return web.Response(text=f"<!doctype html>sign in {echo}", content_type="text/html")
    if how == "nothing":
        return web.Response(content_type="text/event-stream")
    if how == "gzip":
        body = gzip.compress(echo.encode())[:-9]
        return web.Response(body=body, headers={"Content-Encoding": "gzip", "Content-Type": "text/event-stream"})
    assert request.transport is not None
    if how == "reset":
        request.transport.abort()
        return web.Response()
    stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await stream.prepare(request)
    lines = {
        "stream-error": json.dumps({"error": {"message": f"fail {echo}"}}),
        "stream-json": f'{{"choices": {echo}}}',
        "stream-shape": json.dumps({"choices": [{"delta": {"content": {echo: echo}}}]}),
    }
    if how in lines:
        await stream.write(f"data: {lines[how]}\n\n".encode())
        return stream
    await stream.write(b'data: {"choices":[{"delta":{"content":"hello"}}]}\n\n')
    if how == "stream-cut":
        request.transport.abort()
    elif how == "stream-chunk":
        request.transport.write(b"ZZZ\r\n" + echo.encode("latin-1", "replace") + b"\r\n")
        request.transport.close()
    elif how == "stream-silent":
        await stream.write(f": {echo}\n\n".encode())
        await end.wait()
    return stream
