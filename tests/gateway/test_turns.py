"""Calls of an account that takes one at a time: who waits is told the place, and is sent away when the server ends."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import AsyncExitStack

import pytest

from tests.gateway.conftest import Gateway
from tests.gateway.raw_http import QUESTION, STREAMED, RawServer, raw_server
from tests.sites.asking import SECONDS, until
from tests.sites.scripted import ScriptedSite
from toolkit.client import one_call_per_account
from toolkit.gateway import answer_stream
from toolkit.providers.codelinkava import CodeLinkAva


@pytest.fixture(autouse=True)
def one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CodeLinkAva, "one_at_a_time", True)


async def test_the_place_is_told(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """In comments, as it changes; and who waits gets the whole answer in the end."""
    monkeypatch.setattr(answer_stream, "GRACE_SECONDS", 0.01)
    monkeypatch.setattr(answer_stream, "COMMENT_SECONDS", 0.01)
    gateway.site.hold_after = 1
    async with gateway.asking("first", stream=True) as first:
        await until(lambda: len(gateway.site.asked) == 1)
        async with gateway.asking("second", stream=True) as second, gateway.asking("third", stream=True) as third:
            async with asyncio.timeout(SECONDS):
                while await second.content.readuntil(b"\n\n") != b": queue position 1 of 2\n\n":
                    pass
                while await third.content.readuntil(b"\n\n") != b": queue position 2 of 2\n\n":
                    pass
                first.close()
                while await third.content.readuntil(b"\n\n") != b": queue position 1 of 1\n\n":
                    pass
                gateway.site.hold_after = None
                for waited in (second, third):
                    assert (await waited.read()).endswith(b"data: [DONE]\n\n")
    assert [asked[0] for asked in gateway.site.asked] == ["first", "second", "third"]


@pytest.mark.parametrize("head_sent", [False, True])
async def test_who_waits_when_the_server_ends(*, head_sent: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is told at once to come again, and the site does not hear of that call. One whose head is sent, which cannot be
    told so, waits on for its turn; its answer is whole, as is the one that runs."""
    if head_sent:
        monkeypatch.setattr(answer_stream, "GRACE_SECONDS", 0.01)
    site = ScriptedSite()
    site.says("blue", " sky")
    site.hold_after = 1
    async with raw_server(site) as server, AsyncExitStack() as stack:
        running = await asked(server, STREAMED, stack)
        await until(lambda: len(site.asked) == 1)
        waiting = [await asked(server, body, stack) for body in (QUESTION, STREAMED)]
        if head_sent:
            assert b": queue position" in await read_until(waiting[1], b" of 2\n\n")
        else:
            await until(lambda: [len(line.calls) for line in one_call_per_account._lines.values()] == [3])
        os.kill(os.getpid(), signal.SIGTERM)
        for reader in waiting[: 1 if head_sent else 2]:
            told = await read_until(reader, b"}}")
            assert told.startswith(b"HTTP/1.1 503 ")
            assert b'"code":"shutting_down"' in told
        site.hold_after = None
        for reader in (running, *waiting[1 : 2 if head_sent else 1]):
            assert b" sky" in await read_until(reader, b"data: [DONE]\n\n")
    assert len(site.asked) == (2 if head_sent else 1)


async def asked(server: RawServer, body: bytes, stack: AsyncExitStack) -> asyncio.StreamReader:
    """Ask, over a connection that lasts until the end of `stack`."""
    reader, writer = await server.connect()
    stack.callback(writer.close)
    writer.write(server.chat(body))
    return reader


async def read_until(reader: asyncio.StreamReader, end: bytes) -> bytes:
    async with asyncio.timeout(SECONDS):
        return await reader.readuntil(end)
