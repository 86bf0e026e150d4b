"""The servers: replicas of `toolkit serve` on ports of their own, and the HAProxy of the page about serving before
them."""

from __future__ import annotations

import asyncio
import os
import random
import re
import shutil
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp

from tests.conftest import absent
from tests.readme.blocks import blocks
from tests.real.replicas.plugin import REPLICA
from tests.real.server import free_port
from tests.sites.asking import SECONDS

KEY = "tk-a-key-for-these-replicas"
PAUSES = 1.0, 3.0  # seconds between two kills, the shortest and the longest
SECTION = "serving.md#From one machine to many"


class Fleet:
    """Some replicas with files in `folder` and sessions in the store `redis`, to be called at `url`. `killed` are the
    names of the processes that were ended by SIGKILL."""

    def __init__(self, folder: Path, redis: str, count: int = 3) -> None:
        self.folder, self.redis = folder, redis
        self.balancer = free_port()
        self.ports = [free_port() for _ in range(count)]
        self.url = f"http://127.0.0.1:{self.balancer}"
        self.killed: set[str] = set()
        self.signals: Counter[str] = Counter()
        self._processes: dict[int, tuple[str, Process]] = {}
        self._starts = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """All of them, until the end of the block."""
        self._install_providers()
        await asyncio.gather(*(self.start(port) for port in self.ports))
        program = shutil.which("haproxy", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
        if program is None:
            absent("There is no haproxy.")
        haproxy = await asyncio.create_subprocess_exec(
            *(program, "-f", str(self._haproxy_config())), stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE
        )
        try:
            await self._until_healthy(haproxy)
            yield
        finally:
            haproxy.kill()
            await haproxy.communicate()
            for _, process in self._processes.values():
                with suppress(ProcessLookupError):
                    process.kill()
                await process.communicate()

    async def start(self, port: int) -> None:
        """Start the replica at `port`, and return once it says that it is ready."""
        self._starts += 1
        name = f"{port}-{self._starts}"
        environ = {
            **os.environ,
            "HOME": str(self.folder),
            "TOOLKIT_STATE_DIR": str(self.folder / "state"),
            "TOOLKIT_SERVE_KEY": KEY,
            "PYTHONPATH": os.pathsep.join((str(self.folder), *sys.path)),
            REPLICA: name,
            "TOOLKIT_BROWSERS": str(self.folder / "browsers.json"),
            "TOOLKIT_STORE_KEY": "",
        }
        command = ("serve", "--port", str(port), "--store", self.redis, "--allow-host", f"127.0.0.1:{self.balancer}")
        with (self.folder / "replicas.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "toolkit", *command), env=environ, stdin=DEVNULL, stdout=PIPE, stderr=log
            )
        self._processes[port] = (name, process)
        assert process.stdout is not None
        async with asyncio.timeout(SECONDS):
            line = await process.stdout.readline()
        assert line.startswith(b"ready: "), (self.folder / "replicas.log").read_text(encoding="utf-8")

    async def end(self, port: int, number: signal.Signals) -> None:
        """Send the replica at `port` a signal, and return once it has ended."""
        name, process = self._processes[port]
        if number == signal.SIGKILL:
            self.killed.add(name)
        self.signals[number.name] += 1
        process.send_signal(number)
        async with asyncio.timeout(SECONDS):
            await process.wait()
        assert process.returncode == (0 if number == signal.SIGTERM else -number)

    async def restart_each(self) -> None:
        """End one replica after the other in order, and start it anew."""
        for port in self.ports:
            await self.end(port, signal.SIGTERM)
            await self.start(port)

    async def kill_at_random(self, kills: int, chance: random.Random) -> None:
        """End one replica after the other, so many in all, three of four at once; and start each anew."""
        for _ in range(kills):
            await asyncio.sleep(chance.uniform(*PAUSES))
            port = chance.choice(self.ports)
            await self.end(port, chance.choices((signal.SIGKILL, signal.SIGTERM), (3, 1))[0])
            await self.start(port)

    def _install_providers(self) -> None:
        """The providers of `plugin`, as pip leaves those of a package; and no browser."""
        package = self.folder / "replicas-1.0.dist-info"
        package.mkdir(parents=True)
        (package / "METADATA").write_text("Metadata-Version: 2.1\nName: replicas\nVersion: 1.0\n")
        lines = [f"{name.lower()} = tests.real.replicas.plugin:{name}" for name in ("Turns", "Many")]
        (package / "entry_points.txt").write_text("\n".join(["[toolkit.providers]", *lines, ""]))
        none = '{"default": "none", "profiles": {"none": {"executable_path": "/no-such-browser"}}}'
        (self.folder / "browsers.json").write_text(none)

    def _haproxy_config(self) -> Path:
        """The block of the page, with ports of these tests."""
        (text,) = [block.text for block in blocks() if block.section == SECTION and block.file == "haproxy.cfg"]
        text = text.replace("*:4140", f"127.0.0.1:{self.balancer}").replace(
            "llm.example.org", f"127.0.0.1:{self.balancer}"
        )
        ports = iter(self.ports)
        text, count = re.subn(r"10\.0\.0\.\d+:4141", lambda _: f"127.0.0.1:{next(ports)}", text)
        assert count == len(self.ports)
        path = self.folder / "haproxy.cfg"
        path.write_text(text)
        return path

    async def _until_healthy(self, haproxy: Process) -> None:
        """Return once HAProxy passes requests on."""
        async with asyncio.timeout(SECONDS), aiohttp.ClientSession() as http:
            while haproxy.returncode is None:
                with suppress(aiohttp.ClientError):
                    async with http.get(f"{self.url}/healthz") as response:
                        if response.status == 200:
                            return
                await asyncio.sleep(0.1)
        assert haproxy.stderr is not None
        raise AssertionError((await haproxy.stderr.read()).decode())


def accounts(turns: int, many: int) -> Sequence[str]:
    """Names of so many accounts of each provider."""
    return [*(f"turns{number}" for number in range(turns)), *(f"many{number}" for number in range(many))]
