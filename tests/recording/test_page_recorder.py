"""What the watcher of pages makes of Playwright's events, in the order in which they can come."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web
from playwright.async_api import Request

from tests.conftest import OpenContext
from tests.recording.helpers import SITE
from tests.sites.asking import SECONDS, until
from toolkit.recording.recorder import Recorder
from toolkit.replay.local_network import LocalNetwork


async def test_an_end_that_is_told_late_is_waited_for(
    open_context: OpenContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page may have an answer's end before Playwright tells of it: draining gives it a moment."""
    monkeypatch.setattr("toolkit.recording.page_recorder.LATE_SECONDS", SECONDS)
    release = asyncio.Event()

    async def answer(_: web.Request) -> web.Response:
        await release.wait()
        return web.Response(text="whole")

    app = web.Application()
    app.router.add_get("/", answer)
    recorder, asked = Recorder(), list[Request]()
    async with LocalNetwork(apps={"chat.example": app}) as network:
        context = await open_context(network)
        recorder.watch(context)
        context.on("request", lambda request: asked.append(request))
        page = await context.new_page()
        going = asyncio.ensure_future(page.goto(SITE))
        await until(lambda: bool(asked))
        draining = asyncio.ensure_future(recorder.drain())
        await asyncio.sleep(0)
        release.set()
        await draining
        await going
        await recorder.aclose()
    (entry,) = recorder.recording("a test").entries
    assert (entry.response.content.body(), entry.error) == (b"whole", None)
