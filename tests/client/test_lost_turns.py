"""A process, or its Redis, that stands still for longer than a lock on an account lasts."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.sites.asking import SECONDS, until
from tests.sites.scripted import ScriptedSite
from tests.sites.serving import serve
from tests.stores.servers import RedisServer, redis_server
from toolkit.session.browser_session import BrowserSession
from toolkit.stores.base import Key
from toolkit.stores.redis import RedisStore

LEASE = 0.5  # seconds

CALL = f"""
import asyncio, sys
from toolkit.client.client import Client
from toolkit.errors import ToolkitError
from toolkit.providers.codelinkava import CodeLinkAva
from toolkit.stores.redis import RedisStore

CodeLinkAva.one_at_a_time = True

async def main():
    store = RedisStore(sys.argv[2], key="", lease={LEASE})
    async with Client("codelinkava", base_url=sys.argv[1], store=store) as client:
        try:
            async for piece in client.chat("Hi"):
                print(piece, flush=True)
            print("whole", flush=True)
        except ToolkitError as error:
            print(type(error).__name__, error, flush=True)

asyncio.run(main())
"""


pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGSTOP")


@asynccontextmanager
async def calling(site: ScriptedSite) -> AsyncIterator[tuple[Process, RedisServer, Key]]:
    """A process that has got the first piece of an answer of `site`, its Redis, and whose session it calls with."""
    site.says("blue", " sky")
    site.hold_after = 1
    async with serve(site.app()) as origin:
        with redis_server() as server:
            store, key = RedisStore(server.url, key=""), Key("codelinkava", origin)
            await store.save(key, BrowserSession(provider="codelinkava", origin=origin))
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", CALL, origin, server.url),
                stdout=subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            )
            try:
                async with asyncio.timeout(SECONDS):
                    assert await read_line(process) == b"blue\n"
                    yield process, server, key
            finally:
                server.process.send_signal(signal.SIGCONT)
                process.kill()
                await process.wait()


async def read_line(process: Process) -> bytes:
    """The next line that `process` prints."""
    assert process.stdout is not None
    return await process.stdout.readline()


@pytest.mark.parametrize("taken", [True, False])
async def test_a_call_of_a_process_that_stood_still(*, taken: bool) -> None:
    """It ends by an error as soon as the process goes on, and leaves the site, so that there are no two calls on the
    account; never by what looks like the end of the answer. Nothing is different where nobody else took the account:
    the process cannot know that."""
    site = ScriptedSite()
    async with calling(site) as (process, server, key):
        process.send_signal(signal.SIGSTOP)
        async with RedisStore(server.url, key="").lock(key, "call"):  # once the lease is over
            if taken:
                process.send_signal(signal.SIGCONT)
                line = await read_line(process)
                await until(lambda: site.left == 1)
        if not taken:
            process.send_signal(signal.SIGCONT)
            line = await read_line(process)
        assert line.startswith(b"StreamInterrupted ")
        assert b"stood still" in line
        assert len(site.asked) == 1


async def test_a_call_whose_store_does_not_answer() -> None:
    """It ends by an error while the store stands still: as soon as the store goes on, another call may have the
    account."""
    site = ScriptedSite()
    async with calling(site) as (process, server, _):
        server.process.send_signal(signal.SIGSTOP)
        line = await read_line(process)
        assert line.startswith(b"StreamInterrupted ")
        assert b"its store did not answer" in line
        await until(lambda: site.left == 1)
        assert len(site.asked) == 1
