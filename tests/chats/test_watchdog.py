"""What counts as waiting, by a clock that is moved by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

import pytest

from tests.chats.test_stream import for_ever, reading
from toolkit.chats.deadlines import Deadlines
from toolkit.chats.events import Finished, Pieces, Queued, Text
from toolkit.errors import LoginRequired, StreamTimeout

T = TypeVar("T")
END = [Finished("stop")]


class Ahead(asyncio.SelectorEventLoop):
    passed = 0.0

    def time(self) -> float:
        return super().time() + self.passed


def run(work: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=Ahead) as runner:
        return runner.run(work)


async def passes(seconds: float) -> None:
    """Time, and whatever is due then happens."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, Ahead)
    loop.passed += seconds
    for _ in range(3):
        await asyncio.sleep(0)


async def read(items: AsyncIterator[T], between: float = 0.0) -> list[T]:
    """All of them, by somebody who takes that many seconds for each."""
    found = []
    async for item in items:
        found.append(item)
        await passes(between)
    return found


def test_the_time_of_who_reads_does_not_count() -> None:
    """For any piece; but the site's own does, for each piece anew."""

    async def pieces() -> Pieces:
        for piece in "abc":
            await passes(40)
            yield piece

    assert run(read(reading(pieces(), deadlines=Deadlines(between_pieces=60, first_piece=60)), 100)) == ["a", "b", "c"]


def test_the_time_in_a_queue_counts_for_the_first_piece() -> None:
    """All of it, but not what who reads takes between two signs of life."""

    async def pieces(places: int) -> Pieces:
        for place in range(places):
            await passes(120)
            yield Queued(places - place, places)
        await passes(50)
        yield "first"

    deadlines = Deadlines(first_piece=300)
    assert run(read(reading(pieces(2), deadlines=deadlines).events(), 200))[2:] == [Text("first"), *END]
    for_text, for_events = (reading(pieces(3), deadlines=deadlines) for _ in range(2))
    with pytest.raises(StreamTimeout, match="first_piece"):
        run(read(for_text))
    with pytest.raises(StreamTimeout, match="first_piece"):
        run(read(for_events.events(), 200))


def test_what_was_waited_for_one_piece_is_not_for_the_next() -> None:
    """A sign of life before a piece counts for that one."""

    async def pieces() -> Pieces:
        for piece in ("a", Queued(1, 1), "b", "c"):
            await passes(40 if piece != "b" else 10)
            yield piece

    assert run(reading(pieces(), deadlines=Deadlines(between_pieces=60)).text()) == "abc"
    found = run(read(reading(pieces(), deadlines=Deadlines(between_pieces=60)).events()))
    assert found[2:] == [Text("b"), Text("c"), *END]


async def refused() -> Pieces:
    await passes(100)
    yield Queued(1, 1)
    await passes(100)
    raise LoginRequired("a login")


async def at_last() -> Pieces:
    await passes(250)
    yield "first"


def test_an_attempt_has_its_time_and_the_whole_has_one() -> None:
    """What was waited in an attempt before counts for the whole only."""
    assert len(run(read(reading(refused(), at_last(), deadlines=Deadlines(first_piece=300)).events()))) == 3
    with pytest.raises(StreamTimeout, match="total"):
        run(read(reading(refused(), at_last(), deadlines=Deadlines(total=300)).events()))


def test_a_deadline_that_was_passed_over_is_forgotten() -> None:
    """A later cancellation is not taken for it."""

    async def pieces() -> Pieces:
        with suppress(asyncio.CancelledError):
            await passes(70)
        await asyncio.sleep(0)
        yield "first"
        await asyncio.Event().wait()

    async def reads() -> None:
        stream = reading(pieces(), deadlines=Deadlines(first_piece=60))
        assert await anext(stream) == "first"
        reader = asyncio.create_task(anext(stream, "the end"))
        await asyncio.sleep(0)
        reader.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reader

    run(reads())


def test_a_deadline_in_a_task_that_was_cancelled_before_is_one() -> None:
    """Who reads has passed over a cancellation, which stays what it was."""

    async def reads() -> int:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(0)
        stream = reading(for_ever(), deadlines=Deadlines(between_pieces=0.0))
        assert await anext(stream) == "first"
        with pytest.raises(StreamTimeout):
            await anext(stream)
        return task.cancelling()

    assert run(reads()) == 1
