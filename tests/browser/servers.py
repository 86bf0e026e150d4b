"""Browsers that run already: Playwright's two servers and a Chromium with a debugging port, and a way to them that can
break. All on loopback."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from playwright._impl._driver import compute_driver_executable
from playwright.async_api import Playwright

from tests.conftest import absent
from tests.lean_chromium import OFF
from tests.sites.asking import until
from toolkit.browser.installed_browsers import find_browser
from toolkit.browser.launch_options import chromium_args
from toolkit.browser.profiles import Connect, Profile
from toolkit.browser.sandbox import wants_sandbox

KINDS = ("run-server", "launch-server", "cdp")
SECRET = "hush-hush"  # in the path of a server, the query of its URL, and a header


class Server:
    """A running one. `connect` is how a profile names it, `folder` is where it keeps what it writes."""

    def __init__(self, process: asyncio.subprocess.Process, connect: Connect, folder: Path) -> None:
        self.process = process
        self.connect = connect
        self.folder = folder

    async def kill(self) -> None:
        """End it as a crash does."""
        with suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()

    async def stop(self) -> None:
        """End all that it started, then itself: told to end, Playwright's servers close their browsers and stay."""
        with suppress(ProcessLookupError):
            self.process.terminate()
        await until(lambda: self.browsers() == [])
        await self.kill()

    def browsers(self) -> list[int]:
        """The processes whose command line tells that they work in its folder: its browsers and their helpers,
        but not itself."""
        found = []
        for entry in Path("/proc").iterdir():
            with suppress(OSError):
                if (
                    entry.name.isdigit()
                    and int(entry.name) != self.process.pid
                    and str(self.folder).encode() in (entry / "cmdline").read_bytes()
                ):
                    found.append(int(entry.name))
        return found


@asynccontextmanager
async def running(kind: str, driver: Playwright) -> AsyncIterator[Server]:
    """A server of that kind, which is one of `KINDS`; ended afterwards, with all that it started."""
    folder = Path(tempfile.mkdtemp())  # Chromium puts a socket there, whose path must be short
    own = driver.chromium.executable_path
    found = find_browser(Profile(), own)
    if found is None:
        absent("There is no Chromium.")
    program, args = found.path or own, chromium_args(found)
    options = {"executablePath": program, "chromiumSandbox": wants_sandbox(Profile(), found), "args": args}
    start = compute_driver_executable()  # `python -m playwright` would stand between, and take the signals
    if kind == "run-server":
        command = [*start, "run-server", "--port", "0", "--host", "127.0.0.1", "--path", f"/{SECRET}", "--unsafe"]
    elif kind == "launch-server":
        config = folder / "config.json"
        config.write_text(json.dumps({**options, "host": "127.0.0.1", "wsPath": f"/{SECRET}"}))
        command = [*start, "launch-server", "--browser", "chromium", "--config", str(config)]
    else:
        command = [
            *(program, "--headless", "--remote-debugging-port=0", f"--user-data-dir={folder / 'profile'}"),
            *("--no-first-run", "--password-store=basic", "--disable-background-networking", *args),
            f"--disable-features={OFF}",
            *([] if options["chromiumSandbox"] else ["--no-sandbox"]),
            "about:blank",
        ]
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "TMPDIR": str(folder)},
    )
    server = Server(process, Connect(url="ws://unknown"), folder)
    try:
        url = await _address(process)
        if kind == "cdp":
            server.connect = Connect(url=f"http://{urlsplit(url).netloc}", over="cdp")
        else:  # of which browser to launch, Playwright's own server has to be told
            headers = {"x-playwright-launch-options": json.dumps(options)} if kind == "run-server" else {}
            server.connect = Connect(url=f"{url}?token={SECRET}", headers={"authorization": SECRET, **headers})
        reading = asyncio.create_task(_drain(process))
        try:
            yield server
        finally:
            await server.stop()
            await reading
    finally:
        await server.kill()
        shutil.rmtree(folder, ignore_errors=True)


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    async for line in process.stdout:
        if found := re.search(rb"ws://\S+", line):
            return found.group().decode()
    raise AssertionError("The server ended without telling its address.")


async def _drain(process: asyncio.subprocess.Process) -> None:
    assert process.stdout is not None
    while await process.stdout.read(65536):
        pass


class Relay:
    """A port that stays the same whichever server is behind it. `to` are host and port of the one that comes next."""

    def __init__(self, server: Server) -> None:
        self.connections = 0  # those that became WebSockets
        self.lead_to(server)

    def lead_to(self, server: Server) -> None:
        parts = urlsplit(server.connect.url)
        self.to = (parts.hostname, parts.port)

    async def __aenter__(self) -> Relay:
        self._tasks = set[asyncio.Task[None]]()
        self._listener = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._listener.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._listener.close()
        await self.drop()
        await self._listener.wait_closed()

    def connect(self, server: Server) -> Connect:
        """As `server.connect`, by this way."""
        parts = urlsplit(server.connect.url)
        url = parts._replace(netloc=f"127.0.0.1:{self.port}").geturl()
        return Connect(url=url, over=server.connect.over, headers=server.connect.headers)

    async def drop(self) -> None:
        """Break every connection."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        async with AsyncExitStack() as closing:
            closing.callback(writer.close)
            with suppress(OSError, asyncio.IncompleteReadError):
                head = await reader.readuntil(b"\r\n\r\n")
                self.connections += b"upgrade: websocket" in head.lower()
                to_reader, to_writer = await asyncio.open_connection(*self.to)
                closing.callback(to_writer.close)
                to_writer.write(head)
                ends = [
                    asyncio.ensure_future(_pump(reader, to_writer)),
                    asyncio.ensure_future(_pump(to_reader, writer)),
                ]
                try:
                    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for end in ends:
                        end.cancel()
                    await asyncio.gather(*ends, return_exceptions=True)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
