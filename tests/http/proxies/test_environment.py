"""A client that is told nothing takes the way that every program here is told; `NO_PROXY` and a wish come before it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from msgspec.structs import replace
from playwright.async_api import Browser

from tests.http.proxies.socks import NAME, SocksProxy
from tests.providers.conftest import PATIENT
from tests.sites.aura import AuraSite
from tests.sites.base import PIECES
from tests.sites.serving import serve
from toolkit.browser.profiles import Profile, Proxy
from toolkit.client.client import Client
from toolkit.errors import ProxyFailed
from toolkit.replay.local_network import LocalNetwork

SITE = "http://openchat.team"
NOWHERE = "http://127.0.0.1:1"
ANSWER = "".join(PIECES)


async def test_the_browser_and_the_calls_follow_the_environment(
    chromium: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through a proxy that alone knows the site's name; the session does not remember what changes with the place."""
    site = AuraSite()
    async with LocalNetwork(apps=site.hosts()) as local:
        monkeypatch.setenv("HTTP_PROXY", local.address)
        async with Client("aura", base_url=SITE, browser=chromium, profile=Profile(), deadlines=PATIENT) as client:
            assert await client.chat("Hello!").text() == ANSWER
            assert (await client.session()).proxy is None


async def test_no_proxy_counts_for_the_browser_and_the_calls(
    chromium: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither tries the proxy, which is not there."""
    site = AuraSite()
    monkeypatch.setenv("ALL_PROXY", NOWHERE)
    monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.1")
    async with (
        serve(site.app()) as origin,
        Client("aura", base_url=origin, browser=chromium, profile=Profile(), deadlines=PATIENT) as client,
    ):
        assert await client.chat("Hello!").text() == ANSWER


async def test_a_wish_comes_before_the_environment(chromium: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that is asked for, one that a profile names, and one that a session is from; `NO_PROXY` is not asked."""
    site = AuraSite()
    monkeypatch.setenv("ALL_PROXY", NOWHERE)
    monkeypatch.setenv("NO_PROXY", "*")
    async with serve(site.app()) as origin:
        port = urlsplit(origin).port
        assert port is not None
        async with SocksProxy({"openchat.team": ("127.0.0.1", port)}).listening() as proxy:
            profile = Profile(proxy=Proxy(server=proxy.url()))
            async with Client("aura", base_url=SITE, browser=chromium, profile=profile, deadlines=PATIENT) as client:
                session = await client.session()
            assert session.proxy == proxy.url()
            monkeypatch.delenv("NO_PROXY")
            wishes: tuple[dict[str, Any], ...] = (
                {"session": session},
                {"session": replace(session, proxy=None), "proxy": proxy.url()},
            )
            for wish in wishes:
                before = len(proxy.asked)
                async with Client("aura", base_url=SITE, deadlines=PATIENT, **wish) as client:
                    assert await client.chat("Hello!").text() == ANSWER
                assert proxy.asked[before:] == [(NAME, "openchat.team", 80)]
            async with Client("aura", base_url=SITE, session=replace(session, proxy=None), retries=0) as client:
                with pytest.raises(ProxyFailed):
                    await client.chat("Hello!").text()
