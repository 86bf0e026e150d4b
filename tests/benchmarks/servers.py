"""What can be put before a site, each as a process: `toolkit serve`, the least that somebody can
write (a proxy that passes the bytes through), and LiteLLM's proxy, whose command is named in the environment.

`python -m tests.benchmarks.servers URL` is the proxy; it prints its address.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import shutil
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import aiohttp
from aiohttp import web

from tests.benchmarks.processes import ROOT, command
from tests.benchmarks.results import OURS
from toolkit.gateway.listening import bind
from toolkit.providers.registry import find
from toolkit.session.browser_session import BrowserSession
from toolkit.stores.base import Key
from toolkit.stores.file import FileStore

PROXY, LITELLM = "bare aiohttp proxy", "LiteLLM proxy"
LITELLM_VARIABLE = "BENCH_LITELLM"  # its command, in an environment of its own: it pins what it needs
LITELLM_SECONDS = 1800.0  # until it is ready: it takes a minute of CPU, more at its first start
LITELLM_OFFLINE = {"LITELLM_LOCAL_MODEL_COST_MAP": "True"}  # no waiting for prices from the network
PATH = "/v1/chat/completions"
KEY = "sk-of-the-benchmarks"
MODEL = "codelinkava/m"
UNPACED = "codelinkava@unpaced/m"  # of our server: an account at a site that sends all of an answer at once
BODY = {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}], "stream": True}


def litellm() -> str | None:
    """LiteLLM's command, where there is one."""
    return shutil.which(os.environ.get(LITELLM_VARIABLE, "litellm"))


def present() -> tuple[str, ...]:
    """The servers that are here."""
    return (OURS, PROXY, LITELLM) if litellm() else (OURS, PROXY)


class Server(NamedTuple):
    """A server that runs at `origin`, and was ready after `seconds`."""

    process: Process
    origin: str
    seconds: float

    def cpu(self) -> float:
        """The CPU time of all its threads, in seconds, to the nanosecond (proc_pid_schedstat(5))."""
        threads = Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")
        return sum(int(path.read_text().split()[0]) for path in threads) / 1e9

    def memory(self) -> float:
        """The resident memory of the process, in MB."""
        return int(Path(f"/proc/{self.process.pid}/status").read_text().partition("VmRSS:")[2].split()[0]) / 1024

    async def read(self, streams: int, model: str = MODEL) -> None:
        """Read so many answers of `model` at once, all to their ends."""
        connector, timeout = aiohttp.TCPConnector(limit=0), aiohttp.ClientTimeout(total=None)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as http:
            bodies = await asyncio.gather(*(self._answer(http, model) for _ in range(streams)))
        assert all(body.endswith(b"data: [DONE]\n\n") for body in bodies)

    async def _answer(self, http: aiohttp.ClientSession, model: str) -> bytes:
        async with self.ask(http, model) as response:
            assert response.status == 200, await response.text()
            return await response.read()

    def ask(self, http: aiohttp.ClientSession, model: str = MODEL) -> aiohttp.client._RequestContextManager:
        """The answer to a call."""
        body = {**BODY, "model": model}
        return http.post(f"{self.origin}{PATH}", json=body, headers={"Authorization": f"Bearer {KEY}"})


@asynccontextmanager
async def running(name: str, url: str, unpaced: str | None = None) -> AsyncIterator[Server]:
    """A server of that name before the site at `url`, and the one of `UNPACED` at `unpaced`."""
    with tempfile.TemporaryDirectory() as folder:
        await _store_session(folder, url, "default")
        if unpaced is not None:
            await _store_session(folder, unpaced, UNPACED.partition("@")[2].partition("/")[0])
        starts = {OURS: _ours, PROXY: _bare, LITELLM: _litellm}
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "TOOLKIT_STATE_DIR": folder, "TOOLKIT_SERVE_KEY": KEY}
        began = time.perf_counter()
        process, origin = await starts[name](url, Path(folder), environment)
        try:
            yield Server(process, origin, time.perf_counter() - began)
        finally:
            process.terminate()
            await process.communicate()


async def _store_session(folder: str, url: str, account: str) -> None:
    session = BrowserSession(provider="codelinkava", origin=url, headers={"user-agent": "Kept/1"})
    key = Key("codelinkava", find("codelinkava")(url).site, account)
    await FileStore(Path(folder, "sessions")).save(key, session)


async def _ours(_: str, __: Path, environment: dict[str, str]) -> tuple[Process, str]:
    return await _started((command(), "serve", "--port", "0", "--only", "codelinkava*"), environment)


async def _bare(url: str, _: Path, environment: dict[str, str]) -> tuple[Process, str]:
    return await _started((sys.executable, "-m", "tests.benchmarks.servers", f"{url}/api/chat"), environment)


async def _started(arguments: tuple[str, ...], environment: dict[str, str]) -> tuple[Process, str]:
    """A process that prints its address once it is ready."""
    process = await asyncio.create_subprocess_exec(*arguments, env=environment, stdout=PIPE)
    assert process.stdout is not None
    return process, (await process.stdout.readline()).decode().removeprefix("ready: ").strip()


async def _litellm(url: str, folder: Path, environment: dict[str, str]) -> tuple[Process, str]:
    """LiteLLM with a key and without a database, which it needs for none of this."""
    parameters = {"model": "openai/m", "api_base": url, "api_key": KEY}
    config = {
        "model_list": [{"model_name": MODEL, "litellm_params": parameters}],
        "general_settings": {"master_key": KEY},
    }
    (folder / "config.yaml").write_text(json.dumps(config), encoding="utf-8")  # JSON is YAML
    with bind("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    found = litellm()
    assert found is not None
    process = await asyncio.create_subprocess_exec(
        *(found, "--config", str(folder / "config.yaml"), "--host", "127.0.0.1", "--port", str(port)),
        # All pieces of these answers are alike, which it takes for a model that is stuck.
        env={**environment, "PYTHONPATH": "", "REPEATED_STREAMING_CHUNK_LIMIT": "1000000000", **LITELLM_OFFLINE},
        stdout=DEVNULL,
        stderr=DEVNULL,
    )
    origin = f"http://127.0.0.1:{port}"
    try:
        async with asyncio.timeout(LITELLM_SECONDS), aiohttp.ClientSession() as http:
            while not await _is_ready(http, origin):
                assert process.returncode is None, "LiteLLM has ended"
                await asyncio.sleep(0.1)
    except BaseException:
        process.kill()
        await process.wait()
        raise
    return process, origin


async def _is_ready(http: aiohttp.ClientSession, origin: str) -> bool:
    try:
        async with http.get(f"{origin}/health/liveliness") as response:
            return response.status == 200
    except aiohttp.ClientConnectionError:
        return False


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


def raise_file_limit() -> None:
    """Allow this process, and those that it starts, as many connections as the system does."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


if __name__ == "__main__":
    raise_file_limit()
    asyncio.run(_proxy(sys.argv[1]))
