"""`toolkit serve` before a site, against the least that somebody can put there: a proxy that passes the bytes through.

`python -m tests.benchmarks.serving URL` is that proxy; it prints its address.
"""

from __future__ import annotations

import asyncio
import os
import resource
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from aiohttp import web

from tests.benchmarks.processes import ROOT, command
from tests.benchmarks.results import OURS, Bar, Result, Scale
from toolkit.providers.registry import find
from toolkit.session.browser_session import BrowserSession
from toolkit.stores.base import Key
from toolkit.stores.file import FileStore

PROXY = "bare aiohttp proxy"
STREAMS, FRAMES, GAP = 100, 200, 5  # at once, frames of each, and ms between them
PATH = "/v1/chat/completions"
BODY = {"model": "codelinkava/m", "messages": [{"role": "user", "content": "Hi"}], "stream": True}


async def serving(root: str, scale: Scale) -> list[Result]:
    """CPU of the server's process for each frame, its memory after all of them, and how long it takes to start."""
    frames = scale.of(FRAMES)
    url, streams = f"{root}/sse/{frames}/1/{GAP}", scale.of(STREAMS)
    cpu: dict[str, list[float]] = {OURS: [], PROXY: []}
    memory: dict[str, list[float]] = {OURS: [], PROXY: []}
    start: dict[str, list[float]] = {OURS: [], PROXY: []}
    for _ in range(max(1, scale.rounds // 2)):
        for name in cpu:
            async with _server(name, url) as (process, origin, seconds):
                await _read(origin, streams)  # the first ones find nothing warm
                before = _cpu(process.pid)
                await _read(origin, streams)
                cpu[name].append((_cpu(process.pid) - before) / (streams * frames) * 1e6)
                memory[name].append(_memory(process.pid))
                start[name].append(seconds * 1000)
    title = f"`toolkit serve`, {STREAMS} paced streams at once"
    return [
        Result("serve", f"{title}, CPU per frame", "µs", cpu, (Bar(PROXY, 1.5),)),
        Result("serve-memory", f"{title}, memory of the process", "MB", memory),
        Result("serve-start", "`toolkit serve`, from its start until it is ready", "ms", start),
    ]


@asynccontextmanager
async def _server(name: str, url: str) -> AsyncIterator[tuple[Process, str, float]]:
    """A server of that name before the site at `url`: its process, its origin, and the seconds until it was ready."""
    with tempfile.TemporaryDirectory() as folder:
        session = BrowserSession(provider="codelinkava", origin=url, headers={"user-agent": "Kept/1"})
        await FileStore(Path(folder, "sessions")).save(Key("codelinkava", find("codelinkava")(url).site), session)
        ours = (command(), "serve", "--port", "0", "--no-key", "--only", "codelinkava*")
        proxy = (sys.executable, "-m", "tests.benchmarks.serving", f"{url}/api/chat")
        began = time.perf_counter()
        process = await asyncio.create_subprocess_exec(
            *(ours if name == OURS else proxy),
            env={**os.environ, "PYTHONPATH": str(ROOT), "TOOLKIT_STATE_DIR": folder},
            stdout=PIPE,
        )
        assert process.stdout is not None
        origin = (await process.stdout.readline()).decode().removeprefix("ready: ").strip()
        try:
            yield process, origin, time.perf_counter() - began
        finally:
            process.terminate()
            await process.communicate()


async def _read(origin: str, streams: int) -> None:
    """All of so many answers at once."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        bodies = await asyncio.gather(*(_answer(http, origin) for _ in range(streams)))
    assert all(body.endswith(b"data: [DONE]\n\n") for body in bodies)


async def _answer(http: aiohttp.ClientSession, origin: str) -> bytes:
    async with http.post(f"{origin}{PATH}", json=BODY) as response:
        assert response.status == 200, await response.text()
        return await response.read()


def _cpu(pid: int) -> float:
    """The CPU time of a process, in seconds: of each of its threads, to the nanosecond (proc_pid_schedstat(5))."""
    return sum(int(path.read_text().split()[0]) for path in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


def _memory(pid: int) -> float:
    """The resident memory of a process, in MB."""
    return int(Path(f"/proc/{pid}/status").read_text().partition("VmRSS:")[2].split()[0]) / 1024


async def _proxy(url: str) -> None:
    """Pass each request on to `url`, and its answer back."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:

        async def answer(request: web.Request) -> web.StreamResponse:
            async with http.post(url, data=await request.read(), headers={"content-type": "application/json"}) as site:
                response = web.StreamResponse(headers={"Content-Type": site.content_type})
                await response.prepare(request)
                async for data in site.content.iter_any():
                    await response.write(data)
            await response.write_eof()
            return response

        application = web.Application()
        application.router.add_post(PATH, answer)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=4096).start()
        print(f"ready: http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    asyncio.run(_proxy(sys.argv[1]))
