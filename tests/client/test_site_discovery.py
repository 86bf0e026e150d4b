"""The address that a person has typed, where the site has another one itself: one session results."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from msgspec.structs import replace
from playwright.async_api import Browser

from tests.browser.places import TRUSTING
from tests.sites.codelinkava import CodeLinkAvaSite
from toolkit.client.client import Client
from toolkit.client.site_discovery import known_site
from toolkit.errors import LoginRequired
from toolkit.http.route import Route
from toolkit.replay.local_network import LocalNetwork
from toolkit.stores.base import Key
from toolkit.stores.memory import MemoryStore

HOST = "www.chat.example.org"
SITE = f"https://{HOST}"
TYPED = ["http://chat.example.org/", "http://old.example.net"]


def redirecting(seen: list[str]) -> web.Application:
    """Sends everybody on to the site for good, as the web servers in front of many do."""

    async def handle(request: web.Request) -> web.Response:
        seen.append(str(request.url))
        raise web.HTTPMovedPermanently(SITE + request.path_qs)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    return app


@asynccontextmanager
async def network(site: CodeLinkAvaSite, seen: list[str]) -> AsyncIterator[Route]:
    """The site, by TLS only, and three addresses that lead there."""
    own, elsewhere = site.app(), redirecting(seen)

    @web.middleware
    async def only_tls(request: web.Request, handler: object) -> web.StreamResponse:
        if request.url.scheme == "http":
            raise web.HTTPMovedPermanently(SITE + request.path_qs)
        return await handler(request)  # type: ignore[no-any-return, operator]

    own.middlewares.append(only_tls)
    apps = {HOST: own, "chat.example.org": elsewhere, "old.example.net": elsewhere}
    async with LocalNetwork(apps=apps) as local:
        yield replace(local.route, sealed=False)  # a recording has no other addresses, so nobody looks there


def visits_of(site: CodeLinkAvaSite) -> int:
    """How often a browser has gone to the site's page."""
    return sum("upgrade-insecure-requests" in seen.headers for seen in site.calls("/"))


@pytest.mark.parametrize("typed", TYPED)
async def test_the_first_visit_finds_the_address(
    chromium: Browser, typed: str, caplog: pytest.LogCaptureFixture
) -> None:
    """In one line, and all that is stored is for that one; whoever types the same again finds it without a visit."""
    site, store, seen = CodeLinkAvaSite(), MemoryStore(), list[str]()
    async with network(site, seen) as route:
        with caplog.at_level(logging.WARNING, "toolkit"):
            first = Client("codelinkava", base_url=typed, route=route, store=store, browser=chromium, profile=TRUSTING)
            assert await first.chat("Hi").text() == "".join(site.answer)
        assert visits_of(site) == 1
        assert [key.origin for key in await store.sessions()] == [SITE] == [first.key.origin]
        told = [record.getMessage() for record in caplog.records if "leads to" in record.getMessage()]
        assert told == [f"{typed.rstrip('/')} leads to {SITE}, so the session is for that one"]
        visits = visits_of(site)
        for address in (typed, SITE):
            again = Client("codelinkava", base_url=address, route=route, store=store, profile=TRUSTING)
            assert await again.chat("Hi").text() == "".join(site.answer)
        assert visits_of(site) == visits  # where nothing that is stored tells the address, it is asked for
        assert (await Client("codelinkava", base_url=typed, route=route, store=store).check()).state == "ok"


async def test_the_right_address_is_asked_nothing_more(chromium: Browser) -> None:
    """Once its session is stored; and an address that leads to no other is the one that is meant."""
    site, store = CodeLinkAvaSite(), MemoryStore()
    async with network(site, []) as route:
        options = {"base_url": SITE, "route": route, "store": store, "profile": TRUSTING}
        await Client("codelinkava", **options, browser=chromium).session()  # type: ignore[arg-type]
        before = len(site.calls("/"))
        await Client("codelinkava", **options).session()  # type: ignore[arg-type]
        assert len(site.calls("/")) == before
        with pytest.raises(LoginRequired, match="There is no session"):
            await Client("codelinkava", account="other", **options).check()  # type: ignore[arg-type]


def test_what_was_typed_with_tls_is_not_asked_without() -> None:
    """Whatever session is stored: who types https:// does not want the token to be readable on its way."""
    plain, private = (Key("p", f"{scheme}://chat.example.org", "default") for scheme in ("http", "https"))
    assert known_site(plain, [private]) == private.origin
    assert known_site(private, [plain]) is None
