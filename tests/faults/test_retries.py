"""Trying again: each rule, by how many requests the faulty server has seen."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.faults.matrix import LONG, SECRET
from tests.faults.server import Conversation, FaultyServer, Strike, faulty, refused
from tests.faults.statuses import refusal
from tests.faults.wire_client import WireClient
from tests.faults.wires import ANSWER, BY_NAME, WIRES, Wire
from toolkit.chats.deadlines import Deadlines
from toolkit.client.client import Client
from toolkit.errors import (
    ConnectFailed,
    RateLimited,
    ReplayMismatch,
    ServiceUnavailable,
    StreamInterrupted,
    StreamTimeout,
    ToolkitError,
)
from toolkit.session.browser_session import BrowserSession

PATIENT = Deadlines(connect=LONG, first_piece=LONG, between_pieces=LONG, cleanup=LONG)
AURA, TOKEN, ASSISTANT = (BY_NAME[name] for name in ("aura", "aichatonline, first call", "openassistant"))
ASKING = ASSISTANT._replace(struck=2)  # the call that has the site write a message
WAIT = refusal("429 Slow Down", b"", "Retry-After: 0")

every_wire = pytest.mark.parametrize("wire", WIRES, ids=lambda wire: wire.name)


def at_first(strike: Strike, times: int = 1) -> Strike:
    """`strike` for the first `times`, and a good answer from then on."""
    left = times

    async def strike_or_answer(c: Conversation) -> None:
        nonlocal left
        left -= 1
        if left >= 0:
            await strike(c)
        else:
            await c.server.answer(c)
            c.keep = True

    return strike_or_answer


@asynccontextmanager
async def calling(
    wire: Wire, strike: Strike, *, retries: int = 2, deadlines: Deadlines = PATIENT
) -> AsyncIterator[tuple[FaultyServer, Client]]:
    async with faulty(wire, strike) as server:
        session = BrowserSession.from_cookie_values(wire.provider, server.url, {"next-auth.session-token": SECRET})
        async with WireClient(wire, server.url, session=session, retries=retries, deadlines=deadlines) as client:
            yield server, client


def struck(server: FaultyServer) -> int:
    """How often the struck call was made."""
    return server.count(server.wire.calls[server.wire.struck].begins)


@every_wire
@pytest.mark.parametrize("status", ["429 Slow Down", "503 Busy"])
async def test_a_refusal_for_now_is_tried_again(wire: Wire, status: str) -> None:
    """429 and 503 that say for how long had no effect: the same request again, and the text comes once."""
    async with calling(wire, at_first(refusal(status, b"", "Retry-After: 0"))) as (server, client):
        assert await client.chat("Hi").text() == ANSWER
        assert struck(server) == 2
        assert all(server.count(call.begins) <= 2 for call in wire.calls)
        assert server.chats == set()


async def test_the_wait_that_the_site_asks_for_is_kept() -> None:
    """Never earlier than the site says."""
    async with calling(AURA, at_first(refusal("429 Slow Down", b"", "retry-after-ms: 300"))) as (server, client):
        start = time.perf_counter()
        assert await client.chat("Hi").text() == ANSWER
        assert time.perf_counter() - start >= 0.3
        assert struck(server) == 2


@pytest.mark.parametrize(
    ("strike", "kind"),
    [
        (refusal("429 Slow Down"), RateLimited),
        (refusal("503 Busy"), ServiceUnavailable),
        (refusal("429 Slow Down", b"", "Retry-After: 3600"), RateLimited),
        (refusal("500 Oh", b"", "Retry-After: 0"), ServiceUnavailable),
        (refusal("502 Bad Gateway", b"", "Retry-After: 0"), ServiceUnavailable),
        (refusal("504 Gateway Timeout"), ServiceUnavailable),
        (refusal("599 Replay Mismatch", b"no such request"), ReplayMismatch),
    ],
)
async def test_a_post_is_not_made_twice(strike: Strike, kind: type[ToolkitError]) -> None:
    """Unless the site said that it is refused for now, and for a short while; a mismatch of a replay stays one."""
    async with calling(AURA, strike) as (server, client):
        with pytest.raises(kind):
            await client.chat("Hi").text()
        assert struck(server) == 1


@pytest.mark.parametrize("wire", [AURA, ASKING, ASSISTANT], ids=["aura", "asking", "streaming"])
async def test_a_post_that_may_have_arrived_is_not_made_twice(wire: Wire) -> None:
    """A connection that ends before an answer says nothing about what the site did."""

    async def vanish(c: Conversation) -> None:
        c.reset()

    async with calling(wire, vanish) as (server, client):
        with pytest.raises(ConnectFailed):
            await client.chat("Hi").text()
        assert struck(server) == 1
        assert server.chats == set()


@pytest.mark.parametrize("status", ["502 Bad Gateway", "504 Gateway Timeout", ""])
async def test_a_get_is_made_again(status: str) -> None:
    """It takes no effect: after 502, 504 and a connection that ended before an answer."""

    async def vanish(c: Conversation) -> None:
        c.reset()

    async with calling(TOKEN, at_first(refusal(status) if status else vanish)) as (server, client):
        assert await client.chat("Hi").text() == ANSWER
        assert struck(server) == 2
        assert server.count("POST") == 1


async def test_only_the_last_hop_of_a_redirect_is_made_again() -> None:
    """The POST before it has been answered."""

    async def lead_on(c: Conversation) -> None:
        await c.whole(b"", "Location: /auth/../api/chat", status="307 Temporary Redirect")

    async def strike(c: Conversation) -> None:
        await (lead_on(c) if len(c.server.seen) == 1 else WAIT(c) if len(c.server.seen) == 2 else good(c))

    async def good(c: Conversation) -> None:
        await c.server.answer(c)
        c.keep = True

    async with calling(AURA, strike) as (server, client):
        assert await client.chat("Hi").text() == ANSWER
        assert len(server.seen) == 3


@pytest.mark.parametrize("wire", [AURA, ASSISTANT], ids=lambda wire: wire.name)
async def test_a_connection_that_was_never_made_is_tried_again(wire: Wire) -> None:
    """Nothing can have been sent."""
    async with calling(wire, refused) as (server, client):
        loop = asyncio.get_running_loop()
        healing: list[asyncio.Task[None]] = []

        class Listen(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                healing.append(loop.create_task(server.heal()))

        ear, log = Listen(logging.INFO), logging.getLogger("toolkit")
        before = log.level
        log.addHandler(ear)
        log.setLevel(logging.INFO)
        try:
            assert await client.chat("Hi").text() == ANSWER
        finally:
            log.removeHandler(ear)
            log.setLevel(before)
        await asyncio.gather(*healing)
        assert struck(server) == 1
        assert server.chats == set()


async def test_an_answer_that_has_begun_is_not_asked_for_again() -> None:
    """The text that came is in the error, and comes once."""

    async def cut(c: Conversation) -> None:
        await c.begin()

    for wire in (wire for wire in WIRES if not wire.is_document):
        async with calling(wire, cut) as (server, client):
            stream = client.chat("Hi")
            assert await anext(stream) == ANSWER[:3]
            server.first_piece.set()
            with pytest.raises(StreamInterrupted):
                await anext(stream)
            assert struck(server) == 1


@pytest.mark.parametrize("retries", [0, 1, 3])
async def test_there_is_an_end_to_it(retries: int) -> None:
    """So many times again, and then the error of the last; 0 is not at all."""
    async with calling(AURA, WAIT, retries=retries) as (server, client):
        with pytest.raises(RateLimited):
            await client.chat("Hi").text()
        assert struck(server) == 1 + retries


@pytest.mark.parametrize("deadline", ["first_piece", "total"])
async def test_a_deadline_holds_for_all_tries_together(deadline: str) -> None:
    """However often one may try."""
    limits = {"first_piece": LONG, "total": LONG} | {deadline: 0.3}
    async with calling(AURA, WAIT, retries=10_000, deadlines=Deadlines(**limits)) as (_, client):
        with pytest.raises(StreamTimeout) as caught:
            await client.chat("Hi").text()
        assert caught.value.deadline == deadline


async def test_a_wait_beyond_the_deadline_is_told_at_once() -> None:
    """The refusal is more use than a deadline that passes."""
    strike = refusal("429 Slow Down", b"", "Retry-After: 15")
    async with calling(AURA, strike, deadlines=Deadlines(first_piece=20.0)) as (server, client):
        with pytest.raises(RateLimited) as caught:
            await client.chat("Hi").text()
        assert caught.value.retry_after == 15
        assert struck(server) == 1


@pytest.mark.parametrize("times", [1, 3])
async def test_a_chat_is_made_once_and_taken_away(times: int) -> None:
    """Of five calls the one that was refused is made again, in the same chat; which goes, also if that was in vain."""
    async with calling(ASKING, at_first(WAIT, times)) as (server, client):
        if times == 1:
            assert await client.chat("Hi").text() == ANSWER
        else:
            with pytest.raises(RateLimited):
                await client.chat("Hi").text()
        assert struck(server) == min(times + 1, 3)
        assert server.count("POST /api/chat ") == server.count("DELETE ") == 1
        assert server.chats == set()
