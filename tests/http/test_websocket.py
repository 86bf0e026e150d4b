"""WebSockets beside the calls: how they are asked for, refused, read, and ended."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import msgspec
import pytest
from aiohttp import ClientResponseError, WSMsgType, web
from msgspec.structs import replace

from tests.http.proxies.socks import SocksProxy
from tests.http.test_calls import Kept
from tests.sites.serving import serve
from toolkit.errors import (
    BadRequest,
    ConnectFailed,
    GateRefused,
    LoginRequired,
    ProtocolError,
    ProxyFailed,
    RateLimited,
    ReplayMismatch,
    ServiceUnavailable,
    SessionExpired,
    SiteError,
    StreamInterrupted,
    TLSFailed,
    ToolkitError,
    UsageError,
)
from toolkit.http.gate import Gate
from toolkit.http.route import Route
from toolkit.http.transport import Transport
from toolkit.http.websocket import WebSocket
from toolkit.replay.local_network import LocalNetwork
from toolkit.session.browser_session import BrowserSession, Cookie
from toolkit.streams.base import FRAME_LIMIT

HOME = "chat.example.com"
PAGE = f"https://{HOME}/chat?x=1"
SECRET = "planted-session-secret"
SESSION = BrowserSession(
    provider="p",
    origin=f"https://{HOME}",
    cookies=(Cookie(name="sid", value=SECRET, domain=HOME, host_only=True, secure=True),),
    headers={"user-agent": "Browser/1", "accept-language": "de", "sec-ch-ua": '"B"', "x-csrf": "from the page"},
)

Server = web.WebSocketResponse
Talk = Callable[[Server], Awaitable[Any]]


class Site:
    """Opens a WebSocket at `/ws`, where `talk` speaks. `requests` are its handshakes, `heard` the messages that came
    after `talk` until the end, and `ended` is set with the code that the client has closed it with."""

    def __init__(self, talk: Talk, **options: Any) -> None:
        self.requests: list[web.Request] = []
        self.heard: list[Any] = []
        self.ended: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        self._talk = talk
        self._options = options

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/ws", self._handle)
        return app

    async def _handle(self, request: web.Request) -> Server:
        self.requests.append(request)
        headers = self._options.pop("headers", {})
        socket = web.WebSocketResponse(**self._options)
        socket.headers.update(headers)
        await socket.prepare(request)
        await self._talk(socket)
        while (message := await socket.receive()).type in (WSMsgType.TEXT, WSMsgType.BINARY):
            self.heard.append(message.data)
        if not self.ended.done():
            self.ended.set_result(message.data if message.type is WSMsgType.CLOSE else None)
        return socket


async def nothing(_: Server) -> None:
    """Say nothing, and listen."""


@asynccontextmanager
async def opened(talk: Talk, **options: Any) -> AsyncIterator[tuple[WebSocket, Site]]:
    """A WebSocket to a site where `talk` speaks; `options` are the transport's."""
    site = Site(talk)
    async with (
        serve(site.app()) as origin,
        Transport(BrowserSession(provider="p", origin=origin), page=origin, **options) as http,
        http.websocket(f"{origin}/ws") as socket,
    ):
        yield socket, site


async def test_the_handshake_is_that_of_the_page() -> None:
    """Its headers and no others, in a browser's order: the cookies, and the page's origin always; no referrer, no
    Sec-Fetch, no client hint, no language, nothing that the page's own calls add."""
    site = Site(nothing, protocols=("chat.v2",))
    async with (
        LocalNetwork(apps={HOME: site.app()}) as network,
        Transport(SESSION, page=PAGE, route=network.route) as http,
        http.websocket(f"https://{HOME}/ws", protocols=("chat.v1", "chat.v2"), params={"a": "1 2"}) as socket,
    ):
        assert (socket.url, socket.protocol) == (f"wss://{HOME}/ws?a=1+2", "chat.v2")
    headers = dict(site.requests[0].headers)
    assert list(headers) == [
        *("Host", "Connection", "Pragma", "Cache-Control", "User-Agent", "Upgrade", "Origin", "Sec-WebSocket-Version"),
        *("Accept-Encoding", "Cookie", "Sec-WebSocket-Key", "Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol"),
    ]
    assert headers["Origin"] == f"https://{HOME}"
    assert headers["Cookie"] == f"sid={SECRET}"
    assert headers["User-Agent"] == "Browser/1"
    assert headers["Sec-WebSocket-Extensions"] == "permessage-deflate; client_max_window_bits"
    assert headers["Sec-WebSocket-Protocol"] == "chat.v1, chat.v2"


async def test_cookies_of_the_handshake_are_kept() -> None:
    """As those of any answer, and they are reported."""
    changes: list[str] = []

    async def note(_: BrowserSession, after: BrowserSession) -> BrowserSession:
        changes.append(after.cookies[-1].value)
        return after

    site = Site(nothing, headers={"Set-Cookie": "sid=renewed; Path=/"})
    async with (
        serve(site.app()) as origin,
        Transport(BrowserSession(provider="p", origin=origin), page=origin, on_session_change=note) as http,
    ):
        async with http.websocket(f"{origin}/ws"):
            assert changes == ["renewed"]
        async with http.websocket(f"{origin}/ws"):
            pass
    assert site.requests[1].headers["Cookie"] == "sid=renewed"


async def test_a_gate_gets_its_due() -> None:
    """On the handshake as on a call; and what the recorder is told has none of it."""
    site, kept, gate = Site(nothing), Kept(), Gate(headers={"X-Gate": "planted"}, login=("ann", "pw"))
    async with (
        LocalNetwork(apps={HOME: site.app()}) as network,
        Transport(SESSION, page=PAGE, route=network.route, gate=gate, recorder=kept) as http,
        http.websocket(f"wss://{HOME}/ws"),
    ):
        assert site.requests[0].headers["X-Gate"] == "planted"
        assert site.requests[0].headers["Authorization"].startswith("Basic ")
    assert "planted" not in str(kept.told)


class Event(msgspec.Struct):
    text: str
    number: int = 0


async def test_messages_go_both_ways() -> None:
    """Text, bytes and JSON, of any alphabet; text that is not UTF-8 is no reason to stop."""

    async def echo(socket: Server) -> None:
        for _ in range(3):
            message = await socket.receive()
            await (socket.send_str if message.type is WSMsgType.TEXT else socket.send_bytes)(message.data)
        await socket.send_str('{"text": "\\ud83c\\udf0d", "more": 1}')
        await socket.send_frame(b'{"text": "\xff"}', WSMsgType.TEXT)
        await socket.send_frame(b"a\xffb", WSMsgType.TEXT)

    async with opened(echo) as (socket, _):
        await socket.send("Grüße 🌍")
        assert await socket.receive() == "Grüße 🌍"
        await socket.send(b"\0\1")
        assert await socket.receive() == b"\0\1"
        await socket.send_json({"text": "世界", "number": 7})
        assert await socket.receive_json(Event) == Event("世界", 7)
        assert await socket.receive_json(Event) == Event("🌍")
        assert await socket.receive_json(Event) == Event("\ufffd")
        assert await socket.receive() == "a\ufffdb"
        with pytest.raises(UsageError, match="cannot be sent as JSON"):
            await socket.send_json(object())


async def test_a_complete_end_ends_the_loop() -> None:
    """Code 1000 of the site; who asks for more than there is gets an error."""

    async def three(socket: Server) -> None:
        for number in range(3):
            await socket.send_json({"text": "t", "number": number})
        await socket.close()

    async with opened(three) as (socket, _):
        assert [event.number async for event in socket.json(Event)] == [0, 1, 2]
    async with opened(three) as (socket, _):
        assert len([message async for message in socket]) == 3
        with pytest.raises(StreamInterrupted, match=r"before the answer was complete \(1000\)"):
            await socket.receive()
        with pytest.raises(StreamInterrupted):
            await socket.send("more")


class MyError(SiteError):
    """Of a provider."""


CLOSES: list[tuple[int, str, type[ToolkitError], str]] = [
    (1001, "", StreamInterrupted, r"before the answer was complete \(1001: the site goes away\)"),
    (1012, "", StreamInterrupted, r"\(1012: the site restarts\)"),
    (1008, "no more", SiteError, r"\(1008: no more\)"),
    (1008, "login", LoginRequired, r"\(1008: login\)"),
    (1008, "replay mismatch", ReplayMismatch, "differs from the recorded one"),
    (1011, "", SiteError, r"\(1011: internal error\)"),
    (1007, "", ProtocolError, r"does not take what was sent on the WebSocket \(1007: invalid data\)"),
    (4401, "", SessionExpired, r"\(4401\)"),
    (4000, f"\x1b[1m{SECRET}", SiteError, r"\(4000: �\[1m•••"),
]


@pytest.mark.parametrize(("code", "reason", "kind", "told"), CLOSES, ids=[f"{c} {r[:6]}" for c, r, _, _ in CLOSES])
@pytest.mark.parametrize("dropped", [False, True], ids=["closed", "and dropped at once"])
async def test_the_end_is_read_from_the_closing_frame(
    code: int, reason: str, kind: type[ToolkitError], told: str, dropped: bool
) -> None:
    """Also where the site drops the line right after it. The provider's own meanings come first; what the site says is
    in one line, without the session's secrets."""

    async def close(socket: Server) -> None:
        await socket.send_str("one")
        await socket.send_frame(struct.pack("!H", code) + reason.encode(), WSMsgType.CLOSE)
        if dropped:
            transport = site.requests[0].transport
            assert transport is not None
            transport.close()

    site = Site(close)
    closes: dict[int | tuple[int, str], type[ToolkitError]] = {4401: SessionExpired, (1008, "login"): LoginRequired}
    async with serve(site.app()) as origin:
        session = BrowserSession.from_cookie_values("p", origin, {"sid": SECRET})
        async with Transport(session, page=origin, closes=closes) as http, http.websocket(f"{origin}/ws") as socket:
            assert await anext(socket) == "one"
            with pytest.raises(kind, match=told) as caught:
                await anext(socket)
            with pytest.raises(kind):
                await socket.receive()
    assert SECRET not in str(caught.value)
    assert caught.value.url == f"ws{origin[4:]}/ws"


async def test_an_end_without_a_code_or_a_frame_is_none() -> None:
    """An empty closing frame (1005) and a lost connection (1006) are no complete answers, though aiohttp says 1000 of
    the one."""

    async def empty(socket: Server) -> None:
        await socket.send_frame(b"", WSMsgType.CLOSE)

    async with opened(empty) as (socket, _):
        with pytest.raises(StreamInterrupted, match=r"\(1005: no code was given\)"):
            [message async for message in socket]

    async def lose(_: Server) -> None:
        transport = site.requests[0].transport
        assert transport is not None
        transport.abort()

    site = Site(lose)
    async with (
        serve(site.app()) as origin,
        Transport(BrowserSession(provider="p", origin=origin), page=origin) as http,
        http.websocket(f"{origin}/ws") as socket,
    ):
        with pytest.raises(StreamInterrupted, match="The connection broke"):
            [message async for message in socket]


async def test_why_nothing_can_be_sent_is_the_closing_frame() -> None:
    """What the site said before it closed is still the reason."""

    async def close(socket: Server) -> None:
        await socket.send_str("before")
        await socket.close(code=1012)

    async with opened(close) as (socket, site):
        await asyncio.wait_for(site.ended, 10)
        with pytest.raises(StreamInterrupted, match="1012"):
            await send_on(socket)


@pytest.mark.parametrize("compress", [True, False], ids=["deflated", "as it is"])
async def test_a_message_has_a_limit(compress: bool) -> None:
    """A larger one ends the socket; so a bomb of zeros is never held as a whole."""

    async def send(socket: Server) -> None:
        await socket.send_bytes(bytes(FRAME_LIMIT + 1), compress=15 if compress else None)

    async with opened(send) as (socket, _):
        with pytest.raises(ProtocolError, match=f"a message of more than {FRAME_LIMIT} bytes"):
            await socket.receive()


async def test_what_breaks_the_protocol_is_told() -> None:
    """Bytes that are no frame, and JSON of another shape, which the error does not show."""

    async def garble(socket: Server) -> None:
        await socket.send_str('{"text": 5, "key": "planted"}')
        transport = site.requests[0].transport
        assert transport is not None
        transport.write(b"\xff\xff\xff\xff")

    site = Site(garble)
    async with (
        serve(site.app()) as origin,
        Transport(BrowserSession(provider="p", origin=origin), page=origin) as http,
        http.websocket(f"{origin}/ws") as socket,
    ):
        with pytest.raises(ProtocolError, match="another shape") as caught:
            await socket.receive_json(Event)
        assert "planted" not in str(caught.value)
        with pytest.raises(ProtocolError, match="break the protocol"):
            await socket.receive()


async def test_pings_are_answered_and_are_no_messages() -> None:
    """As a browser answers them by itself."""

    async def ping(socket: Server) -> None:
        await socket.ping(b"beat")
        assert (await socket.receive()).data == b"beat"
        await socket.send_str("after")

    site = Site(ping, autoping=False)
    async with (
        serve(site.app()) as origin,
        Transport(BrowserSession(provider="p", origin=origin), page=origin) as http,
        http.websocket(f"{origin}/ws") as socket,
    ):
        assert await socket.receive() == "after"


async def test_leaving_is_prompt_and_says_goodbye() -> None:
    """Where the call is cancelled or fails, the farewell and a closing frame go out, and nothing is waited for; an end
    that the caller comes to has neither, and is 1000."""

    async def deaf(socket: Server) -> None:
        await socket.send_str("hello")
        await let_go.wait()

    let_go = asyncio.Event()
    async with opened(deaf) as (socket, site):
        socket.farewell = ("stop", b"\1")
        reading = asyncio.create_task(read_on(socket))
        await asyncio.sleep(0)
        started = asyncio.get_running_loop().time()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        error = asyncio.CancelledError()
        await socket.aclose(error)
        assert asyncio.get_running_loop().time() - started < 0.4
        let_go.set()
        assert await asyncio.wait_for(site.ended, 10) == 1001
        assert site.heard == ["stop", b"\1"]
    async with opened(nothing) as (socket, site):
        pass
    assert await asyncio.wait_for(site.ended, 10) == 1000
    assert site.heard == []


async def send_on(socket: WebSocket) -> None:
    while True:
        await socket.send("x" * 100_000)


async def read_on(socket: WebSocket) -> None:
    async for _ in socket:
        pass


async def test_a_site_that_goes_on_talking_is_left() -> None:
    """Our closing frame is answered within a moment, or not waited for."""

    async def talk(socket: Server) -> None:
        while not socket.closed and not site.requests[0].transport.is_closing():  # type: ignore[union-attr]
            await socket.send_str("more")
            await asyncio.sleep(0.01)

    site = Site(talk)
    async with (
        serve(site.app()) as origin,
        Transport(BrowserSession(provider="p", origin=origin), page=origin) as http,
    ):
        async with http.websocket(f"{origin}/ws") as socket:
            await socket.receive()
            started = asyncio.get_running_loop().time()
        assert asyncio.get_running_loop().time() - started < 5


REFUSALS: dict[str, tuple[dict[str, Any], type[ToolkitError], str]] = {
    "400": ({"status": 400, "text": "no such room"}, BadRequest, "answered 400: Bad Request: no such room"),
    "401": ({"status": 401}, LoginRequired, "answered 401"),
    "403": ({"status": 403}, BadRequest, "answered 403"),
    "403 of a gate": (
        {"status": 403, "text": "<h1>No", "content_type": "text/html"},
        GateRefused,
        "403 with a web page",
    ),
    "418, as the provider has it": ({"status": 418}, MyError, "answered 418"),
    "429": ({"status": 429, "headers": {"Retry-After": "9"}}, RateLimited, "Wait 9 s"),
    "503": ({"status": 503, "text": SECRET}, ServiceUnavailable, "answered 503: Service Unavailable: •••"),
    "200": ({"status": 200, "text": "hi"}, ProtocolError, "answered 200, and opened no WebSocket"),
    "a page": (
        {"status": 200, "text": "<input type=password>", "content_type": "text/html"},
        SessionExpired,
        "a web page where a WebSocket was due",
    ),
    "a redirect": ({"status": 302, "headers": {"Location": "/other?q=1"}}, ProtocolError, "redirects the WebSocket to"),
    "to the login": ({"status": 307, "headers": {"Location": "/login"}}, SessionExpired, "to its login page"),
    "to elsewhere": (
        {"status": 302, "headers": {"Location": "https://sso.test/"}},
        SessionExpired,
        "sent the call to sso.test",
    ),
    "a 101 without a key": (
        {"status": 101, "headers": {"Upgrade": "websocket", "Connection": "Upgrade"}},
        ProtocolError,
        "handshake breaks its protocol",
    ),
}


@pytest.mark.parametrize(("answer", "kind", "told"), REFUSALS.values(), ids=REFUSALS)
async def test_a_refused_handshake_is_the_error_of_its_answer(
    answer: dict[str, Any], kind: type[ToolkitError], told: str
) -> None:
    """The same as for a call; no redirect is followed, and none of our cookies goes there."""
    asked: list[str] = []

    async def handle(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(**answer)

    app = web.Application()
    app.router.add_get("/{path:.*}", handle)
    async with serve(app) as origin:
        session, kept = BrowserSession.from_cookie_values("p", origin, {"sid": SECRET}), Kept()
        async with Transport(
            session, page=origin, statuses={418: MyError}, is_login_page=lambda path: path == "/login", recorder=kept
        ) as http:
            with pytest.raises(kind, match=told) as caught:
                async with http.websocket(f"{origin}/ws"):
                    pass
    assert asked == ["/ws"]
    assert SECRET not in str(caught.value)
    assert isinstance(caught.value, ClientResponseError) == (answer["status"] >= 400 and kind is not GateRefused)
    assert kept.told[-1] is None


async def test_a_refusal_for_now_is_tried_again() -> None:
    """As that of any GET, since nothing has happened at the site."""
    site, refused = Site(nothing), list[str]()

    @web.middleware
    async def refuse_once(request: web.Request, handler: Any) -> web.StreamResponse:
        if not refused:
            refused.append(request.path)
            return web.Response(status=503, headers={"Retry-After": "0"})
        response: web.StreamResponse = await handler(request)
        return response

    app = site.app()
    app.middlewares.append(refuse_once)
    async with (
        serve(app) as origin,
        Transport(BrowserSession(provider="p", origin=origin), page=origin, retries=1) as http,
        http.websocket(f"{origin}/ws"),
    ):
        assert refused == ["/ws"]


async def test_it_goes_through_proxies_and_tls() -> None:
    """Of HTTP and of SOCKS, with the roots of the route alone; a proxy's refusal is told as its own."""
    site = Site(nothing)
    async with LocalNetwork(apps={HOME: site.app()}, proxy_auth=("ada", "p@ss")) as network:
        async with Transport(SESSION, page=PAGE, route=network.route) as http, http.websocket(f"wss://{HOME}/ws"):
            assert len(site.requests) == 1
        wrong = replace(network.route, proxy=network.address)
        with pytest.raises(ProxyFailed, match="answered 407"):
            async with Transport(SESSION, page=PAGE, route=wrong) as http, http.websocket(f"wss://{HOME}/ws"):
                pass
        untrusted = Route(proxy=network.route.proxy)
        with pytest.raises(TLSFailed):
            async with Transport(SESSION, page=PAGE, route=untrusted) as http, http.websocket(f"wss://{HOME}/ws"):
                pass
    async with serve(site.app()) as origin:
        port = int(origin.rpartition(":")[2])
        page = f"http://{HOME}:{port}/"
        async with (
            SocksProxy({HOME: ("127.0.0.1", port)}).listening() as socks,
            Transport(replace(SESSION, origin=page), page=page, route=Route(proxy=socks.url())) as http,
            http.websocket(f"{page}ws"),
        ):
            assert len(socks.asked) == 1
            assert site.requests[-1].headers["Origin"] == page[:-1]
    with pytest.raises(ConnectFailed):
        async with Transport(SESSION, page=origin) as http, http.websocket(f"{origin}/ws"):
            pass


async def test_all_of_it_is_recorded() -> None:
    """The handshake as it was sent, each message, who closed it and with what, and that it is over."""

    async def talk(socket: Server) -> None:
        assert (await socket.receive()).data == "question"
        await socket.send_bytes(b"\1")
        await socket.close(code=4001, message=b"enough")

    kept = Kept()
    async with opened(talk, recorder=kept) as (socket, _):
        await socket.send("question")
        assert await socket.receive() == b"\1"
        with pytest.raises(SiteError):
            await socket.receive()
    assert kept.told[1][0] == 101
    assert kept.told[2:] == [("sent", "question"), ("received", b"\1"), ("server", 4001, "enough"), None]
    kept = Kept()
    with suppress(StreamInterrupted):
        async with opened(nothing, recorder=kept) as (socket, _):
            socket.farewell = ("stop",)
            raise StreamInterrupted("as a provider does")
    assert kept.told[2:] == [("sent", "stop"), ("client", 1001, ""), "StreamInterrupted"]


@pytest.mark.parametrize("url", ["ftp://site.test/", "ws:///path", "no"])
async def test_what_is_no_address_is_refused(url: str) -> None:
    """Before anything is sent."""
    async with Transport(SESSION, page=PAGE) as http:
        with pytest.raises(UsageError, match="not a URL that can be called"):
            http.websocket(url)
