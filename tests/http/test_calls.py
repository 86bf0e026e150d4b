"""The small print of a call: what is refused before it, who is told of it, and what is tidied up after it."""

from __future__ import annotations

import asyncio
import logging
import ssl
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp_socks import ProxyTimeoutError
from msgspec import Struct
from msgspec.structs import replace

from tests.sites.serving import serve
from toolkit.errors import (
    BadRequest,
    ConnectFailed,
    NetworkError,
    ProtocolError,
    ReplayMismatch,
    SessionExpired,
    TLSFailed,
    UsageError,
)
from toolkit.http.error_mapping import map_error
from toolkit.http.recorder import Exchange
from toolkit.http.socks import map_socks_errors
from toolkit.http.transport import Transport
from toolkit.session.value import BrowserSession, Cookie

NOWHERE = "http://127.0.0.1:1/"
SESSION = BrowserSession(provider="p", origin=NOWHERE)


class Site:
    """Answers each request with the next of `answers` (arguments of a response), the last again and again; None waits
    for `let_go`, and for the next. `seen` are methods and paths, and `arrived` gets each."""

    def __init__(self, *answers: dict[str, Any] | None) -> None:
        self.answers = list(answers)
        self.seen: list[str] = []
        self.arrived: asyncio.Queue[str] = asyncio.Queue()
        self.let_go = asyncio.Event()

    def app(self) -> web.Application:
        async def handle(request: web.Request) -> web.Response:
            self.seen.append(f"{request.method} {request.path_qs}")
            given = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            self.arrived.put_nowait(self.seen[-1])
            if given is None:
                await self.let_go.wait()
                given = self.answers[0] or {}
            return web.Response(**given)

        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handle)
        return app


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


@pytest.mark.parametrize(
    ("error", "kind", "told"),
    [
        (aiohttp.ClientError("of a proxy's password"), NetworkError, r"failed \(ClientError\)"),
        (ssl.SSLError(1, "odd"), TLSFailed, r"\(SSL\)"),
        (ConnectionError("of a proxy's password"), ConnectFailed, r"\(ConnectionError\)"),
    ],
)
def test_a_fault_without_a_word_is_told_by_its_kind(error: Exception, kind: type[Exception], told: str) -> None:
    """Never by its text, which may hold anything."""
    found = map_error(error, NOWHERE)
    assert type(found) is kind
    with pytest.raises(kind, match=told):
        raise found
    assert "password" not in str(found)


def test_a_socks_proxy_s_own_deadline_is_that_of_connecting() -> None:
    """Whichever of the two passes first."""
    with pytest.raises(TimeoutError), map_socks_errors(NOWHERE):
        raise ProxyTimeoutError


async def test_a_tidying_call_is_made_again_when_cancelled_but_not_for_ever(caplog: pytest.LogCaptureFixture) -> None:
    """Three times in all; then the cancellation passes, and nothing is said."""
    site = Site(None)
    async with serve(site.app()) as origin, Transport(SESSION, page=origin) as http:
        tidying = asyncio.ensure_future(http.clean_up("DELETE", origin))
        for _ in range(3):
            await site.arrived.get()
            tidying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await tidying
        assert len(site.seen) == 3
        site.let_go.set()
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize(("cancelled", "said"), [(True, 0), (False, 1)])
async def test_what_is_gone_already_is_tidy(cancelled: bool, said: int, caplog: pytest.LogCaptureFixture) -> None:
    """A refusal of the second try says that the first one had arrived; a refusal of the first is logged."""
    gone = {"status": 404}
    site = Site(*((None, gone) if cancelled else (gone,)))
    async with serve(site.app()) as origin, Transport(SESSION, page=origin) as http:
        tidying = asyncio.ensure_future(http.clean_up("DELETE", origin))
        await site.arrived.get()
        if cancelled:
            tidying.cancel()
        await asyncio.gather(tidying, return_exceptions=True)
        assert tidying.cancelled() is cancelled
        site.let_go.set()
    assert len([record for record in caplog.records if "could not tidy up" in record.message]) == said


async def test_a_transport_is_not_closed_under_what_tidies_up() -> None:
    """It waits for that, which has a deadline of its own."""
    site = Site(None, {})
    async with serve(site.app()) as origin:
        http = await Transport(SESSION, page=origin).__aenter__()
        tidying = asyncio.ensure_future(http.clean_up("DELETE", origin))
        await site.arrived.get()
        closing = asyncio.ensure_future(http.__aexit__())
        for _ in range(10):
            await asyncio.sleep(0)
        assert not closing.done()
        site.let_go.set()
        await closing
        await tidying


class Id(Struct):
    id: str


class Deeper(Struct):
    """An id that stands deeper in the answer."""

    talk: Id

    @property
    def id(self) -> str:
        return self.talk.id


async def test_what_was_made_is_taken_away_at_its_own_address() -> None:
    """Where no parameter is named; the id is data, and no path."""
    site = Site({"text": '{"talk": {"id": "a/1"}}', "status": 201}, {"status": 204})
    async with (
        serve(site.app()) as origin,
        Transport(SESSION, page=origin) as http,
        http.temporary(Deeper, f"{origin}/talks", body={"title": "Sky"}) as talk,
    ):
        assert talk == "a/1"
    assert site.seen == ["POST /talks", "DELETE /talks/a%2F1"]


@pytest.mark.parametrize(("status", "left"), [(200, ["POST /", "DELETE /?name=1"]), (500, ["POST /"])])
async def test_what_is_made_while_the_call_is_cancelled_is_taken_away(status: int, left: list[str]) -> None:
    """As soon as its id is known; what was not made needs no taking away."""
    site = Site(None, {"text": '{"id": "1"}', "status": status})
    async with serve(site.app()) as origin, Transport(SESSION, page=origin) as http:

        async def use() -> None:
            async with http.temporary(Id, f"{origin}/", "name"):
                pytest.fail("it was cancelled")

        using = asyncio.ensure_future(use())
        await site.arrived.get()
        using.cancel()
        for _ in range(3):
            await asyncio.sleep(0)
        site.let_go.set()
        with pytest.raises(asyncio.CancelledError):
            await using
    assert site.seen == left
