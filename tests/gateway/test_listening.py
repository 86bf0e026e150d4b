"""Connections: those that say nothing are closed, and an end lets what runs finish."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from aiohttp import ClientSession, web

from tests.sites.asking import SECONDS
from toolkit.errors import UsageError
from toolkit.gateway import listening
from toolkit.gateway.listening import Listener, bind
from toolkit.gateway.middlewares import answer_errors


class Handlers:
    """A server's only path, which answers once it may."""

    def __init__(self) -> None:
        self.may_answer = asyncio.Event()
        self.asked = asyncio.Event()

    async def answer(self, _: web.Request) -> web.Response:
        self.asked.set()
        await self.may_answer.wait()
        return web.Response(text="blue")


async def status_of(http: ClientSession, port: int) -> tuple[int, str | None]:
    """The status of a request that no handler answers, and for how long to wait."""
    async with http.get(f"http://127.0.0.1:{port}/nothing") as response:
        return response.status, response.headers.get("Retry-After")


@asynccontextmanager
async def listener(handlers: Handlers, **options: int) -> AsyncIterator[tuple[int, asyncio.Task[None]]]:
    """A server that runs, with its port and its task."""
    application = web.Application(middlewares=[answer_errors])
    application.router.add_get("/", handlers.answer)
    bound, ready = bind("127.0.0.1", 0), asyncio.Event()
    port = bound.getsockname()[1]
    running = asyncio.create_task(Listener(application, bound, **options).run(ready.set))
    await ready.wait()
    try:
        yield port, running
    finally:
        if not running.done():
            os.kill(os.getpid(), signal.SIGTERM)
            await running


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: x\r\n"])
@pytest.mark.parametrize("again", [False, True])
async def test_half_a_head(sent: bytes, *, again: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection on which no request comes is closed: a new one, and one that has had a request."""
    monkeypatch.setattr(listening, "IDLE_SECONDS" if again else "HEAD_SECONDS", 0.05)
    handlers = Handlers()
    handlers.may_answer.set()
    async with listener(handlers) as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        if again:
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await reader.readuntil(b"blue")
        writer.write(sent)
        with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
            await reader.readexactly(1)
        writer.close()


async def test_a_request_that_runs_is_no_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long its answer takes."""
    monkeypatch.setattr(listening, "HEAD_SECONDS", 1.0)
    handlers = Handlers()
    async with listener(handlers) as (port, _), ClientSession() as http:
        asking = asyncio.create_task(http.get(f"http://127.0.0.1:{port}/"))
        await handlers.asked.wait()
        asyncio.get_running_loop().call_later(1.2, handlers.may_answer.set)
        async with await asking as response:
            assert await response.text() == "blue"


async def test_a_server_that_was_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A head that came while the server did something else has come in time, whenever that is read."""
    monkeypatch.setattr(listening, "HEAD_SECONDS", 0.5)
    monkeypatch.setattr(listening, "LATE_SECONDS", 0.05)
    handlers = Handlers()
    handlers.may_answer.set()
    async with listener(handlers) as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.sleep(0.01)  # until it is accepted
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.7)  # noqa: ASYNC251 - nothing is read meanwhile
        async with asyncio.timeout(SECONDS):
            assert (await reader.readuntil(b"blue")).startswith(b"HTTP/1.1 200 ")
        writer.close()


async def test_an_end_in_order() -> None:
    """What runs finishes, what is new is told to come again, and the server ends by itself then."""
    handlers = Handlers()
    async with listener(handlers) as (port, running), ClientSession() as http:
        asking = asyncio.create_task(http.get(f"http://127.0.0.1:{port}/"))
        await handlers.asked.wait()
        os.kill(os.getpid(), signal.SIGTERM)
        async with asyncio.timeout(SECONDS):
            while (status := await status_of(http, port))[0] == 404:
                pass
        assert status == (503, "1")
        assert not running.done()
        handlers.may_answer.set()
        async with await asking as response:
            assert await response.text() == "blue"
        await running


async def test_a_second_signal_does_not_wait() -> None:
    """Whoever says it twice means at once: what runs ends with an error, which is not to be asked again."""
    handlers = Handlers()
    async with listener(handlers) as (port, running), ClientSession() as http:
        asking = asyncio.create_task(http.get(f"http://127.0.0.1:{port}/"))
        await handlers.asked.wait()
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.sleep(0)
        async with await asking as response:
            assert response.status == 500
            assert "x-should-retry" in response.headers
            assert (await response.json())["error"]["code"] == "shutting_down"
        await running


async def test_more_connections_than_there_may_be() -> None:
    """The one that has been silent for longest is closed for a new one; where all have a request under way, the new one
    is told to come again."""
    handlers = Handlers()
    async with listener(handlers, limit=2) as (port, _), AsyncExitStack() as stack:
        silent = [await connected(stack, port) for _ in range(2)]
        third, _ = await connected(stack, port)
        assert await silent[0][0].read() == b""
        handlers.asked.clear()
        silent[1][1].write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await handlers.asked.wait()
        http = await stack.enter_async_context(ClientSession())
        asking = asyncio.create_task(http.get(f"http://127.0.0.1:{port}/"))
        assert await third.read() == b""  # closed for the one above
        handlers.asked.clear()
        await handlers.asked.wait()
        assert await status_of(http, port) == (503, "1")
        handlers.may_answer.set()
        async with await asking as response:
            assert await response.text() == "blue"
        assert await status_of(http, port) == (404, None)


async def connected(stack: AsyncExitStack, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection until the end of `stack`."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    stack.callback(writer.close)
    return reader, writer


def test_the_files_that_a_process_may_have() -> None:
    """A server takes as many connections as it has files for, two each, and asks the system for those that it needs."""
    code = (
        "import resource; from toolkit.gateway.connection_limit import raise_connection_limit as limit;"
        "most = resource.getrlimit(resource.RLIMIT_NOFILE)[1];"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (256, 1128)); print(limit());"
        "print(*resource.getrlimit(resource.RLIMIT_NOFILE))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["500", "1128", "1128"]


def test_an_address_that_cannot_be_had() -> None:
    """The words say which."""
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError) as caught:
            bind("127.0.0.1", port)
    assert caught.value.what == f"The server cannot listen at 127.0.0.1, port {port}: Address already in use."
    assert caught.value.hint == "`--port 0` takes a free one."
    for host in ("nowhere.invalid", "192.0.2.1"):
        with pytest.raises(UsageError, match=rf"cannot listen at {host}, port 8080: [^(]*\. `--host 127\.0\.0\.1` is"):
            bind(host, 8080)
