"""One call of a provider against a recording, and what came of it."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from toolkit.chats.deadlines import Deadlines
from toolkit.client.client import Client
from toolkit.errors import ReplayMismatch, redact_url
from toolkit.har.model import Recording
from toolkit.providers.base import Provider
from toolkit.replay.local_network import LocalNetwork
from toolkit.replay.site_server import LoggedRequest
from toolkit.stores.memory import MemoryStore

LONG, SHORT = 60.0, 0.2  # seconds: of a deadline that may not pass, and of one that has to
CLOSING = 10.0  # seconds after a call in which its connection has to be closed
POLL = 0.001


class Call(NamedTuple):
    """How to call. `strict`: compare what is asked with the recording. `separate_chunks`: let every chunk arrive on its
    own, as far as that can be had. `short_deadline`: with a short deadline for the pieces; `short_cleanup_deadline`:
    for tidying up. `cancel_at`: once this request (from 0) is being answered. `stop_after_first`: after the first
    piece."""

    strict: bool = False
    separate_chunks: bool = False
    short_deadline: bool = False
    short_cleanup_deadline: bool = False
    cancel_at: int | None = None
    stop_after_first: bool = False


class Outcome(NamedTuple):
    """What came of it. `asked` are the requests, without their queries, `asked_at_first` how many of them there were at
    the first piece; `open` are those whose connection did not end with the call."""

    text: str
    error: Exception | None
    cancelled: bool
    asked: list[str]
    asked_at_first: int
    open: list[str]
    differences: tuple[str, ...]
    leaks: list[str]


async def replay_call(kind: type[Provider], recording: Recording, call: Call) -> Outcome:
    """Replay `recording`, and make the call in it."""
    assert recording.chat is not None
    pieces: list[str] = []
    at_first, error, cancelled = 0, None, False
    differences: tuple[str, ...] = ()
    before = asyncio.all_tasks()
    deadlines = Deadlines(
        connect=LONG,
        first_piece=SHORT if call.short_deadline else LONG,
        between_pieces=SHORT if call.short_deadline else LONG,
        cleanup=SHORT if call.short_cleanup_deadline else LONG,
    )
    # The smallest pace: a turn of the event loop between two chunks, and no time.
    async with LocalNetwork(recording=recording, pace=1e-12 if call.separate_chunks else 0.0) as network:
        async with Client(
            kind,
            base_url=recording.chat.base_url,
            session=network.session,
            store=MemoryStore(),
            route=network.route,
            deadlines=deadlines,
            retries=0,
        ) as client:

            async def read() -> None:
                nonlocal at_first
                assert recording.chat is not None
                async with client.chat(recording.chat.messages) as stream:
                    async for piece in stream:
                        at_first = at_first or len(network.log)
                        pieces.append(piece)
                        if call.stop_after_first:
                            break

            reading = asyncio.create_task(read())
            if call.cancel_at is not None:
                while not reading.done() and not _begun(network.log, call.cancel_at):  # noqa: ASYNC110
                    await asyncio.sleep(POLL)
                reading.cancel()
            await asyncio.wait([reading])
            if reading.cancelled():
                cancelled = True
            elif isinstance(caught := reading.exception(), Exception):
                error = caught
            elif caught is not None:
                raise caught
            still_open = await _still_open(network)
        if call.strict:
            try:
                network.verify()
            except ReplayMismatch as mismatch:
                differences = mismatch.differences
    leaks = [f"the task {task!r}" for task in asyncio.all_tasks() - before]
    asked = [_told(one) for one in network.log]
    return Outcome("".join(pieces), error, cancelled, asked, at_first, still_open, differences, leaks)


def _begun(log: list[LoggedRequest], number: int) -> bool:
    """Whether that request is being answered."""
    return len(log) > number and log[number].status is not None


async def _still_open(network: LocalNetwork) -> list[str]:
    """The requests that are being answered though nobody reads: their connections should be closed."""
    end = asyncio.get_running_loop().time() + CLOSING
    while network.answering and asyncio.get_running_loop().time() < end:  # noqa: ASYNC110
        await asyncio.sleep(POLL)
    return [_told(one) for one in network.answering]


def _told(one: LoggedRequest) -> str:
    return f"{one.method} {redact_url(one.url)}"
