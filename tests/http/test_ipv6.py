"""Sites and proxies at addresses of IPv6, which a URL has in brackets."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from aiohttp import web
from playwright.async_api import Browser

from tests.http.loopback6 import needs_ipv6
from tests.providers.conftest import PATIENT
from tests.sites.aura import AuraSite
from tests.sites.base import PIECES
from tests.sites.serving import serve
from toolkit.browser.profiles import Profile
from toolkit.client.client import Client
from toolkit.http.route import Route
from toolkit.http.transport import Transport
from toolkit.session.browser_session import BrowserSession

pytestmark = needs_ipv6
ANSWER = "".join(PIECES)


def noting(seen: list[web.Request]) -> web.Application:
    """Notes every request, and sets a cookie."""

    async def handle(request: web.Request) -> web.Response:
        seen.append(request)
        return web.json_response({}, headers={"Set-Cookie": "set=2; Path=/"})

    app = web.Application()
    app.router.add_get("/{path:.*}", handle)
    return app


async def test_a_site_gets_its_host_and_its_cookies() -> None:
    """Those that the session has, and those that the site sets; a site at another address gets none."""
    seen: list[web.Request] = []
    async with serve(noting(seen), address="::1") as origin, serve(noting(seen)) as other:
        session = BrowserSession.from_cookie_values("p", origin, {"sid": "1"})
        async with Transport(session, page=f"{origin}/") as http:
            for url in (origin, origin, other):
                await http.json(dict, "GET", f"{url}/")
    assert [request.headers["Host"] for request in seen] == [urlsplit(url).netloc for url in (origin, origin, other)]
    assert [request.headers.get("Cookie") for request in seen] == ["sid=1", "sid=1; set=2", None]
    assert seen[0].headers["Referer"] == f"{origin}/"


async def test_a_proxy_may_be_there() -> None:
    """Its address is in brackets too; what the site is called is the proxy's to know."""
    seen: list[web.Request] = []
    async with serve(noting(seen), address="::1") as proxy:
        session = BrowserSession(provider="p", origin="http://chat.example.com")
        async with Transport(session, page="http://chat.example.com/", route=Route.through(proxy)) as http:
            await http.json(dict, "GET", "http://chat.example.com/")
    assert seen[0].headers["Host"] == "chat.example.com"


async def test_a_name_is_reached_at_whichever_address_answers() -> None:
    """Of those that the name has, the site listens at one."""
    addresses = {found[4][0] for found in socket.getaddrinfo("localhost", 0, type=socket.SOCK_STREAM)}
    for address in map(str, addresses):
        seen: list[web.Request] = []
        session = BrowserSession(provider="p", origin="http://localhost")
        async with serve(noting(seen), "localhost", address=address) as origin, Transport(session, page=origin) as http:
            await http.json(dict, "GET", f"{origin}/")
        assert len(seen) == 1


async def test_a_session_is_harvested_there(chromium: Browser) -> None:
    """The whole way: the page, what it leaves, and calls with it."""
    site = AuraSite()
    async with (
        serve(site.app(), address="::1") as origin,
        Client("aura", base_url=origin, browser=chromium, profile=Profile(), deadlines=PATIENT) as client,
    ):
        assert await client.chat("Hello!").text() == ANSWER
        session = await client.session()
    assert session.origin == origin
