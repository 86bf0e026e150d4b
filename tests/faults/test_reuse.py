"""Connections are kept from call to call, also where a protocol ends before the body does."""

from __future__ import annotations

import pytest

from tests.faults.server import Conversation, faulty
from tests.faults.wire_client import WireClient
from tests.faults.wires import ANSWER, CODELINKAVA, STREAMING, Wire
from tests.providers.conftest import PATIENT
from toolkit.client.client import Client
from toolkit.session.browser_session import BrowserSession

AVA = Wire("codelinkava", "codelinkava", CODELINKAVA, 0)


def client(wire: Wire, url: str) -> Client:
    session = BrowserSession.from_cookie_values(wire.provider, url, {"next-auth.session-token": "value"})
    return WireClient(wire, url, session=session, deadlines=PATIENT)


@pytest.mark.parametrize("wire", STREAMING, ids=lambda wire: wire.name)
async def test_one_connection_serves_all_calls_of_a_client(wire: Wire) -> None:
    """With every provider, however many requests a call of it makes."""
    async with faulty(wire, None) as server, client(wire, server.url) as chatting:
        for _ in range(5):
            assert await chatting.chat("Hi").text() == ANSWER
        assert len(server.seen) >= 5
        assert server.opened == 1


async def test_what_does_not_end_after_its_end_marker_is_left() -> None:
    """The call is over all the same; the connection is closed, and the next call makes another."""

    async def goes_on(c: Conversation) -> None:
        await c.chunked()
        await c.chunk(c.good.body)
        await c.hang()

    async with faulty(AVA, goes_on) as server:
        async with client(AVA, server.url) as chatting:
            for _ in range(2):
                assert await chatting.chat("Hi").text() == ANSWER
        assert server.opened == 2
        await server.quiet()


async def test_what_floods_after_its_end_marker_is_not_read() -> None:
    """Only so much is taken as is cheaper than a new connection."""

    async def floods(c: Conversation) -> None:
        await c.chunked()
        await c.chunk(c.good.body)
        await c.trickle(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")

    async with faulty(AVA, floods) as server:
        async with client(AVA, server.url) as chatting:
            assert await chatting.chat("Hi").text() == ANSWER
        await server.quiet()
