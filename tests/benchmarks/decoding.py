"""What a frame, or a megabyte, costs this process, in CPU time."""

from __future__ import annotations

import codecs
import gc
import time
from collections.abc import Awaitable, Callable, Mapping

import aiohttp

from tests.benchmarks import peers
from tests.benchmarks.results import OURS, Bar, Result, Scale
from tests.benchmarks.upstream import PIECE, text
from toolkit.client.client import Client
from toolkit.streams.sse import SSEDecoder

BY_HAND = "aiohttp + codec"
BURSTS = ("sse", 500, 10, 0)
PACED = ("sse", 400, 1, 2)
PACED_TURNS = 3
PLAIN = ("text", 500, 64 * 1024, 0)
LONG_LINE = 4 * 1024 * 1024
SHORT = "a line a tenth as long"


async def in_turns(
    works: Mapping[str, Callable[[], Awaitable[object]]], rounds: int, unit: float
) -> dict[str, list[float]]:
    """The CPU time of each work in each round, in seconds over `unit`. The first time of each does not count."""
    samples: dict[str, list[float]] = {name: [] for name in works}
    for number in range(rounds + 1):
        names = list(works)
        shift = number % len(names)
        for name in names[shift:] + names[:shift]:
            gc.collect()
            start = time.process_time()
            await works[name]()
            samples[name].append((time.process_time() - start) / unit)
    return {name: values[1:] for name, values in samples.items()}


async def bursts(root: str, scale: Scale) -> list[Result]:
    """Chat completion frames to text, ten at a time."""
    bars = (Bar(peers.HAND, 2.0), Bar(peers.LINES, 1 / 3), Bar(peers.OPENAI, 1 / 30))
    samples = await frames(root, BURSTS, scale)
    return [Result("bursts", "SSE + JSON to text, bursts of 10 frames, CPU per frame", "µs", samples, bars)]


async def paced(root: str, scale: Scale) -> list[Result]:
    """Chat completion frames to text, one at a time. Who mostly waits finds other things in the processor's caches each
    time: that takes more turns to even out, and makes the least code for reading JSON dear. So the bar is against that,
    and not against who reads nothing."""
    samples = await frames(root, PACED, scale._replace(rounds=PACED_TURNS * scale.rounds))
    title = "SSE + JSON to text, one frame per chunk, CPU per frame"
    return [Result("paced", title, "µs", samples, (Bar(peers.HAND, 1.2),))]


async def frames(root: str, plan: tuple[str, int, int, int], scale: Scale) -> dict[str, list[float]]:
    kind, count, each, gap = plan
    count = scale.of(count)
    async with peers.opened(f"{root}/{kind}/{count}/{each}/{gap}") as readers:
        for name, read in readers.items():
            found, due = await read(), count * each * len(PIECE)
            assert found == due or name == peers.RAW, f"{name} read {found} of {due} characters"
        return await in_turns(readers, scale.rounds, count * each * 1e-6)


async def plain(root: str, scale: Scale) -> list[Result]:
    """A raw text stream as fast as it comes."""
    kind, count, each, gap = PLAIN
    count = scale.of(count)
    url, size = f"{root}/{kind}/{count}/{each}/{gap}", len(text(count, each).decode("utf-8", "replace"))
    async with (
        Client("aura", base_url=url, cookies={}) as client,
        aiohttp.ClientSession() as session,
    ):

        async def ours() -> None:
            assert sum([len(piece) async for piece in client.chat("Hi", model="m")]) == size

        async def by_hand() -> None:
            decoder, found = codecs.getincrementaldecoder("utf-8")(errors="replace"), 0
            async with session.post(f"{url}/api/chat", json=peers.BODY) as response:
                async for data in response.content.iter_any():
                    found += len(decoder.decode(data))
            assert found + len(decoder.decode(b"", True)) == size

        samples = await in_turns({OURS: ours, BY_HAND: by_hand}, scale.rounds, count * each * 1e-9)
    return [Result("text", "raw text stream, CPU per MB", "ms", samples, (Bar(BY_HAND, 1.3),))]


async def linear(_: str, scale: Scale) -> list[Result]:
    """One line of megabytes in small chunks, against a shorter one: the cost of a byte is the same."""
    part, count = b"x" * 64, scale.of(LONG_LINE) // 64

    async def line(parts: int, times: int) -> None:
        for _ in range(times):
            decoder = SSEDecoder()
            decoder.feed(b"data: ")
            for _ in range(parts):
                decoder.feed(part)
            assert len(decoder.feed(b"\n\n")[0].data) == parts * len(part)

    works = {OURS: lambda: line(count, 1), SHORT: lambda: line(max(1, count // 10), 10)}
    samples = await in_turns(works, scale.rounds, count * len(part) * 1e-9)
    return [Result("linear", "one line in chunks of 64 bytes, CPU per MB", "ms", samples, (Bar(SHORT, 1.5),))]
