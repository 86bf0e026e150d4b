"""WebSockets beside the calls: how they are asked for, refused, read, and ended."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from aiohttp import WSMsgType, web

from tests.http.test_calls import Kept
from tests.sites.serving import serve
from toolkit.errors import (
    LoginRequired,
    ProtocolError,
    ReplayMismatch,
    SessionExpired,
    SiteError,
    StreamInterrupted,
    ToolkitError,
    UsageError,
)
from toolkit.http.gate import Gate
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
async def opened(talk: Talk, closing: float = 10.0, **options: Any) -> AsyncIterator[tuple[WebSocket, Site]]:
    """A WebSocket to a site where `talk` speaks, and which waits `closing` seconds for the answer to its closing frame;
    `options` are the transport's."""
    site = Site(talk, timeout=closing)
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

    async with opened(close, closing=0.1) as (socket, site):
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
