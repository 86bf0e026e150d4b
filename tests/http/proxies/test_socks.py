"""Calls through a SOCKS proxy: names, logins and certificates, and each way in which it can fail."""

from __future__ import annotations

import asyncio
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
import trustme
from aiohttp import web
from playwright.async_api import Browser

from tests.faults.matrix import detect_leaks
from tests.http.loopback6 import needs_ipv6
from tests.http.proxies.socks import ADDRESS, ADDRESS_6, NAME, SocksProxy, answer
from tests.providers.conftest import PATIENT
from tests.sites.aura import AuraSite
from tests.sites.base import PIECES
from tests.sites.serving import serve
from toolkit.browser.profiles import Profile
from toolkit.client.client import Client
from toolkit.errors import ConnectFailed, ProxyFailed, StreamTimeout, TLSFailed, ToolkitError, UsageError
from toolkit.http.route import Route
from toolkit.http.transport import Transport
from toolkit.session.browser_session import BrowserSession

HOME = "chat.example.com"
PAGE = f"https://{HOME}/"
SESSION = BrowserSession(provider="p", origin=PAGE)
LOGIN = ("ada", "p@ss: word/%")
AUTHORITY = trustme.CA()


def hello() -> web.Application:
    async def handle(request: web.Request) -> web.Response:
        return web.json_response({"host": request.host})

    app = web.Application()
    app.router.add_get("/", handle)
    return app


def tls(name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert(name).configure_cert(context)
    return context


def http(proxy: str, connect: float | None = 60.0) -> Transport:
    route = Route(proxy=Route.through(proxy).proxy, ca_pem=AUTHORITY.cert_pem.bytes())
    return Transport(SESSION, page=PAGE, route=route, connect=connect)


@asynccontextmanager
async def home(name: str = HOME, login: tuple[str, str] | None = None) -> AsyncIterator[SocksProxy]:
    """A proxy that knows a site of that name, which has a certificate for `HOME` or another."""
    async with serve(hello(), tls=tls(name)) as origin:
        port = urlsplit(origin).port
        assert port is not None
        async with SocksProxy({HOME: ("127.0.0.1", port)}, login=login).listening() as proxy:
            yield proxy


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
async def test_the_proxy_resolves_the_name_and_the_certificate_is_the_site_s(scheme: str) -> None:
    """A name that nobody else knows; TLS goes through to the site, and a second call takes the same connection."""
    async with detect_leaks() as left, home(login=LOGIN) as proxy:
        async with http(proxy.url(scheme, LOGIN)) as calls:
            for _ in range(2):
                assert await calls.json(dict, "GET", PAGE) == {"host": HOME}
        assert proxy.asked == [(NAME, HOME, 443)]
    assert left == []


async def test_a_certificate_of_another_name_is_refused() -> None:
    """The proxy is believed nothing about the site."""
    async with home("other.example") as proxy, http(proxy.url()) as calls:
        with pytest.raises(TLSFailed, match=r"certificate is refused: .*chat\.example\.com"):
            await calls.json(dict, "GET", PAGE)


@pytest.mark.parametrize(
    ("address", "kind"), [("127.0.0.1", ADDRESS), pytest.param("::1", ADDRESS_6, marks=needs_ipv6)]
)
async def test_an_address_goes_to_the_proxy_as_one(address: str, kind: int) -> None:
    """Of both kinds; the proxy too may be at either."""
    async with (
        serve(hello(), address=address) as origin,
        SocksProxy().listening(address) as proxy,
        http(proxy.url()) as calls,
    ):
        assert await calls.json(dict, "GET", f"{origin}/") == {"host": urlsplit(origin).netloc}
        assert proxy.asked == [(kind, address, urlsplit(origin).port)]


@pytest.mark.parametrize(
    ("reply", "kind", "told"),
    [
        (answer(1), ProxyFailed, "General SOCKS server failure"),
        (answer(2), ProxyFailed, "not allowed"),
        (answer(3), ConnectFailed, "its network cannot be reached"),
        (answer(4), ConnectFailed, "found no way to the site: it cannot be reached"),
        (answer(5), ConnectFailed, "refuses the connection"),
        (answer(6), ConnectFailed, "too far away"),
        (answer(7), ProxyFailed, "Command not supported"),
        (answer(8), ProxyFailed, "Address type not supported"),
        (answer(99), ProxyFailed, "Invalid reply code"),
        (b"\x05\x00", ProxyFailed, "closed the connection"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", ProxyFailed, "version"),
    ],
)
async def test_a_refusal_says_whose_it_is(reply: bytes, kind: type[ToolkitError], told: str) -> None:
    """What is about the site is `ConnectFailed`, and nothing has been sent; the rest is the proxy's."""
    async with detect_leaks() as left, SocksProxy(reply=reply).listening() as proxy, http(proxy.url()) as calls:
        with pytest.raises(kind, match=told) as caught:
            await calls.json(dict, "POST", PAGE, {})
        assert not isinstance(caught.value, ConnectFailed) or not caught.value.sent
    assert left == []


async def test_a_wrong_password_is_told_without_it() -> None:
    """So is one that is missing."""
    async with home(login=LOGIN) as proxy:
        for login in (("ada", "wrong-password"), None):
            async with http(proxy.url(login=login)) as calls:
                with pytest.raises(ProxyFailed, match="Check the proxy's address, user and password") as caught:
                    await calls.json(dict, "GET", PAGE)
            assert "wrong-password" not in str(caught.value) + repr(caught.value)
        assert proxy.asked == []


async def test_a_proxy_that_is_not_there() -> None:
    """The system's word for it, and no address of the proxy."""
    async with http("socks5://ada:sesame@127.0.0.1:1") as calls:
        with pytest.raises(ProxyFailed, match=r"proxy cannot be reached \(Connection refused\)") as caught:
            await calls.json(dict, "GET", PAGE)
    assert "sesame" not in str(caught.value)
    assert "127.0.0.1" not in str(caught.value)


async def test_a_silent_proxy_has_the_deadline_of_connecting() -> None:
    """It is part of what a connection takes."""
    async with SocksProxy(hangs=True).listening() as proxy, http(proxy.url(), connect=0.2) as calls:
        with pytest.raises(StreamTimeout, match=r"0\.2 s \(deadline `connect`\)"):
            await calls.json(dict, "GET", PAGE)


async def test_a_call_that_is_cancelled_leaves_nothing() -> None:
    """Neither a task nor a connection, while the proxy still thinks."""
    async with detect_leaks() as left, SocksProxy(hangs=True).listening() as proxy, http(proxy.url()) as calls:
        call = asyncio.ensure_future(calls.json(dict, "GET", PAGE))
        await proxy.arrived.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
    assert left == []


async def test_what_needs_no_proxy_does_not_go_through_it() -> None:
    """One client, two ways: by the host of each call."""
    async with home() as proxy, serve(hello()) as origin:
        route = Route(proxy=proxy.url(), no_proxy="127.0.0.1", ca_pem=AUTHORITY.cert_pem.bytes())
        async with Transport(SESSION, page=PAGE, route=route) as calls:
            assert await calls.json(dict, "GET", f"{origin}/")
            assert proxy.asked == []
            assert await calls.json(dict, "GET", PAGE)
            assert len(proxy.asked) == 1


def test_without_the_extra_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """At once, before a browser is started for nothing."""
    monkeypatch.setitem(sys.modules, "aiohttp_socks", None)
    with pytest.raises(UsageError, match=r"install '\.\[socks\]'"):
        Client("aura", proxy="socks5://127.0.0.1:1080")


@pytest.mark.parametrize("url", ["socks5://ad%C3%A9:pw@p:1080", f"socks5h://ada:{'x' * 256}@p:1080"])
def test_a_login_that_cannot_be_said_is_refused(url: str) -> None:
    """SOCKS counts the bytes of a password in one byte, and names no encoding."""
    with pytest.raises(UsageError, match="ASCII"):
        Route.through(url)


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
async def test_the_browser_and_the_calls_take_the_same_way(scheme: str, chromium: Browser) -> None:
    """The page and the call both go through the proxy, and the session remembers it."""
    site = AuraSite()
    async with serve(site.app()) as origin:
        port = urlsplit(origin).port
        assert port is not None
        async with SocksProxy({"openchat.team": ("127.0.0.1", port)}).listening() as proxy:
            arguments: dict[str, Any] = {"base_url": "http://openchat.team", "deadlines": PATIENT}
            async with Client(
                "aura", proxy=proxy.url(scheme), browser=chromium, profile=Profile(), **arguments
            ) as client:
                session = await client.session()
                visited = len(proxy.asked)
                assert visited > 0
                assert await client.chat("Hello!").text() == "".join(PIECES)
            assert session.proxy == proxy.url(scheme)
            async with Client("aura", session=session, **arguments) as client:
                assert await client.chat("Hello!").text() == "".join(PIECES)
            assert proxy.asked[visited:] == [(NAME, "openchat.team", 80)] * 2
