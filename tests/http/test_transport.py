"""The transport: redirects as a browser follows them, cookies that stay at home, and faults by name."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import pytest
import trustme
from aiohttp import web

from tests.sites.serving import serve
from toolkit.errors import (
    ConnectFailed,
    NetworkError,
    ProtocolError,
    ProxyFailed,
    SessionExpired,
    StreamInterrupted,
    StreamTimeout,
    TLSFailed,
    UsageError,
)
from toolkit.http.route import Route
from toolkit.http.transport import Transport
from toolkit.replay.local_network import LocalNetwork
from toolkit.session.browser_session import BrowserSession, Cookie
from toolkit.streams.text import TextDecoder

HOME, AWAY = "chat.example.com", "elsewhere.test"
PAGE = f"https://{HOME}/"
SECRET = "planted-secret-value"

Seen = list[tuple[str, str, str, dict[str, str], bytes]]


def echo(seen: Seen) -> web.Application:
    """Notes every request; `/to?STATUS=URL` redirects, everything else answers ok."""

    async def handle(request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        seen.append((request.method, request.host, request.path, headers, await request.read()))
        if request.path == "/loop":
            return web.Response(status=302, headers={"Location": "/loop"})
        if request.path == "/to":
            ((status, target),) = request.query.items()
            headers = {"Location": target, "Set-Cookie": "hop=1; Path=/; Secure"}
            return web.Response(status=int(status), headers=headers)
        return web.json_response({"ok": True})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    return app


def session(**more: Any) -> BrowserSession:
    cookie = Cookie(name="sid", value=SECRET, domain=HOME, secure=True, http_only=True)
    headers = {"user-agent": "Test/1", "x-csrf-token": SECRET, "sec-ch-ua": '"Test"'}
    return BrowserSession(provider="p", origin=f"https://{HOME}", cookies=(cookie,), headers=headers, **more)


@asynccontextmanager
async def two_hosts(seen: Seen) -> AsyncIterator[Transport]:
    async with (
        LocalNetwork(apps={HOME: echo(seen), AWAY: echo(seen)}) as network,
        Transport(session(), page=PAGE, route=network.route) as http,
    ):
        yield http


@pytest.mark.parametrize(
    ("status", "method", "body"),
    [(301, "GET", b""), (302, "GET", b""), (303, "GET", b""), (307, "POST", b'{"q":1}'), (308, "POST", b'{"q":1}')],
)
async def test_redirects_change_the_request_as_a_browser_does(status: int, method: str, body: bytes) -> None:
    """Method, body and its type after each status; the cookies are made anew, those set on the way included."""
    seen: Seen = []
    async with two_hosts(seen) as http:
        assert await http.json(dict, "POST", f"https://{HOME}/to?{status}=/end", {"q": 1}) == {"ok": True}
    assert seen[1][:3] == (method, HOME, "/end")
    assert seen[1][4] == body
    assert ("content-type" in seen[1][3]) == bool(body)
    assert seen[0][3]["cookie"] == f"sid={SECRET}"
    assert seen[1][3]["cookie"] == f"sid={SECRET}; hop=1"


async def test_nothing_of_ours_goes_to_a_foreign_host() -> None:
    """Neither cookies, nor headers that the page was given, nor those of the call; the browser's standing ones do."""
    seen: Seen = []
    async with two_hosts(seen) as http:
        url = f"https://{HOME}/to?307=https://{AWAY}/end"
        async with http.post(url, json={"q": 1}, headers={"authorization": SECRET}) as response:
            assert response.url == f"https://{AWAY}/end"
    (_, _, _, first, _), (method, host, _, second, body) = seen
    assert first["authorization"] == first["x-csrf-token"] == SECRET
    assert (method, host, body) == ("POST", AWAY, b'{"q":1}')
    assert SECRET not in str(second)
    assert (second["user-agent"], second["sec-fetch-site"]) == ("Test/1", "cross-site")
    assert (second["origin"], second["referer"]) == (f"https://{HOME}", f"https://{HOME}/")


async def test_a_redirect_loop_ends() -> None:
    """After 20 hops, as the Fetch standard has it."""
    seen: Seen = []
    async with two_hosts(seen) as http:
        with pytest.raises(ProtocolError, match="more than 20 times"):
            await http.json(dict, "GET", f"https://{HOME}/loop")
    assert len(seen) == 21


@pytest.mark.parametrize("location", [f"http://{'a' * 300}/", "http://[::1", "http://a:99999/", "http:///", "file:///"])
async def test_a_redirect_to_no_address_is_the_sites_fault(location: str) -> None:
    """A host that no name server can be asked for is one too; whoever called has given no wrong argument."""
    async with two_hosts([]) as http:
        with pytest.raises(ProtocolError, match="redirected to something that is not a web address"):
            await http.json(dict, "GET", f"https://{HOME}/to?302={quote(location)}")


async def site_down(http: Transport) -> None:
    await http.json(dict, "GET", "http://127.0.0.1:1/")


async def unknown_name(http: Transport) -> None:
    await http.json(dict, "GET", "http://name.invalid/")


async def not_a_url(http: Transport) -> None:
    await http.json(dict, "GET", "http://[broken/")


@pytest.mark.parametrize(
    ("call", "kind", "told"),
    [
        (site_down, ConnectFailed, "cannot be reached"),
        (unknown_name, ConnectFailed, "host name is not known"),
        (not_a_url, UsageError, "not a URL"),
    ],
)
async def test_a_site_that_is_not_there(call: Any, kind: type[Exception], told: str) -> None:
    """Each way of not being there has its words."""
    async with Transport(session(), page=PAGE) as http:
        with pytest.raises(kind, match=told):
            await call(http)


async def test_a_wrong_certificate_is_refused() -> None:
    """A certificate of somebody unknown, and one of another name."""
    async with LocalNetwork(apps={HOME: echo([])}) as network:
        route = Route(proxy=network.route.proxy)  # the network's root is not trusted
        async with Transport(session(), page=PAGE, route=route) as http:
            with pytest.raises(TLSFailed, match=r"certificate is refused: .*certificate"):
                await http.json(dict, "GET", f"https://{HOME}/")


async def test_a_certificate_of_another_name_is_refused() -> None:
    """The name is checked even where the issuer is trusted."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("other.example").configure_cert(context)
    runner = web.AppRunner(echo([]))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    try:
        route = Route(ca_pem=authority.cert_pem.bytes())
        async with Transport(session(), page=PAGE, route=route) as http:
            with pytest.raises(TLSFailed, match="certificate is refused"):
                await http.json(dict, "GET", f"https://localhost:{runner.addresses[0][1]}/")
    finally:
        await runner.cleanup()


async def test_a_proxy_that_refuses() -> None:
    """407 says the status and what to check, and never the password."""
    async with LocalNetwork(apps={HOME: echo([])}, proxy_auth=("ada", "right")) as network:
        assert network.route.proxy is not None
        wrong = network.route.proxy.replace("right", "wrong-password")
        async with Transport(session(), page=PAGE, route=Route(proxy=wrong, ca_pem=network.route.ca_pem)) as http:
            for url in (f"https://{HOME}/", f"http://{HOME}/"):
                with pytest.raises(ProxyFailed, match=r"407.*Check the proxy's address, user and password") as caught:
                    await http.json(dict, "GET", url)
                assert caught.value.status == 407
                assert "wrong-password" not in str(caught.value) + repr(caught.value)


async def test_a_proxy_that_is_not_there() -> None:
    """Not the site's fault, so not said of the site."""
    async with Transport(session(), page=PAGE, route=Route(proxy="http://ada:pw@127.0.0.1:1")) as http:
        with pytest.raises(ProxyFailed, match="proxy cannot be reached") as caught:
            await http.json(dict, "GET", f"https://{HOME}/")
        assert "pw@" not in str(caught.value)


@asynccontextmanager
async def raw_server(answer: bytes, *, close: bool = True) -> AsyncIterator[str]:
    """A server that answers anything with these bytes, and then closes or stays silent."""
    done = asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        if not close:
            await done.wait()
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        done.set()


async def streamed(http: Transport, url: str) -> str:
    async with http.get(url) as response:
        return "".join([text async for text in response.decode(TextDecoder())])


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"", ConnectFailed),
        (b"garbage\r\n\r\n", ProtocolError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", StreamInterrupted),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n5\r\nsec", StreamInterrupted),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>", SessionExpired),
    ],
)
async def test_a_broken_answer_has_its_error(answer: bytes, kind: type[Exception]) -> None:
    """Nothing of aiohttp's own comes out."""
    async with raw_server(answer) as url, Transport(session(), page=PAGE) as http:
        with pytest.raises(kind):
            await streamed(http, url)


async def test_a_large_head_is_read() -> None:
    """Lines of 64 KB, and as many cookies of 4,096 bytes as a browser keeps of a site, come as small ones do; of a line
    that is longer, the error tells so."""
    value = "v" * 4092  # with the name, 4,096 bytes: RFC 6265bis, 5.6
    cookies = [f"Set-Cookie: c{number:03}={value}; Path=/; Max-Age=60" for number in range(180)]
    policy = f"Content-Security-Policy: {'x' * 65_000}"
    head = "\r\n".join(("HTTP/1.1 200 OK", "Content-Length: 4", "Content-Type: text/plain", policy, *cookies))
    async with raw_server(f"{head}\r\n\r\ntext".encode()) as url, Transport(session(), page=url) as http:
        assert await streamed(http, url) == "text"
        assert len([cookie for cookie in http.session.cookies if cookie.value == value]) == 180
    longer = head.replace(policy, f"{policy}{'x' * 65_000}")
    async with raw_server(f"{longer}\r\n\r\ntext".encode()) as url, Transport(session(), page=url) as http:
        with pytest.raises(ProtocolError, match=r"has a line of more than 65,536 bytes"):
            await streamed(http, url)


async def test_connecting_has_a_deadline() -> None:
    """A proxy that takes the connection and says nothing is given up after `connect` seconds."""
    async with (
        raw_server(b"", close=False) as url,
        Transport(session(), page=PAGE, route=Route(proxy=url), connect=0.2) as http,
    ):
        with pytest.raises(StreamTimeout, match=r"0\.2 s \(deadline `connect`\)"):
            await http.json(dict, "GET", f"https://{HOME}/")


async def test_a_failed_call_is_an_error_of_ours() -> None:
    """Every fault is a `ToolkitError`; those of the network are `NetworkError`."""
    assert issubclass(ConnectFailed, NetworkError)
    async with serve(echo([])) as origin, Transport(session(), page=origin) as http:
        assert await http.json(dict, "GET", f"{origin}/x?token={SECRET}") == {"ok": True}
        with pytest.raises(ProtocolError) as caught:
            await http.json(list, "GET", f"{origin}/x?token={SECRET}")
        assert SECRET not in str(caught.value)
