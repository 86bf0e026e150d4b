"""What the watcher of pages makes of Playwright's events, in the order in which they can come."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web
from playwright.async_api import Request

from tests.conftest import OpenContext
from tests.recording.helpers import SITE
from tests.sites.asking import SECONDS, until
from toolkit.har.model import Recording
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


LOADING = """<!doctype html><script src=app.js></script><script>
async function load() { for (const part of ["one", "two", "three"]) await fetch(part); await fetch("never"); }
load();
</script>"""


def loading_site(text: str = LOADING) -> web.Application:
    """A page that asks for one thing after the other, the last of which never comes; or with another `text`."""

    async def page(_: web.Request) -> web.Response:
        return web.Response(text=text, content_type="text/html")

    async def script(_: web.Request) -> web.Response:
        return web.Response(text="1", content_type="text/javascript")

    async def part(request: web.Request) -> web.Response:
        return web.json_response(request.path)

    async def never(_: web.Request) -> web.Response:
        await asyncio.Event().wait()
        return web.Response()

    app = web.Application()
    app.router.add_get("/", page)
    app.router.add_get("/app.js", script)
    app.router.add_get("/never", never)
    app.router.add_get("/{part}", part)
    return app


async def visited(open_context: OpenContext, site: web.Application, *, page: bool) -> tuple[Recording, list[str]]:
    """What is recorded of a visit of `site`, and the paths of that."""
    recorder = Recorder(page=page)
    async with LocalNetwork(apps={"chat.example": site}) as network:
        context = await open_context(network)
        recorder.watch(context)
        await (await context.new_page()).goto(SITE)
        await recorder.drain()
        await recorder.aclose()
    recording = recorder.recording("a test")
    return recording, [entry.request.url.removeprefix(SITE) for entry in recording.entries]


@pytest.mark.parametrize("whole", [False, True])
async def test_a_page_is_waited_for_where_all_of_it_is_recorded(
    open_context: OpenContext, monkeypatch: pytest.MonkeyPatch, whole: bool
) -> None:
    """Draining then waits until the page asks nothing more, whatever is still under way; else no script is read."""
    monkeypatch.setattr("toolkit.recording.page_recorder.LATE_SECONDS", 0)
    recording, asked = await visited(open_context, loading_site(), page=whole)
    assert recording.lean is not whole
    assert ("/app.js" in asked) is whole
    assert not whole or asked[-4:] == ["/one", "/two", "/three", "/never"]


WORKING = """<!doctype html><script>
addEventListener("load", () => setTimeout(() => {
    for (const end = performance.now() + 1000; performance.now() < end;);
    fetch("one");
}));
</script>"""


async def test_a_page_that_is_at_work_is_waited_for(open_context: OpenContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """While its scripts run it asks nothing, for much longer than a page that has loaded may be quiet."""
    monkeypatch.setattr("toolkit.recording.page_recorder.QUIET_SECONDS", 0.05)
    _, asked = await visited(open_context, loading_site(WORKING), page=True)
    assert asked == ["/", "/one"]
