"""How soon the first piece of a warm call is there."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable

import aiohttp

from tests.benchmarks import peers
from tests.benchmarks.results import OURS, Bar, Result, Scale
from toolkit.client.client import Client

CALLS = 30


async def first_piece(root: str, scale: Scale) -> list[Result]:
    """Calls of a client that has connected before; the median of many is one sample."""
    url = f"{root}/sse/3/1/0"
    async with (
        Client("codelinkava", base_url=url, cookies={}) as client,
        aiohttp.ClientSession() as session,
    ):

        def ours() -> AsyncIterator[object]:
            return client.chat("Hi", model="m")

        async def raw() -> AsyncIterator[object]:
            async with session.post(f"{url}/api/chat", json=peers.BODY) as response:
                async for data in response.content.iter_any():
                    yield data

        works: dict[str, Callable[[], AsyncIterator[object]]] = {OURS: ours, peers.RAW: raw}
        samples: dict[str, list[float]] = {name: [] for name in works}
        for _ in range(scale.rounds + 1):
            times: dict[str, list[float]] = {name: [] for name in works}
            for _ in range(scale.of(CALLS)):
                for name, call in works.items():
                    times[name].append(await until_first(call))
            for name, values in times.items():
                samples[name].append(sorted(values)[len(values) // 2] * 1000)
    samples = {name: values[1:] for name, values in samples.items()}
    return [Result("first-piece", "warm call, time to first piece", "ms", samples, (Bar(peers.RAW, 1.0, over=True),))]


async def until_first(call: Callable[[], AsyncIterator[object]]) -> float:
    start, took = time.perf_counter(), None
    async for _ in call():
        took = took or time.perf_counter() - start
    assert took is not None
    return took
