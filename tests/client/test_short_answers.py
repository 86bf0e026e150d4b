"""An answer that is closed while it is read, in each way in which somebody can: it is never taken for a whole one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.sites.codelinkava import CodeLinkAvaSite
from tests.sites.serving import serve
from toolkit.chats.stream import ChatStream
from toolkit.client.client import Client
from toolkit.client.sync_client import SyncClient
from toolkit.errors import StreamInterrupted
from toolkit.session.browser_session import BrowserSession

CLOSED = "This answer was closed before its end"


@asynccontextmanager
async def falling_silent() -> AsyncIterator[tuple[str, BrowserSession, str]]:
    """A site that falls silent after the first piece: its address, a session for it, and the piece."""
    site = CodeLinkAvaSite()
    site.hold_after = 2  # the first says the role
    async with serve(site.app()) as url:
        yield url, BrowserSession(provider="codelinkava", origin=url), site.answer[0]


async def aclose_client(client: Client, stream: ChatStream) -> None:
    await client.aclose()


async def leave_client(client: Client, stream: ChatStream) -> None:
    await client.__aexit__(None, None, None)


async def aclose_stream(client: Client, stream: ChatStream) -> None:
    await stream.aclose()


async def leave_stream(client: Client, stream: ChatStream) -> None:
    await stream.__aexit__(None, None, None)


WAYS = [aclose_client, leave_client, aclose_stream, leave_stream]
Close = Callable[[Client, ChatStream], Awaitable[None]]


@pytest.mark.parametrize("close", WAYS)
async def test_whoever_closes_it_while_it_is_read(close: Close) -> None:
    """The reader gets an error that has what had come, and gets it again whenever it reads on."""
    async with falling_silent() as (url, session, first):
        client = await Client("codelinkava", base_url=url, session=session).__aenter__()
        stream = client.chat("Hi")
        assert await anext(stream) == first
        reader = asyncio.create_task(stream.text())
        await asyncio.sleep(0)
        await close(client, stream)
        with pytest.raises(StreamInterrupted, match=CLOSED) as caught:
            await reader
        assert caught.value.text == first
        with pytest.raises(StreamInterrupted, match=CLOSED):
            await anext(stream)
        assert stream.finish_reason is None
        await client.aclose()


async def last_event(stream: ChatStream) -> object:
    return [event async for event in stream.events()][-1]


@pytest.mark.parametrize("read", [ChatStream.text, last_event])
@pytest.mark.parametrize("close", WAYS)
async def test_whoever_closes_it_between_two_pieces(close: Close, read: Callable[[ChatStream], Awaitable[Any]]) -> None:
    """Who reads on, pieces or events, is told that there is no more, and that there should be."""
    async with falling_silent() as (url, session, first):
        client = await Client("codelinkava", base_url=url, session=session).__aenter__()
        stream = client.chat("Hi")
        assert await anext(stream) == first
        await close(client, stream)
        with pytest.raises(StreamInterrupted, match=CLOSED) as caught:
            await read(stream)
        assert caught.value.text == first
        await client.aclose()


async def test_a_stream_that_is_closed_before_its_first_piece_is_no_empty_answer() -> None:
    """It breaks off where it has not begun."""
    async with falling_silent() as (url, session, _), Client("codelinkava", base_url=url, session=session) as client:
        stream = client.chat("Hi")
        await stream.aclose()
        with pytest.raises(StreamInterrupted, match=CLOSED) as caught:
            await stream.text()
        assert caught.value.text == ""


async def test_a_whole_answer_stays_whole_when_it_is_closed() -> None:
    """Closing what has come to its end breaks nothing off."""
    site = CodeLinkAvaSite()
    async with serve(site.app()) as url:
        session = BrowserSession(provider="codelinkava", origin=url)
        async with Client("codelinkava", base_url=url, session=session) as client:
            stream = client.chat("Hi")
            assert "".join([piece async for piece in stream]) == "".join(site.answer)
            await stream.aclose()
            for _ in range(2):
                assert await stream.text() == ""
            assert stream.finish_reason == "stop"


@pytest.mark.parametrize("who", ["client", "stream", "block"])
async def test_another_thread_closes_it(who: str) -> None:
    """The same holds for a thread that reads, whichever part another one closes."""
    async with falling_silent() as (url, session, first):
        client = SyncClient("codelinkava", base_url=url, session=session).__enter__()
        stream = client.chat("Hi")
        close = {"client": client.close, "stream": stream.close, "block": client.__exit__}[who]
        assert await asyncio.to_thread(next, stream) == first
        reader = asyncio.create_task(asyncio.to_thread(stream.text))
        await asyncio.to_thread(until_locked, stream._reading)
        await asyncio.to_thread(close)
        with pytest.raises(StreamInterrupted, match=CLOSED) as caught:
            await reader
        assert caught.value.text == first
        with pytest.raises(StreamInterrupted, match=CLOSED):
            await asyncio.to_thread(next, stream.events())
        await asyncio.to_thread(client.close)


def until_locked(lock: threading.Lock) -> None:
    """Wait until another thread reads."""
    while not lock.locked():
        pass
