"""WebSockets that are refused, the ways that they go, and what a recorder is told of them."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from aiohttp import ClientResponseError, web
from msgspec.structs import replace

from tests.http.proxies.socks import SocksProxy
from tests.http.test_calls import Kept
from tests.http.test_websocket import HOME, PAGE, SECRET, SESSION, MyError, Server, Site, nothing, opened
from tests.sites.serving import serve
from toolkit.errors import (
    BadRequest,
    ConnectFailed,
    GateRefused,
    LoginRequired,
    ProtocolError,
    ProxyFailed,
    RateLimited,
    ServiceUnavailable,
    SessionExpired,
    SiteError,
    StreamInterrupted,
    TLSFailed,
    ToolkitError,
    UsageError,
)
from toolkit.http.route import Route
from toolkit.http.transport import Transport
from toolkit.replay.local_network import LocalNetwork
from toolkit.session.browser_session import BrowserSession


def _chosen(what: str, value: str) -> dict[str, Any]:
    """The answer of a site that opens a socket, and chooses `value` for it."""
    return {"status": 101, "headers": {"Upgrade": "websocket", "Connection": "Upgrade", f"Sec-WebSocket-{what}": value}}


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
    "a subprotocol that was not offered": (_chosen("Protocol", "other"), ProtocolError, "a subprotocol of WebSockets"),
    "an extension that was not offered": (_chosen("Extensions", "x-mux"), ProtocolError, "an extension of WebSockets"),
    "one besides": (_chosen("Extensions", "permessage-deflate, x-mux"), ProtocolError, "an extension of WebSockets"),
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
