"""A call that is cancelled, at each of its awaits in turn: nothing is left open, here or at the site."""

from __future__ import annotations

import asyncio
import types
from collections.abc import Coroutine, Generator
from typing import Any

import pytest

from tests.faults.matrix import LONG, SECRET, detect_leaks
from tests.faults.server import PACE, Conversation, faulty
from tests.faults.wire_client import WireClient
from tests.faults.wires import ANSWER, STREAMING, Wire
from toolkit.chats.deadlines import Deadlines
from toolkit.session.browser_session import BrowserSession

PATIENT = Deadlines(connect=LONG, first_piece=LONG, between_pieces=LONG, cleanup=LONG)


@types.coroutine
def cancelled_at(number: int, call: Coroutine[Any, Any, str]) -> Generator[Any, Any, str]:
    """Run `call`, and cancel the task once it waits for the `number`th time."""
    task, waits, sent, thrown = asyncio.current_task(), 0, None, None
    assert task is not None
    while True:
        try:
            waiting = call.throw(thrown) if thrown is not None else call.send(sent)
        except StopIteration as end:
            return str(end.value)
        waits += 1
        if waits == number:
            asyncio.get_running_loop().call_soon(task.cancel)
        sent, thrown = None, None
        try:
            sent = yield waiting
        except BaseException as error:  # noqa: BLE001 - it is the call's
            thrown = error


async def paced(c: Conversation) -> None:
    """A good answer, each piece on its own."""
    await c.chunked()
    for piece in (*c.good.pieces, c.good.end):
        await c.chunk(piece)
        await asyncio.sleep(PACE)
    await c.last_chunk()
    c.keep = True


async def chat(wire: Wire, url: str) -> str:
    session = BrowserSession.from_cookie_values(wire.provider, url, {"next-auth.session-token": SECRET})
    async with WireClient(wire, url, session=session, deadlines=PATIENT) as client:
        return await client.chat("Hi").text()


@pytest.mark.parametrize("wire", STREAMING, ids=lambda wire: wire.name)
async def test_a_call_can_be_cancelled_at_every_await(wire: Wire) -> None:
    """The connection is closed, what was made at the site is taken away, and the task ends as cancelled."""
    number, done = 0, False
    while not done:
        number += 1
        async with detect_leaks() as left, faulty(wire, paced) as server:
            task = asyncio.get_running_loop().create_task(_run(number, wire, server.url))
            async with asyncio.timeout(LONG):
                await asyncio.wait({task})
                await server.quiet()
            done = not task.cancelled()
            assert server.chats == set(), f"cancelled at await {number}"
            assert not done or task.result() == ANSWER
        assert left == [], f"cancelled at await {number}"
    assert number > 5


async def _run(number: int, wire: Wire, url: str) -> str:
    return await cancelled_at(number, chat(wire, url))
