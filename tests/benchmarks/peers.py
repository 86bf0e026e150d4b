"""Who reads chat completion streams, each as its own users would write it. A reader gives the number of characters.

Each imports what it needs by itself: in `crowd` a process has one of them only, and its memory is compared.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import aiohttp

from tests.benchmarks.results import OURS

Reader = Callable[[], Awaitable[int]]
Peer = Callable[[str], AbstractAsyncContextManager[Reader]]

RAW = "raw aiohttp"
HAND = "msgspec by hand"
LINES = "lines + json"
HTTPX = "httpx-sse"
OPENAI = "openai"
DECODERS = "aiohttp + our decoders"
BODY = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "stream": True}


@asynccontextmanager
async def toolkit(url: str) -> AsyncIterator[Reader]:
    from toolkit.client.client import Client

    async with Client("codelinkava", base_url=url, cookies={}) as client:

        async def read() -> int:
            count = 0
            async for piece in client.chat("Hi", model="m"):
                count += len(piece)
            return count

        yield read


def over_aiohttp(count: Callable[[aiohttp.StreamReader], Awaitable[int]]) -> Peer:
    """A peer that reads the body of a bare aiohttp call."""

    @asynccontextmanager
    async def peer(url: str) -> AsyncIterator[Reader]:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

            async def read() -> int:
                async with session.post(f"{url}/api/chat", json=BODY) as response:
                    return await count(response.content)

            yield read

    return peer


async def raw(content: aiohttp.StreamReader) -> int:
    """Nothing but the bytes."""
    async for _ in content.iter_any():
        pass
    return 0


@cache
def chunk_decoder(fields: tuple[str, ...]) -> Callable[[bytes], Any]:
    """Decodes a chunk, of whose deltas one wants the `fields`."""
    import msgspec

    delta = msgspec.defstruct("Delta", [(field, str | None, None) for field in fields], gc=False)
    choice_fields: list[Any] = [("delta", delta | None, None), ("finish_reason", str | None, None)]
    choice = msgspec.defstruct("Choice", choice_fields, gc=False)
    chunk_fields: list[Any] = [("choices", list[choice], []), ("error", Any, None)]  # type: ignore[valid-type]
    return msgspec.json.Decoder(msgspec.defstruct("Chunk", chunk_fields, gc=False)).decode


async def by_hand(content: aiohttp.StreamReader) -> int:
    """What somebody writes who wants it fast and knows that the stream is as it should be."""
    decode = chunk_decoder(("content",))
    rest, count = b"", 0
    async for data in content.iter_any():
        *frames, rest = (rest + data).split(b"\n\n")
        for frame in frames:
            if frame.startswith(b"data: ") and frame != b"data: [DONE]":
                found = decode(frame[6:]).choices[0].delta
                if found and found.content:
                    count += len(found.content)
    return count


async def by_lines(content: aiohttp.StreamReader) -> int:
    """What most people write."""
    count = 0
    async for line in content:
        line = line.strip()
        if line.startswith(b"data: ") and line != b"data: [DONE]":
            count += len(json.loads(line[6:])["choices"][0]["delta"].get("content") or "")
    return count


async def by_decoders(content: aiohttp.StreamReader) -> int:
    """Our decoders without our client, to see what each of them costs."""
    from toolkit.providers.openai.wire import Choice, Chunk
    from toolkit.streams.json_decoding import decode_json
    from toolkit.streams.sse import SSEDecoder

    decoder, count = SSEDecoder(), 0
    async for data in content.iter_any():
        for event in decoder.feed(data):
            if event.data != "[DONE]":
                delta = (decode_json(event.data, Chunk).choices or [Choice()])[0].delta
                if delta and delta.content:
                    count += len(delta.content)
    return count


@asynccontextmanager
async def httpx_sse(url: str) -> AsyncIterator[Reader]:
    httpx: Any = import_module("httpx")
    connect: Any = import_module("httpx_sse").aconnect_sse
    async with httpx.AsyncClient() as client:

        async def read() -> int:
            count = 0
            async with connect(client, "POST", f"{url}/api/chat", json=BODY) as source:
                async for event in source.aiter_sse():
                    if event.data != "[DONE]":
                        count += len(json.loads(event.data)["choices"][0]["delta"].get("content") or "")
            return count

        yield read


@asynccontextmanager
async def openai(url: str) -> AsyncIterator[Reader]:
    async with import_module("openai").AsyncOpenAI(api_key="none", base_url=url) as client:

        async def read() -> int:
            count = 0
            async for chunk in await client.chat.completions.create(**BODY):
                count += len(chunk.choices[0].delta.content or "")
            return count

        yield read


ALL: dict[str, Peer] = {
    OURS: toolkit,
    RAW: over_aiohttp(raw),
    HAND: over_aiohttp(by_hand),
    DECODERS: over_aiohttp(by_decoders),
    LINES: over_aiohttp(by_lines),
    HTTPX: httpx_sse,
    OPENAI: openai,
}
NEEDS = {HTTPX: ("httpx", "httpx_sse"), OPENAI: ("openai",)}
ABSENT = [name for name, needed in NEEDS.items() if not all(map(find_spec, needed))]


@asynccontextmanager
async def opened(url: str, names: tuple[str, ...] = tuple(ALL)) -> AsyncIterator[dict[str, Reader]]:
    """The peers that are here, each with its connections to `url`."""
    async with AsyncExitStack() as stack:
        present = [name for name in names if name not in ABSENT]
        yield {name: await stack.enter_async_context(ALL[name](url)) for name in present}
