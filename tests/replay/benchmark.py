"""What replay costs, against bare aiohttp: `python -m tests.replay.benchmark`."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from aiohttp import web

import toolkit
from tests.recording.helpers import SITE, client, entry, replaying
from toolkit.client.client import Client
from toolkit.har.model import Recording
from toolkit.recording.files import load, save
from toolkit.replay.local_network import LocalNetwork
from toolkit.replay.playback import Playback

DEMO = Path(toolkit.__file__).parent / "recording" / "demos" / "aura.har"
CHUNKS = [b"x" * 10] * 38


async def median(name: str, work: Callable[[], Awaitable[object]], runs: int) -> None:
    """Print how long `work` takes in the middle, and at its first time, in ms."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        await work()
        times.append((time.perf_counter() - start) * 1000)
    print(f"{name:<52} {statistics.median(times):8.2f} ms   (first {times[0]:.2f})")


async def costs() -> None:
    demo = load(DEMO)
    assert demo.chat is not None
    messages = demo.chat.messages

    async def start() -> None:
        await (await LocalNetwork(recording=demo).__aenter__()).__aexit__(None)

    async def test() -> None:
        async with (
            LocalNetwork(recording=demo, strict=True) as network,
            Client("aura", session=network.session, route=network.route) as chatting,
        ):
            await chatting.chat(messages).text()

    await median("start and end of the network", start, 30)
    await median("a whole test without a browser, strict", test, 30)
    async with bare() as url, aiohttp.ClientSession() as session:
        await median("a stream of 38 chunks, bare aiohttp without TLS", lambda: read(session, url), 200)
    stream = entry(body=[(0.0, data) for data in CHUNKS])
    async with replaying(stream) as network, client(network) as session:
        await median("a stream of 38 chunks, replayed over TLS", lambda: read(session, SITE), 200)


async def indexing(folder: Path) -> None:
    """A recording of 500 exchanges and 5 MB."""
    entries = [
        entry(
            "POST" if number % 3 else "GET",
            f"{SITE}/path/{number}?page={number}",
            sent=b'{"number": %d}' % number if number % 3 else b"",
            headers=[("Content-Type", "text/plain"), ("Set-Cookie", f"theme=dark{number % 7}; HttpOnly")],
            body=b"to be or not to be, " * 500,
        )
        for number in range(500)
    ]
    path = folder / "large.har"
    save(Recording(entries=entries), path)
    recording = load(path)

    async def read_file() -> None:
        load(path)

    async def index() -> None:
        Playback(recording.entries)

    size = path.stat().st_size / 1e6
    await median(f"reading a HAR of {len(entries)} exchanges, {size:.1f} MB", read_file, 10)
    await median(f"indexing {len(entries)} exchanges", index, 10)


async def read(session: aiohttp.ClientSession, url: str) -> bytes:
    async with session.get(url) as answer:
        return await answer.read()


@asynccontextmanager
async def bare() -> AsyncIterator[str]:
    """A server of aiohttp's own that streams."""

    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        for data in CHUNKS:
            await response.write(data)
        return response

    app = web.Application()
    app.router.add_get("/", stream)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    await runner.cleanup()


def main() -> None:
    asyncio.run(costs())
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(indexing(Path(folder)))


if __name__ == "__main__":
    main()
