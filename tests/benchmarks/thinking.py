"""What a frame of a model that thinks costs this process, for who wants its reasoning too."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp

from tests.benchmarks.decoding import in_turns
from tests.benchmarks.peers import HAND, LINES, Reader, chunk_decoder, over_aiohttp
from tests.benchmarks.results import OURS, Bar, Result, Scale
from tests.benchmarks.upstream import PIECE
from toolkit.chats.events import Reasoning, Text
from toolkit.client.client import Client

COUNT, EACH = 500, 10  # chunks, frames in each


@asynccontextmanager
async def toolkit(url: str) -> AsyncIterator[Reader]:
    async with Client("codelinkava", base_url=url, cookies={}) as client:

        async def read() -> int:
            count = 0
            async for event in client.chat("Hi", model="m").events():
                if isinstance(event, Text | Reasoning):
                    count += len(event.text)
            return count

        yield read


async def by_hand(content: aiohttp.StreamReader) -> int:
    """As `peers.by_hand`, of both fields."""
    decode = chunk_decoder(("content", "reasoning_content"))
    rest, count = b"", 0
    async for data in content.iter_any():
        *frames, rest = (rest + data).split(b"\n\n")
        for frame in frames:
            if frame.startswith(b"data: ") and frame != b"data: [DONE]":
                delta = decode(frame[6:]).choices[0].delta
                count += len(delta.content or delta.reasoning_content or "")
    return count


async def by_lines(content: aiohttp.StreamReader) -> int:
    """As `peers.by_lines`, of both fields."""
    count = 0
    async for line in content:
        line = line.strip()
        if line.startswith(b"data: ") and line != b"data: [DONE]":
            delta = json.loads(line[6:])["choices"][0]["delta"]
            count += len(delta.get("content") or delta.get("reasoning_content") or "")
    return count


PEERS = {OURS: toolkit, HAND: over_aiohttp(by_hand), LINES: over_aiohttp(by_lines)}


async def bursts(root: str, scale: Scale) -> list[Result]:
    """Reasoning, and a little text at the end, as events."""
    count = scale.of(COUNT)
    async with AsyncExitStack() as stack:
        url = f"{root}/think/{count}/{EACH}/0"
        readers = {name: await stack.enter_async_context(peer(url)) for name, peer in PEERS.items()}
        for name, read in readers.items():
            found, due = await read(), count * EACH * len(PIECE)
            assert found == due, f"{name} read {found} of {due} characters"
        samples = await in_turns(readers, scale.rounds, count * EACH * 1e-6)
    bars = (Bar(HAND, 3.5), Bar(LINES, 2 / 3))
    return [Result("reasoning", "SSE + JSON with reasoning to events, CPU per frame", "µs", samples, bars)]
