"""What a page's calls are answered is recorded byte by byte, as the browser received it."""

from __future__ import annotations

import asyncio
import gzip

from aiohttp import web

from tests.conftest import OpenContext
from tests.recording.helpers import SITE
from toolkit.har.model import Entry
from toolkit.recording.recorder import Recorder
from toolkit.replay.local_network import LocalNetwork

PAGE = """<!doctype html><script>
async function ask(question) {
  const answer = await fetch("chat", {method: "POST", body: question});
  return await answer.text();
}
function listen() {
  return new Promise(resolve => {
    const events = new EventSource("events");
    events.onmessage = event => { if (event.data === "END") { events.close(); resolve("closed"); } };
  });
}
</script>"""
FRAMES = [b"data: Hel\n\n", b"data: l\xc3\xb6 \xe2\x80\x93\n\n", b"data: END\n\n"]


class Site:
    """A page whose answers come in pieces, each sent once the test has said so."""

    def __init__(self) -> None:
        self.turns = asyncio.Queue[None]()
        self.app = web.Application()
        self.app.router.add_get("/", self.page)
        self.app.router.add_post("/chat", self.stream)
        self.app.router.add_get("/events", self.stream)
        self.app.router.add_post("/packed", self.packed)

    async def page(self, _: web.Request) -> web.Response:
        return web.Response(text=PAGE, content_type="text/html")

    async def stream(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})  # without a charset
        await response.prepare(request)
        for frame in FRAMES:
            await self.turns.get()
            await response.write(frame)
        if request.method == "GET":
            await asyncio.Event().wait()  # its page closes it
        return response

    async def packed(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/jsonl", "Content-Encoding": "gzip"})
        await response.prepare(request)
        await self.turns.get()
        await response.write(gzip.compress('{"text":"ö"}\n'.encode()))
        return response


async def recorded(open_context: OpenContext, script: str, turns: int) -> list[Entry]:
    """The entries of the calls that `script` makes in the page, the pieces of whose answers come one by one."""
    recorder, site = Recorder(), Site()
    async with LocalNetwork(apps={"chat.example": site.app}) as network:
        context = await open_context(network)
        recorder.watch(context)
        page = await context.new_page()
        await recorder.ready()
        await page.goto(SITE)
        received = await context.new_cdp_session(page)
        pieces = asyncio.Queue[None]()
        received.on("Network.responseReceived", lambda _: pieces.put_nowait(None))
        received.on("Network.dataReceived", lambda _: pieces.put_nowait(None))
        await received.send("Network.enable")
        asking = asyncio.ensure_future(page.evaluate(script))
        for _ in range(turns):
            await asyncio.wait_for(pieces.get(), 10)
            site.turns.put_nowait(None)
        await asking
        await recorder.drain()
        await recorder.aclose()
    return [one for one in recorder.recording("a test").entries if one.resource_type != "document"]


async def test_the_chunks_of_a_stream_are_recorded_with_their_times(open_context: OpenContext) -> None:
    """The bytes are those of the network, whatever the browser would take a text without a charset for."""
    (entry,) = await recorded(open_context, "ask('why')", 3)
    content = entry.response.content
    assert content.body() == b"".join(FRAMES)
    times, lengths = zip(*(content.chunks or []), strict=True)
    assert sum(lengths) == len(content.body())
    assert 0 not in lengths
    assert list(times) == sorted(times)


async def test_a_stream_that_the_page_closes_is_recorded(open_context: OpenContext) -> None:
    """An EventSource that is closed by its page ends in an error for the browser; what came until then is there."""
    (entry,) = await recorded(open_context, "listen()", 3)
    assert entry.response.content.body() == b"".join(FRAMES)
    assert entry.error is not None


async def test_a_compressed_stream_is_recorded_as_its_text(open_context: OpenContext) -> None:
    """Like all bodies, those of streams are recorded after their Content-Encoding was decoded."""
    (entry,) = await recorded(open_context, "fetch('packed', {method: 'POST'}).then(one => one.text())", 1)
    assert entry.response.content.body() == '{"text":"ö"}\n'.encode()
