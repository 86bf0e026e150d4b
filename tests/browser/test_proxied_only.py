"""A browser that is given a proxy goes past it by no protocol: by no UDP for WebRTC, QUIC or mDNS, nor for names."""

from __future__ import annotations

import asyncio
import json
import secrets
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import Browser, Playwright

from tests.sites.asking import SECONDS
from tests.sites.serving import serve
from toolkit.browser.launch import launch
from toolkit.browser.launch_options import proxied_only_args
from toolkit.browser.profiles import Profile
from toolkit.browser.session_manager import SessionManager
from toolkit.http.route import Route
from toolkit.providers.base import Provider
from toolkit.replay.local_network import LocalNetwork
from toolkit.session.recipe import Harvest

URL = "http://chat.example.org/"
ALL_PACKETS = 3  # ETH_P_ALL of <linux/if_ether.h>
UDP, IPV4, IPV6 = 17, 0x0800, 0x86DD


class Site(Provider):
    """Its page is ready once WebRTC has tried all that it can."""

    name = "site"
    url = URL
    harvest = Harvest(ready="#gathered")


def own_addresses() -> set[str]:
    """The IPv4 addresses of this machine, loopback included."""
    found = {"127.0.0.1"}
    with suppress(OSError):
        found |= {str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outward, suppress(OSError):
        outward.connect(("192.0.2.1", 9))  # sends nothing: it asks the system which of its addresses it would use
        found.add(outward.getsockname()[0])
    return found


class Ears:
    """Sockets that listen for UDP on each address of this machine, and to the packets for names that hold `label`."""

    def __init__(self) -> None:
        self.label = f"name-{secrets.token_hex(8)}"
        self._sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in own_addresses()]
        for one, address in zip(self._sockets, own_addresses(), strict=True):
            one.bind((address, 0))
            one.setblocking(False)
        self._packets: socket.socket | None = None
        if sys.platform == "linux":
            with suppress(PermissionError):
                self._packets = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ALL_PACKETS))
                self._packets.setblocking(False)

    @property
    def page(self) -> str:
        """A page that tries to reach them, through each of the ways that a page has."""
        names = [one.getsockname() for one in self._sockets]
        servers: list[dict[str, Any]] = [{"urls": f"stun:{address}:{port}"} for address, port in names]
        servers.append({"urls": f"stun:{self.label}.example.org:3478"})
        return f"""<!doctype html><link rel="dns-prefetch" href="//{self.label}.example.org"><script>
            const end = () => {{ const div = document.createElement("div"); div.id = "gathered"; div.textContent = "x";
                                 document.body.append(div) }};
            const peer = new RTCPeerConnection({{iceServers: {json.dumps(servers)}}});
            peer.onicegatheringstatechange = () => peer.iceGatheringState == "complete" && end();
            peer.createDataChannel("x");
            peer.createOffer().then((offer) => peer.setLocalDescription(offer));
            try {{ new WebTransport("https://127.0.0.1:{names[0][1]}/").ready.catch(() => 0) }} catch {{}}
        </script>"""

    def heard(self) -> list[str]:
        """What has come since: who sent a datagram, and which packet of UDP held the label."""
        found = []
        for one in self._sockets:
            with suppress(BlockingIOError):
                found.append(f"a datagram from {one.recvfrom(2048)[1]}")
        with suppress(BlockingIOError):
            while self._packets is not None:
                data, (_, protocol, *_) = self._packets.recvfrom(65535)
                kind = data[9] if protocol == IPV4 else data[6] if protocol == IPV6 else 0
                if kind == UDP and self.label.encode() in data:
                    found.append("a packet that asks for the name")
        return found

    async def first_datagram(self) -> bytes:
        """The first that comes to any of the sockets."""
        loop = asyncio.get_running_loop()
        waiting = [asyncio.create_task(loop.sock_recv(one, 2048)) for one in self._sockets]
        done, rest = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        return done.pop().result()

    def close(self) -> None:
        for one in (*self._sockets, *([self._packets] if self._packets is not None else [])):
            one.close()


@pytest.fixture
def ears() -> Iterator[Ears]:
    listening = Ears()
    yield listening
    listening.close()


def serving(ears: Ears) -> web.Application:
    async def page(_: web.Request) -> web.Response:
        return web.Response(text=ears.page, content_type="text/html")

    app = web.Application()
    app.router.add_get("/", page)
    return app


@asynccontextmanager
async def launched(driver: Playwright, route: Route) -> AsyncIterator[Browser]:
    browser = await launch(driver, Profile(), route)
    try:
        yield browser
    finally:
        await browser.close()


async def test_a_page_is_heard_without_a_proxy(driver: Playwright, ears: Ears) -> None:
    """So that silence means something."""
    async with serve(serving(ears)) as origin, launched(driver, Route()) as browser:
        page = await browser.new_page()
        await page.goto(origin)
        async with asyncio.timeout(SECONDS):
            assert await ears.first_datagram()


@pytest.mark.usefixtures("one_driver")
async def test_a_replayed_page_sends_nothing_by_udp(driver: Playwright, ears: Ears) -> None:
    """Neither datagrams nor questions for names leave the browser, and what is not recorded is refused."""
    async with LocalNetwork(apps={"chat.example.org": serving(ears)}) as network:
        async with SessionManager(Profile(), route=network.route) as manager:
            await manager.harvest(Site())
        assert ears.heard() == []


@pytest.mark.usefixtures("one_driver")
async def test_a_browser_behind_a_proxy_sends_nothing_by_udp(driver: Playwright, ears: Ears) -> None:
    """As with `--proxy`: the proxy alone is spoken to, which is named by a name here."""
    asked: list[str] = []

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            asked.append((await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[0])
            body = ears.page.encode()
            head = ("HTTP/1.1 200 OK", "Content-Type: text/html", f"Content-Length: {len(body)}", "Connection: close")
            writer.write("\r\n".join((*head, "", "")).encode() + body)
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(speak, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with SessionManager(Profile(), route=Route.through(f"http://localhost:{port}")) as manager:
            await manager.harvest(Site())
    assert f"GET {URL} HTTP/1.1" in asked
    assert ears.heard() == []


@pytest.mark.parametrize(
    ("proxy", "excluded"),
    [
        ({"server": "http://proxy.test:8080"}, "proxy.test"),
        ({"server": "proxy.test:8080", "bypass": "<-loopback>"}, "proxy.test"),
        ({"server": "socks5://[::1]:1080"}, "[::1]"),
        ({"server": "http://proxy.test:8080", "bypass": "<-loopback>,inside.test"}, None),
    ],
)
def test_names_are_the_proxys_business(proxy: dict[str, str], excluded: str | None) -> None:
    """But for its own; with a list of hosts that are reached without it, the browser looks names up."""
    rules = [arg for arg in proxied_only_args(proxy) if "resolver" in arg]
    assert rules == ([f"--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE {excluded}"] if excluded else [])
