"""What CPU time a replayed call over a WebSocket takes, with TLS and both ends, against its bare frames."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from aiohttp import web

import toolkit
from tests.benchmarks.results import OURS, Bar, Result, Scale
from tests.replay.replayed_client import replayed_client
from tests.sites.serving import serve
from toolkit.har.model import Entry, Recording
from toolkit.recording.files import load

DEMO = Path(toolkit.__file__).parent / "recording" / "demos" / "chainlit.har"
CALLS = 7
BARE = "aiohttp socket"
MOST = 30.0  # ms more than the bare frames


async def replayed_socket(root: str, scale: Scale) -> list[Result]:
    """A call of the shipped recording, each in a network of its own, whose start is not counted; the median of some is
    one sample."""
    recording = load(DEMO)
    socket = next(one for one in recording.entries if one.is_socket and not isinstance(one.pageref, str))
    samples: dict[str, list[float]] = {OURS: [], BARE: []}
    async with _bare(socket) as talk:
        for _ in range(scale.rounds + 1):
            times: dict[str, list[float]] = {OURS: [], BARE: []}
            for _ in range(scale.of(CALLS)):
                times[OURS].append(await _replay(recording))
                times[BARE].append(await _timed(talk))
            for name, values in times.items():
                samples[name].append(sorted(values)[len(values) // 2] * 1000)
    samples = {name: values[1:] for name, values in samples.items()}
    title = "replayed call over a WebSocket: CPU of both ends, to the end of its answer"
    return [Result("replayed-socket", title, "ms", samples, (Bar(BARE, MOST, over=True),))]


async def _replay(recording: Recording) -> float:
    async with replayed_client(recording) as (client, chat):
        start = time.process_time()
        await client.chat(chat.messages, **chat.settings).text()
        return time.process_time() - start


async def _timed(work: Callable[[], Awaitable[None]]) -> float:
    start = time.process_time()
    await work()
    return time.process_time() - start


@asynccontextmanager
async def _bare(socket: Entry) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """The frames of `socket` between a server and a client of aiohttp, on a connection of their own without TLS."""
    messages = socket.messages or []

    async def site(request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        for message in messages:
            await (ws.receive() if message.is_sent else ws.send_str(message.data))
        await ws.close()
        return ws

    app = web.Application()
    app.router.add_get("/", site)

    async def talk() -> None:
        async with aiohttp.ClientSession() as session, session.ws_connect(origin) as ws:
            for message in messages:
                await (ws.send_str(message.data) if message.is_sent else ws.receive())

    async with serve(app) as origin:
        yield talk
