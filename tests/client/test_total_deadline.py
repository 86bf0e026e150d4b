"""The deadline `total`: it is kept over everything that a call does, and whatever a site does meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from playwright.async_api import Browser

from tests.sites.asking import SECONDS
from tests.sites.serving import serve
from toolkit.chats.deadlines import Deadlines
from toolkit.client import client as client_module
from toolkit.client.client import Client
from toolkit.errors import StreamTimeout
from toolkit.session.browser_session import BrowserSession
from toolkit.stores.memory import MemoryStore

SHORT = 0.3  # seconds
TOTAL = rf"within {SHORT:g} s \(deadline `total`\)\. .*`Deadlines\(total=\.\.\.\)` gives it more time"


async def page(_: web.Request) -> web.Response:
    return web.Response(text="<textarea></textarea>", content_type="text/html")


@asynccontextmanager
async def stuck_site(*, dripping: bool = False) -> AsyncIterator[str]:
    """A site whose page is there, and that never answers anything else: it is silent, or sends a blank now and then."""
    closing = asyncio.Event()

    async def stuck(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        if dripping:
            await response.prepare(request)
        while not closing.is_set():
            if dripping:
                await response.write(b" ")
            try:
                await asyncio.wait_for(closing.wait(), 0.05)
            except TimeoutError:
                continue
        return response

    app = web.Application()
    app.router.add_get("/", page)
    app.router.add_route("*", "/{path:.+}", stuck)
    async with serve(app) as origin:
        yield origin
        closing.set()


def session(origin: str) -> BrowserSession:
    return BrowserSession.from_cookie_values("openwebui", origin, {"token": "abc"})


@pytest.mark.parametrize("dripping", [False, True], ids=["silent", "dripping"])
async def test_a_check_and_a_list_of_models_have_an_end(dripping: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the deadline that was given, or without any after a time of their own."""
    async with stuck_site(dripping=dripping) as origin, asyncio.timeout(SECONDS):
        for deadlines in (Deadlines(total=SHORT), None):
            monkeypatch.setattr(client_module, "SHORT_SECONDS", SHORT)
            store = MemoryStore()
            client = Client("openwebui", base_url=origin, deadlines=deadlines, store=store)
            await store.save(client.key, session(origin))
            with pytest.raises(StreamTimeout, match=TOTAL) as caught:
                await client.check()
            assert (caught.value.deadline, caught.value.seconds) == ("total", SHORT)
            with pytest.raises(StreamTimeout, match=TOTAL):
                await client.models(refresh=True)


async def test_a_visit_is_part_of_the_call(chromium: Browser) -> None:
    """Its own limits may be far longer. What it opened is closed when the call has failed."""
    before = set(chromium.contexts)
    async with stuck_site() as origin, asyncio.timeout(SECONDS):
        client = Client("gradio", base_url=origin, browser=chromium, deadlines=Deadlines(total=SHORT))
        with pytest.raises(StreamTimeout, match=TOTAL):
            await client.chat("Hi").text()
    assert set(chromium.contexts) <= before


async def test_waiting_for_another_call_is_part_of_the_call() -> None:
    """Of two calls on an account that takes one at a time, the second ends by its own deadline."""
    async with stuck_site() as origin, asyncio.timeout(SECONDS):
        given = session(origin)
        first, second = (
            Client("openassistant", base_url=origin, session=given, deadlines=deadlines)
            for deadlines in (None, Deadlines(total=SHORT))
        )
        opening = asyncio.ensure_future(first.chat("Hi").text())
        await asyncio.sleep(0)
        with pytest.raises(StreamTimeout, match="deadline `total`"):
            await second.chat("Hi").text()
        opening.cancel()
        await asyncio.wait({opening})
