"""Calls of a transport: what is refused before one, what a recorder gets of it, and how it changes the session."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web
from msgspec.structs import replace

from tests.http.answering_site import NOWHERE, SESSION, Site
from tests.sites.serving import serve
from toolkit.errors import (
    BadRequest,
    ConnectFailed,
    ProtocolError,
    ReplayMismatch,
    SessionExpired,
    TLSFailed,
    UsageError,
)
from toolkit.http.recorder_protocol import Exchange
from toolkit.http.transport import Transport
from toolkit.session.browser_session import BrowserSession, Cookie
from toolkit.streams import SSEDecoder


class Kept:
    """A recorder that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def begin(self, method: str, url: str, headers: list[tuple[str, str]], body: bytes) -> Exchange:
        self.told.append((method, body))
        return self

    def response(self, status: int, reason: str, headers: list[tuple[str, str]]) -> None:
        self.told.append((status, reason))

    def chunk(self, data: bytes) -> None:
        self.told.append(data)

    def message(self, data: str | bytes, *, sent: bool) -> None:
        self.told.append(("sent" if sent else "received", data))

    def closed(self, by: str, code: int | None, reason: str) -> None:
        self.told.append((by, code, reason))

    def end(self, error: str | None = None) -> None:
        self.told.append(error)


@pytest.mark.parametrize(
    ("path", "options", "told"),
    [
        ("ftp://site.test/", {}, "not a URL that can be called"),
        ("http:///path", {}, "not a URL that can be called"),
        ("", {"json": object()}, r"cannot be sent as JSON \(TypeError\)"),
        ("", {"headers": {"x-odd": "a\r\nb"}}, "header or a cookie that cannot be sent"),
    ],
)
async def test_what_cannot_be_sent_is_refused(path: str, options: dict[str, Any], told: str) -> None:
    """It is the caller's mistake, and nothing arrives; the recorder is told that nothing came of it."""
    kept, site = Kept(), Site({})
    async with serve(site.app()) as origin, Transport(SESSION, page=origin, recorder=kept) as http:
        with pytest.raises(UsageError, match=told):
            async with http.post(path or origin, **options):
                pass
    assert site.seen == []
    assert kept.told in ([], [("POST", b""), None])


class Derived(str):
    """Text as some libraries give it, such as parsers of HTML."""

    __slots__ = ()

    def __str__(self) -> str:
        return "not this"


@pytest.mark.parametrize("text", [Derived("text"), "x" * 3_000_000], ids=["a class derived from str", "3 MB"])
async def test_what_can_be_sent_arrives(text: str) -> None:
    """Whatever its class; and what is large is sent without a warning, of the length that is told before it."""
    received: list[Any] = []

    async def keep(request: web.Request) -> web.Response:
        body = await request.json()
        received.extend((body, request.content_length == len(await request.read())))
        return web.json_response({})

    app = web.Application(client_max_size=8_000_000)
    app.router.add_post("/", keep)
    async with serve(app) as url, Transport(SESSION, page=NOWHERE) as http:
        await http.json(dict, "POST", url, {"text": text})
    assert received == [{"text": "".join(text)}, True]


async def test_a_closed_transport_calls_no_more() -> None:
    """That is said, and closing it again does nothing."""
    async with Transport(SESSION, page=NOWHERE) as http:
        pass
    await http.__aexit__()
    with pytest.raises(UsageError, match="closed"):
        await http.json(dict, "GET", NOWHERE)


async def test_a_recorder_is_told_of_every_exchange() -> None:
    """Of one that is answered, one that fails, and one that is cancelled."""
    kept, site = Kept(), Site({"body": b"{}"}, None)
    async with serve(site.app()) as origin, Transport(SESSION, page=origin, recorder=kept) as http:
        await http.json(dict, "POST", origin, 1)
        assert kept.told == [("POST", b"1"), (200, "OK"), b"{}", None]
        kept.told.clear()
        with pytest.raises(ConnectFailed):
            await http.json(dict, "GET", NOWHERE)
        assert kept.told == [("GET", b""), "ConnectFailed"]
        kept.told.clear()
        call = asyncio.ensure_future(http.json(dict, "GET", origin))
        assert await site.arrived.get() == "POST /"
        await site.arrived.get()
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        assert kept.told == [("GET", b""), None]
        site.let_go.set()


async def test_empty_answers_come_to_an_end_while_they_are_recorded() -> None:
    """The second one too: aiohttp has one body for all answers without any, and it remembers that it was read."""
    kept, site = Kept(), Site({"status": 204})
    async with serve(site.app()) as origin, Transport(SESSION, page=origin, recorder=kept) as http:
        for _ in range(2):
            async with http.request("DELETE", origin) as response:
                assert await response.read() == b""
    assert [told for told in kept.told if told == (204, "No Content")] == [(204, "No Content")] * 2


async def test_who_keeps_the_session_says_how_it_goes_on() -> None:
    """It is told before and after, and what it gives is what the next call has; its failure is the call's."""
    site = Site({"body": b"{}", "headers": {"Set-Cookie": "a=1"}})
    async with serve(site.app()) as origin:

        async def keep(before: BrowserSession, after: BrowserSession) -> BrowserSession:
            assert [[cookie.name for cookie in known.cookies] for known in (before, after)] == [[], ["a"]]
            return replace(after, account="kept")

        async with Transport(replace(SESSION, origin=origin), page=origin, on_session_change=keep) as http:
            await http.json(dict, "GET", origin)
            assert http.session.account == "kept"

        async def fail(before: BrowserSession, after: BrowserSession) -> BrowserSession:
            raise BadRequest("No room.")

        async with Transport(replace(SESSION, origin=origin), page=origin, on_session_change=fail) as http:
            with pytest.raises(BadRequest, match="No room"):
                await http.json(dict, "GET", origin)


async def test_a_cookie_that_stays_what_it_is_changes_no_session() -> None:
    """One that is set again as it was, or that no browser takes: nobody is told, and the session is the same one."""
    ok: dict[str, Any] = {"body": b"{}", "headers": {"Set-Cookie": "a=1"}}
    site = Site(ok, ok, {"body": b"{}", "headers": {"Set-Cookie": "__Host-a"}})
    told = []
    async with serve(site.app()) as origin:

        async def keep(before: BrowserSession, after: BrowserSession) -> BrowserSession:
            told.append(after)
            return after

        async with Transport(replace(SESSION, origin=origin), page=origin, on_session_change=keep) as http:
            for _ in range(3):
                await http.json(dict, "GET", origin)
            assert told == [http.session]


async def test_a_refusal_does_not_repeat_a_cookie() -> None:
    """What the site echoes of it is hidden; a value as short as a word may stay."""
    site = Site({"status": 400, "text": "not with long-secret and en"})
    async with serve(site.app()) as origin:
        cookies = tuple(Cookie(name=value, value=value, domain="127.0.0.1") for value in ("long-secret", "en"))
        async with Transport(replace(SESSION, cookies=cookies), page=origin) as http:
            with pytest.raises(BadRequest) as caught:
                await http.json(dict, "GET", origin)
    assert "long-secret" not in str(caught.value) + caught.value.body
    assert caught.value.body.endswith("and en")


@pytest.mark.parametrize(
    ("answer", "kind", "told"),
    [
        ({"status": 304}, ProtocolError, "304, which leads nowhere"),
        ({"status": 302}, ProtocolError, "302, which leads nowhere"),
        ({"status": 302, "headers": {"Location": "/login"}}, SessionExpired, "login page"),
        ({"headers": {"Content-Encoding": "rot13"}}, ProtocolError, "was not offered"),
        ({"status": 599, "reason": "Replay Mismatch", "text": "No such request."}, ReplayMismatch, "No such"),
    ],
)
async def test_an_answer_that_is_none_is_told(answer: dict[str, Any], kind: type[Exception], told: str) -> None:
    """Each in its own words."""
    async with (
        serve(Site(answer).app()) as origin,
        Transport(SESSION, page=origin, is_login_page=lambda path: path == "/login") as http,
    ):
        with pytest.raises(kind, match=told):
            await http.json(dict, "GET", origin)


async def test_a_site_without_tls_where_it_was_due() -> None:
    """The handshake fails, and TLS's own word for it is told."""
    async with serve(Site({}).app()) as origin, Transport(SESSION, page=origin) as http:
        with pytest.raises(TLSFailed, match=r"handshake failed \([A-Z_]+\)"):
            await http.json(dict, "GET", origin.replace("http:", "https:"))


class Parts:
    """A site that sends each of `parts` once the one before has been read."""

    def __init__(self, *parts: bytes) -> None:
        self.parts = parts
        self.read = asyncio.Semaphore(0)

    def app(self) -> web.Application:
        async def handle(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse()
            await response.prepare(request)
            for part in self.parts:
                await response.write(part)
                await self.read.acquire()
            return response

        app = web.Application()
        app.router.add_get("/", handle)
        return app


@pytest.mark.parametrize(
    ("keep_alive", "expected"),
    [("alive", ["alive", ("message", "a"), "alive", ("message", "b")]), (None, [("message", "a"), ("message", "b")])],
)
async def test_bytes_that_complete_no_item_can_be_seen(keep_alive: str | None, expected: list[Any]) -> None:
    """A comment or a piece of an item is given as the caller's value for it, if there is one; an item as itself."""
    site, seen = Parts(b": hello\n\n", b"data: a\n\n: more\n\n", b"data: b", b"\n\n"), []
    async with serve(site.app()) as origin, Transport(SESSION, page=origin) as http, http.get(origin) as response:
        if keep_alive is None:
            for _ in site.parts:
                site.read.release()
        async for item in response.decode(SSEDecoder(), keep_alive=keep_alive):
            seen.append(item if isinstance(item, str) else item[:2])
            site.read.release()
    assert seen == expected
