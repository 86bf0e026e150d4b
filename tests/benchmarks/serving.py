"""`toolkit serve` before a site, against the other servers that are here."""

from __future__ import annotations

import time
from contextlib import AbstractAsyncContextManager, AsyncExitStack

import aiohttp

from tests.benchmarks.latency import CALLS
from tests.benchmarks.results import OURS, Bar, Result, Scale
from tests.benchmarks.servers import BODY, LITELLM, PROXY, UNPACED, Server, present, running

NONE, DIRECT = "none", "the site itself"
# At once, frames of each, and ms between them: about as fast as models write. Where frames come faster than a busy
# machine reads them, they merge in its sockets, and what passes bytes on does less for each.
STREAMS, FRAMES, GAP = 100, 200, 20
MANY, MANY_FRAMES, MANY_GAP = 1000, 20, 250
MORE = 19  # times as many streams again, after which the memory is to be the same


async def serving(root: str, scale: Scale) -> list[Result]:
    """CPU of the server's process for each frame, its memory after all of them, and how long it takes to start.

    LiteLLM starts once, which takes a minute and more.
    """
    frames, streams = scale.of(FRAMES), scale.of(STREAMS)
    url, names = f"{root}/sse/{frames}/1/{GAP}", present()
    cpu: dict[str, list[float]] = {name: [] for name in names}
    memory: dict[str, list[float]] = {name: [] for name in names}
    start: dict[str, list[float]] = {name: [] for name in names}
    start_cpu: dict[str, list[float]] = {name: [] for name in names}
    async with AsyncExitStack() as stack:
        kept: Server | None = None
        for _ in range(max(1, scale.rounds // 2)):
            for name in names:
                async with AsyncExitStack() as turn:
                    if name == LITELLM and kept is not None:
                        server = kept
                    else:
                        server = await (stack if name == LITELLM else turn).enter_async_context(running(name, url))
                        kept = server if name == LITELLM else kept
                        start[name].append(server.seconds * 1000)
                        start_cpu[name].append(server.cpu() * 1000)
                        await server.read(streams)  # the first ones find nothing warm
                    before = server.cpu()
                    await server.read(streams)
                    cpu[name].append((server.cpu() - before) / (streams * frames) * 1e6)
                    memory[name].append(server.memory())
    start_cpu[NONE] = [0.0] * len(start_cpu[OURS])
    title = f"`toolkit serve`, {STREAMS} paced streams at once"
    ready = "`toolkit serve`, until it is ready"
    return [
        Result("serve", f"{title}, CPU per frame", "µs", cpu, (Bar(PROXY, 1.5), Bar(LITELLM, 1 / 15))),
        Result("serve-memory", f"{title}, memory of the process", "MB", memory),
        Result("serve-start", f"{ready}, CPU", "ms", start_cpu, (Bar(NONE, 600, over=True),)),
        Result("serve-start-time", ready, "ms", start),
    ]


async def many(root: str, scale: Scale) -> list[Result]:
    """A thousand streams at once, and then many times as many: what one costs, and the server's memory.

    Of the many only the last thousand are paced, all of which are open at once: with the others it would take minutes.
    """
    frames, streams = scale.of(MANY_FRAMES), scale.of(MANY)
    names = [name for name in present() if name != LITELLM]  # which would take minutes
    cpu: dict[str, list[float]] = {name: [] for name in names}
    memory: dict[str, list[float]] = {NONE: [0.0], **{name: [] for name in names}}
    after = f"after {MANY:,}"
    later: dict[str, list[float]] = {OURS: [], after: [], NONE: [0.0]}
    for name in names:
        unpaced = f"{root}/sse/{frames}/1/0"
        async with running(
            name, f"{root}/sse/{frames}/1/{MANY_GAP}" if scale.size == 1 else unpaced, unpaced
        ) as server:
            before = server.cpu()
            await server.read(streams)
            cpu[name].append((server.cpu() - before) / streams * 1000)
            memory[name].append(server.memory())
            if name == OURS:
                later[after].append(server.memory())
                for _ in range(scale.of(MORE) - 1):
                    await server.read(streams, UNPACED)
                await server.read(streams)
                later[OURS].append(server.memory())
    title = f"`toolkit serve`, {MANY:,} paced streams at once"
    most = Bar(NONE, 90, over=True)
    return [
        Result("serve-1000", f"{title}, CPU per stream", "ms", cpu),
        Result("serve-1000-memory", f"{title}, memory of the process", "MB", memory, (most,)),
        Result("serve-20000-memory", f"{title}, 20 times, memory", "MB", later, (most, Bar(after, 1.1))),
    ]


async def first_piece(root: str, scale: Scale) -> list[Result]:
    """How much later the first piece of a warm call is there than from the site itself; the median of many is one
    sample."""
    url = f"{root}/sse/3/1/0"
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(aiohttp.ClientSession())
        servers = {name: await stack.enter_async_context(running(name, url)) for name in present()}
        asks = {name: server.ask for name, server in servers.items()}
        samples: dict[str, list[float]] = {name: [] for name in (*asks, DIRECT)}
        for _ in range(scale.rounds + 1):
            times: dict[str, list[float]] = {name: [] for name in samples}
            for _ in range(scale.of(CALLS)):
                for name, ask in asks.items():
                    times[name].append(await _until_first(ask(http)))
                times[DIRECT].append(await _until_first(http.post(f"{url}/api/chat", json=BODY)))
            for name, values in times.items():
                samples[name].append(sorted(values)[len(values) // 2] * 1000)
    samples = {name: values[1:] for name, values in samples.items()}
    title = "`toolkit serve`, warm call, time to first piece"
    bars = (Bar(PROXY, 2.0, over=True), Bar(DIRECT, 2.0, over=True))
    return [Result("serve-first-piece", title, "ms", samples, bars)]


async def _until_first(call: AbstractAsyncContextManager[aiohttp.ClientResponse]) -> float:
    """The seconds until the first piece of an answer, all of which is read."""
    start = time.perf_counter()
    async with call as response:
        data = b""
        while b'"content":" ' not in data:
            data += await response.content.readany()
        took = time.perf_counter() - start
        await response.read()
    return took
