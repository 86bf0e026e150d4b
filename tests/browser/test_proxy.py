"""The proxy of a profile or a route: the browser's and the calls' alike."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from playwright.async_api import Browser

from tests.browser.places import TRUSTING
from tests.providers.conftest import PATIENT
from tests.sites.aura import AuraSite
from tests.sites.base import PIECES
from toolkit.browser.profiles import Profile, Proxy
from toolkit.browser.proxy import is_bypassed, proxy_settings, proxy_url
from toolkit.browser.session_manager import SessionManager
from toolkit.client.client import Client
from toolkit.errors import ProxyFailed, UsageError
from toolkit.http.route import Route
from toolkit.http.transport import Transport
from toolkit.providers.registry import find
from toolkit.replay.local_network import LocalNetwork

LOGIN = ("ada", "p@ss: word/%")
HTTP = "http://openchat.team"


@pytest.mark.parametrize(
    ("proxy", "url"),
    [
        (Proxy(server="http://proxy.test:3128"), "http://proxy.test:3128"),
        (Proxy(server="proxy.test:3128"), "http://proxy.test:3128"),
        (Proxy(server="https://[::1]:3128"), "https://[::1]:3128"),
        (Proxy(server="http://p:1", username="a@b", password="c:d/é"), "http://a%40b:c%3Ad%2F%C3%A9@p:1"),
        (Proxy(server="http://x:y@p:1", username="a"), "http://a:@p:1"),
        (Proxy(server="socks5://p:1080"), "socks5://p:1080"),
        (Proxy(server="http://p:1", bypass="site.test"), "http://p:1"),
        (Proxy(server="http://p:1", bypass="*.test"), None),
    ],
)
def test_a_proxy_is_written_as_a_url(proxy: Proxy, url: str | None) -> None:
    """With the login in it; none where the browser goes past it to every host of the provider."""
    assert proxy_url(proxy, ("site.test", "api.test")) == url


@pytest.mark.parametrize(
    ("rules", "host", "past"),
    [
        ("", "site.test", False),
        ("site.test", "site.test", True),
        ("site.test", "www.site.test", False),
        (".site.test", "www.site.test", True),
        ("*.site.test", "site.test", False),
        ("*site.test", "site.test", True),
        ("a.test, SITE.test ,b.test", "site.test", True),
        ("site.test:443", "site.test", True),
        ("https://site.test", "site.test", True),
        ("<local>", "intranet", True),
        ("<local>", "site.test", False),
        ("192.168.0.0/16", "192.168.3.4", True),
        ("192.168.0.0/16", "10.0.0.1", False),
        ("192.168.3.4:80", "192.168.3.4", True),
        ("[::2]:80", "::2", True),
        ("fd00::/8", "fd00::1", True),
        ("", "localhost", True),
        ("", "app.localhost", True),
        ("", "127.0.0.1", True),
        ("", "::1", True),
        ("<-loopback>", "127.0.0.1", False),
        ("<-loopback>,localhost", "localhost", True),
    ],
)
def test_the_bypass_list_is_chromium_s(rules: str, host: str, past: bool) -> None:
    """Names, endings, patterns, networks, and this machine itself unless the list takes that away."""
    assert is_bypassed(rules, host) is past


async def test_a_profile_s_proxy_is_that_of_the_calls(chromium: Browser) -> None:
    """With user and password: the page and the call both go through it, and the stored session remembers it."""
    site = AuraSite()
    async with LocalNetwork(apps=site.hosts(), proxy_auth=LOGIN) as local:
        proxy = Proxy(server=local.address, username=LOGIN[0], password=LOGIN[1])
        profile = replace(TRUSTING, proxy=proxy)
        async with Client("aura", base_url=HTTP, profile=profile, browser=chromium, deadlines=PATIENT) as client:
            session = await client.session()
            assert await client.chat("Hello!").text() == "".join(PIECES)
        assert len(site.calls("/api/chat")) == 1
        async with Client("aura", base_url=HTTP, session=session, deadlines=PATIENT) as client:
            assert await client.chat("Hello!").text() == "".join(PIECES)
        assert len(site.calls("/api/chat")) == 2
        assert session.proxy is not None
        for secret in ("p@ss", "p%40ss"):
            assert secret not in repr(session)
            assert secret not in repr(profile)
            assert secret not in repr(proxy)
        wrong = session.proxy.replace(":p%40ss", ":wrong")
        async with Client("aura", base_url=HTTP, session=session, proxy=wrong, deadlines=PATIENT) as client:
            with pytest.raises(ProxyFailed, match="407"):
                await client.chat("Hello!").text()


async def test_a_route_comes_before_the_profile_s_proxy(chromium: Browser) -> None:
    """What is asked for at the call holds for both; a network made for one run is no part of the session."""
    site, aura = AuraSite(), find("aura")(HTTP)
    profile = replace(TRUSTING, proxy=Proxy(server="http://127.0.0.1:1"))
    async with LocalNetwork(apps=site.hosts()) as local:
        through = Route.through(local.address)
        async with SessionManager(profile, browser=chromium, route=through) as manager:
            assert (await manager.harvest(aura)).proxy == local.address
        async with SessionManager(profile, browser=chromium, route=local.route) as manager:
            assert (await manager.harvest(aura)).proxy is None
        context = await chromium.new_context(**local.context_options())
        async with SessionManager(profile, context=context) as manager:  # has its own, whatever the profile says
            assert (await manager.harvest(aura)).proxy is None
        await context.close()


async def test_a_proxy_that_calls_cannot_take_is_not_passed_by(chromium: Browser) -> None:
    """The browser can use it: that is told, instead of calling from another address."""
    site, aura = AuraSite(), find("aura")(HTTP)
    async with LocalNetwork(apps=site.hosts()) as local:
        context = await chromium.new_context(**local.context_options())
        async with SessionManager(Profile(), context=context) as manager:
            session = await manager.harvest(aura)
        await context.close()
    stored = replace(session, proxy=proxy_url(Proxy(server="socks4://proxy.test:1080"), aura.hosts))
    with pytest.raises(UsageError, match="version 5"):
        Transport(stored, page=aura.page)
    async with Client("aura", base_url=HTTP, session=stored) as client:
        with pytest.raises(UsageError, match="SOCKS"):
            await client.chat("Hello!").text()


@pytest.mark.parametrize(
    ("url", "settings"),
    [
        ("http://h:1", {"server": "http://h:1"}),
        ("http://u%40x:p%3Aw@h:1", {"server": "http://h:1", "username": "u@x", "password": "p:w"}),
        ("https://u@[::1]:1", {"server": "https://[::1]:1", "username": "u", "password": ""}),
    ],
)
def test_the_route_s_proxy_is_for_every_host(url: str, settings: dict[str, str]) -> None:
    """It comes before the profile's, its login is taken out of the URL, and no host goes past it."""
    profile = Profile(proxy=Proxy(server="http://other:2", bypass="b.test"))
    assert proxy_settings(profile, Route.through(url)) == {**settings, "bypass": "<-loopback>"}


def test_a_login_at_a_socks_proxy_is_refused() -> None:
    """No browser can do it, so it is told before a launch; the text has no password."""
    with pytest.raises(UsageError) as caught:
        proxy_settings(Profile(proxy=Proxy(server="socks5://h:1", username="u", password="hush")), Route())
    assert "hush" not in str(caught.value)
