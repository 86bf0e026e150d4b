"""Makes one call of a provider against its replayed recording, and reports the outcome."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from toolkit.chats.deadlines import Deadlines
from toolkit.client.client import Client
from toolkit.errors import ReplayMismatch, redact_url
from toolkit.har.model import Recording
from toolkit.providers.base import Provider
from toolkit.replay.certificate_authority import CertificateAuthority
from toolkit.replay.local_network import LocalNetwork
from toolkit.replay.site_server import LoggedRequest
from toolkit.stores.memory import MemoryStore

LONG = 60.0  # seconds of a deadline that never passes in a working test
SHORT = 0.2  # seconds of a deadline that has to pass
CLOSING_SECONDS = 10.0  # after a call, until its connections have to be closed
POLL_SECONDS = 0.001


class Call(NamedTuple):
    """How to make the call.

    `strict` compares the requests with the recording. `separate_chunks` sends the recorded chunks one by one, though
    the network may still join them. `short_deadline` gives the pieces of the answer a short deadline,
    `short_cleanup_deadline` the cleanup; `slowness` makes these that many times as long. `cancel_at` cancels the call
    once the request of this number (from 0) is being answered. `stop_after_first` stops reading after the first piece.
    """

    strict: bool = False
    separate_chunks: bool = False
    short_deadline: bool = False
    short_cleanup_deadline: bool = False
    slowness: float = 1.0
    cancel_at: int | None = None
    stop_after_first: bool = False


class Outcome(NamedTuple):
    """The outcome of a call.

    `text` is what was read of the answer, `error` what was raised, `cancelled` says that the call ended as cancelled.
    `asked` are the requests (method and URL without query), `asked_at_first` is the number of them at the first piece,
    and `open` are those whose connection the call did not close. `differences` are those from the recording (of a
    strict call), `leaks` the tasks that were left behind.
    """

    text: str
    error: Exception | None
    cancelled: bool
    asked: list[str]
    asked_at_first: int
    open: list[str]
    differences: tuple[str, ...]
    leaks: list[str]


async def replay_call(
    kind: type[Provider], recording: Recording, call: Call, authority: CertificateAuthority
) -> Outcome:
    """Replay `recording`, and make its call by the provider `kind`, in the way that `call` says. `authority` issues the
    certificates of its hosts, once for all replays."""
    assert recording.chat is not None
    pieces: list[str] = []
    asked_at_first = 0
    differences: tuple[str, ...] = ()
    before = asyncio.all_tasks()
    short = SHORT * call.slowness
    deadlines = Deadlines(
        connect=LONG,
        first_piece=short if call.short_deadline else LONG,
        between_pieces=short if call.short_deadline else LONG,
        cleanup=short if call.short_cleanup_deadline else LONG,
    )
    # Any pace above 0 gives the event loop a turn between two chunks; this one costs no time.
    pace = 1e-12 if call.separate_chunks else 0.0
    async with LocalNetwork(recording=recording, pace=pace, authority=authority) as network:
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
                nonlocal asked_at_first
                assert recording.chat is not None
                async with client.chat(recording.chat.messages, **recording.chat.settings) as stream:
                    async for piece in stream:
                        asked_at_first = asked_at_first or len(network.log)
                        pieces.append(piece)
                        if call.stop_after_first:
                            break

            reading = asyncio.create_task(read())
            if call.cancel_at is not None:
                await _cancel_at(reading, network.log, call.cancel_at)
            await asyncio.wait([reading])
            error, cancelled = _outcome(reading)
            still_open = await _still_open(network)
        if call.strict:
            try:
                network.verify()
            except ReplayMismatch as mismatch:
                differences = mismatch.differences
    leaks = [f"the task {task!r}" for task in asyncio.all_tasks() - before]
    asked = [_describe(one) for one in network.log]
    return Outcome("".join(pieces), error, cancelled, asked, asked_at_first, still_open, differences, leaks)


async def _cancel_at(reading: asyncio.Task[None], log: list[LoggedRequest], number: int) -> None:
    """Cancel `reading` once the request of that number is being answered, unless it ends before."""
    while not reading.done() and not _is_being_answered(log, number):  # noqa: ASYNC110
        await asyncio.sleep(POLL_SECONDS)
    reading.cancel()


def _outcome(reading: asyncio.Task[None]) -> tuple[Exception | None, bool]:
    """The error that `reading` ended with, and whether it was cancelled. Raises what is no `Exception`."""
    if reading.cancelled():
        return None, True
    error = reading.exception()
    if error is not None and not isinstance(error, Exception):
        raise error
    return error, False


def _is_being_answered(log: list[LoggedRequest], number: int) -> bool:
    """Whether the answer to the request of that number has begun."""
    return len(log) > number and log[number].status is not None


async def _still_open(network: LocalNetwork) -> list[str]:
    """The requests that are still being answered `CLOSING_SECONDS` after the call, on connections that it left open."""
    end = asyncio.get_running_loop().time() + CLOSING_SECONDS
    while network.answering and asyncio.get_running_loop().time() < end:  # noqa: ASYNC110
        await asyncio.sleep(POLL_SECONDS)
    return [_describe(one) for one in network.answering]


def _describe(request: LoggedRequest) -> str:
    return f"{request.method} {redact_url(request.url)}"
