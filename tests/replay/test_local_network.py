"""The local network as HTTP clients see it: real names, TLS, refusals, and nothing left at its end."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import ssl
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from tests.recording.helpers import SITE, client, entry, replaying
from tests.sites.asking import SECONDS, until
from toolkit.errors import redact_url
from toolkit.http.transport import Transport
from toolkit.replay.local_network import LocalNetwork
from toolkit.session.browser_session import BrowserSession


def site() -> web.Application:
    """A stand-in site that tells what it was asked, and streams for ever at /stream."""

    async def told(request: web.Request) -> web.Response:
        return web.json_response([request.method, str(request.url), request.host, (await request.text())])

    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"first")
        forever: asyncio.Future[web.StreamResponse] = asyncio.get_running_loop().create_future()
        return await forever

    app = web.Application()
    app.router.add_get("/stream", stream)
    app.router.add_route("*", "/{path:.*}", told)
    return app


INTERNATIONAL = ("xn--bcher-kva.example", "münchen.example:8080")  # in either spelling


@pytest.mark.parametrize(
    "url",
    [
        "https://chat.example/a/b?c=%20d",
        "https://chat.example:8443/",
        "http://chat.example/x?y",
        "http://127.0.0.1:3100/api",
        "https://127.0.0.1/",
        "http://localhost/",
        "https://my_app.my_site.example/",
        "https://xn--bcher-kva.example/",
        "http://xn--mnchen-3ya.example:8080/",
    ],
)
async def test_a_site_answers_under_its_real_address(url: str) -> None:
    """The site sees the address as the client wrote it, with TLS or without, also on loopback."""
    app = site()
    async with (
        LocalNetwork(
            apps=dict.fromkeys(
                ("Chat.Example", "127.0.0.1", "localhost", "my_app.my_site.example", *INTERNATIONAL), app
            )
        ) as network,
        client(network) as session,
        session.post(url, data="body") as response,
    ):
        host = url.split("/")[2]
        assert await response.json() == ["POST", url, host, "body"]
        assert [(one.method, one.url, one.status) for one in network.log] == [("POST", url, 200)]
        assert repr(network.log) == f"[<LoggedRequest POST {redact_url(url)} 200>]"
        assert network.refused == []


async def test_an_address_without_a_path_has_the_root_path() -> None:
    """`GET http://host` to the proxy is `GET /` to the site (RFC 9112, 3.2.1)."""
    async with LocalNetwork(apps={"chat.example": site()}) as network:
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(network))
        writer.write(b"GET http://chat.example HTTP/1.1\r\nHost: chat.example\r\nConnection: close\r\n\r\n")
        assert b'"http://chat.example/"' in await reader.read()
        await hang_up(writer)


async def test_one_connection_reaches_several_sites() -> None:
    """Requests of one plain proxy connection go to the site that each of them names."""
    async with LocalNetwork(apps={"a.example": site(), "b.example:81": site()}) as network:
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(network))
        for name in (b"a.example", b"b.example:81", b"c.example"):
            writer.write(b"GET http://%s/ HTTP/1.1\r\nHost: %s\r\n\r\n" % (name, name))
            line = await reader.readline()
            assert line.startswith(b"HTTP/1.1 502 " if name == b"c.example" else b"HTTP/1.1 200 ")
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(part for part in head.lower().split(b"\r\n") if part.startswith(b"content-length"))
            await reader.readexactly(int(length.partition(b":")[2]))
        assert network.refused == ["c.example:80"]
        await hang_up(writer)


async def test_an_app_comes_before_a_recording() -> None:
    """A stand-in site takes the requests to a host that is recorded as well."""
    recorded = [entry(body=b"recorded"), entry(url="https://other.example/", body=b"recorded")]
    async with replaying(*recorded, apps={"chat.example": site()}) as network, client(network) as session:
        assert "chat.example" in await (await session.get(SITE)).text()
        assert await (await session.get("https://other.example/")).text() == "recorded"


async def test_an_unknown_host_is_refused() -> None:
    """A host that is not part of the network gets a 502 that says so, at CONNECT and in plain HTTP; it is kept."""
    async with replaying(entry()) as network, client(network) as session:
        with pytest.raises(aiohttp.ClientHttpProxyError) as refused:
            await session.get("https://example.com/?secret")
        assert (refused.value.status, refused.value.message) == (
            502,
            "example.com:443 is not part of this local network",
        )
        plain = await session.get("http://example.com/?secret")
        assert (plain.status, plain.reason) == (502, "example.com:80 is not part of this local network")
        assert network.refused == ["example.com:443", "example.com:80"]
        assert network.log == []


async def test_another_host_inside_a_tunnel_is_misdirected() -> None:
    """A tunnel is no way to a host that is not known: 421 (RFC 9110, 15.5.20)."""
    async with replaying(entry()) as network, client(network) as session:
        answer = await session.get(SITE, headers={"Host": "example.com"})
        assert answer.status == 421
        assert network.refused == ["example.com:443"]


@pytest.mark.parametrize("url", ["https://chat.example/", "http://chat.example/"])
async def test_a_proxy_with_a_password_asks_for_it(url: str) -> None:
    """Without the right user and password: 407 and nothing else. With them, as handed out, the site."""
    async with LocalNetwork(apps={"chat.example": site()}, proxy_auth=("ada", "p@ss/w:rd")) as network:
        assert network.route.proxy is not None
        assert network.route.proxy.startswith("http://ada:")
        for proxy in (network.address, network.address.replace("//", "//ada:wrong@")):
            async with client(network) as session:
                try:
                    status = (await session.get(url, proxy=proxy)).status
                except aiohttp.ClientHttpProxyError as error:
                    status = error.status
                assert status == 407
        assert network.log == []
        async with client(network) as session:
            assert (await session.get(url)).status == 200


async def test_certificates_are_this_networks_alone() -> None:
    """A client that does not trust the run's authority refuses it, and that harms nobody else."""
    async with LocalNetwork(apps={"chat.example": site()}) as network:
        async with aiohttp.ClientSession(proxy=network.address) as stranger:
            with pytest.raises(aiohttp.ClientConnectorCertificateError):
                await stranger.get(SITE)
        async with client(network) as session:
            assert (await session.get(SITE)).status == 200
        context = network.ssl_context()
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert len(context.get_ca_certs()) == 1


async def test_our_own_calls_trust_this_network_alone() -> None:
    """The route leads nowhere else, so the system's roots, which take long to load, are left out."""
    async with replaying(entry(body=b"hi")) as network:
        session = BrowserSession(provider="site", origin=SITE)
        async with Transport(session, page=SITE, route=network.route) as http, http.get(SITE) as response:
            assert await response.read() == b"hi"
        assert network.route.sealed


async def test_another_program_is_led_here_by_its_environment() -> None:
    """A child process with `environ()` reaches the sites, over TLS and on loopback; the files are gone at the end."""
    program = (
        "import urllib.request as r\n"
        "for url in ('https://chat.example/x', 'http://127.0.0.1:3100/y'): print(r.urlopen(url).read().decode())"
    )
    app = site()
    async with LocalNetwork(apps={"chat.example": app, "127.0.0.1": app}) as network:
        environ = network.environ()
        root = Path(environ["SSL_CERT_FILE"])
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, env=os.environ | environ, stdout=asyncio.subprocess.PIPE
        )
        out, _ = await child.communicate()
        assert b"https://chat.example/x" in out
        assert b"http://127.0.0.1:3100/y" in out
        assert network.route.ca_pem is not None
        assert network.ssl_context().get_ca_certs(True) == [ssl.PEM_cert_to_DER_cert(network.route.ca_pem.decode())]
        assert os.listdir(root.parent) == [root.name]
    with pytest.raises(FileNotFoundError):
        os.listdir(root.parent)


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x00\r\n\r\n",
        b"CONNECT\r\n\r\n",
        b"CONNECT chat.example:nine HTTP/1.1\r\n\r\n",
        b"CONNECT chat.example:443 HTTP/1.1\r\n\r\n\x16\x03\x01",
        b"GET / HTTP/1.1\r\n" + b"x: " + b"y" * 70_000,
    ],
    ids=["TLS", "no target", "bad port", "too early", "too long"],
)
async def test_what_is_no_proxy_request_is_refused(sent: bytes) -> None:
    """Nonsense gets a status of 4xx and the connection is closed."""
    async with LocalNetwork(apps={"chat.example": site()}) as network:
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(network))
        writer.write(sent)
        assert (await asyncio.wait_for(reader.readline(), SECONDS)).startswith(b"HTTP/1.1 4")
        await hang_up(writer)


async def test_answers_are_sent_at_once() -> None:
    """The sockets have TCP_NODELAY, so that a small chunk does not wait for the last one's acknowledgement."""
    seen: list[int] = []

    async def handler(request: web.Request) -> web.Response:
        assert request.transport is not None
        sock = request.transport.get_extra_info("socket")
        seen.append(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        return web.Response()

    app = web.Application()
    app.router.add_get("/", handler)
    async with LocalNetwork(apps={"chat.example": app}) as network, client(network) as session:
        await session.get("https://chat.example/")
        await session.get("http://chat.example/")
    assert all(seen)
    assert len(seen) == 2


async def test_nothing_is_left_when_clients_are_still_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The end closes every socket and task and file, also in mid-stream, in mid-handshake and with idle clients."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    caplog.set_level(logging.WARNING)
    before, descriptors = asyncio.all_tasks(), open_descriptors()
    network = LocalNetwork(apps={"chat.example": site()})
    async with network:
        assert len(os.listdir(tmp_path)) == 1
        port = port_of(network)
        idle = await asyncio.open_connection("127.0.0.1", port)
        shaking = await asyncio.open_connection("127.0.0.1", port)
        shaking[1].write(b"CONNECT chat.example:443 HTTP/1.1\r\n\r\n")
        assert b"200" in await shaking[0].readline()
        sessions = [client(network), client(network)]
        for session, scheme in zip(sessions, ("https", "http"), strict=True):
            response = await session.get(f"{scheme}://chat.example/stream")
            assert await response.content.readany() == b"first"
            await session.get(f"{scheme}://chat.example/")
    assert [one.status for one in network.log] == [200] * 4
    with pytest.raises(OSError):  # noqa: PT011  refused; its text differs between systems
        await asyncio.open_connection("127.0.0.1", port)
    assert os.listdir(tmp_path) == []
    for session in sessions:
        await session.close()
    for _, writer in (idle, shaking):
        await hang_up(writer)
    await until(lambda: asyncio.all_tasks() <= before and open_descriptors() <= descriptors)
    assert caplog.records == []


async def test_a_site_that_cannot_start_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where an app's start fails, its error comes out and what was opened before is closed."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    stopped: list[web.Application] = []

    async def fail(_: web.Application) -> None:
        raise LookupError("no such database")

    async def stop(app: web.Application) -> None:
        stopped.append(app)

    good, bad = web.Application(), web.Application()
    good.on_cleanup.append(stop)
    bad.on_startup.append(fail)
    with pytest.raises(LookupError):
        await LocalNetwork(apps={"a.example": good, "b.example": bad}).__aenter__()
    assert stopped == [good]
    assert os.listdir(tmp_path) == []


async def test_a_handler_ends_when_its_client_has_gone() -> None:
    """A site's handler is cancelled when its client hangs up, so that a test can see it."""
    begun, ended = asyncio.Event(), asyncio.Event()

    async def handler(_: web.Request) -> web.StreamResponse:
        begun.set()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            ended.set()
        raise AssertionError("unreachable")

    app = web.Application()
    app.router.add_get("/", handler)
    async with LocalNetwork(apps={"chat.example": app}) as network, client(network) as session:
        call = asyncio.create_task(session.get(SITE))
        await begun.wait()
        call.cancel()
        await asyncio.wait_for(ended.wait(), SECONDS)
        assert [one.status for one in network.log] == [None]


def port_of(network: LocalNetwork) -> int:
    return int(network.address.rpartition(":")[2])


async def hang_up(writer: asyncio.StreamWriter) -> None:
    """Close our end, whether or not the other one is still there."""
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


def open_descriptors() -> int:
    """How many files and sockets this process has open; 0 where the system does not tell."""
    folder = Path("/proc/self/fd")
    return len(os.listdir(folder)) if folder.exists() else 0
