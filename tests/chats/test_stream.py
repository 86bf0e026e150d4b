"""The core of a stream, with attempts that are written out: what it takes back, keeps again, and lets go."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, suppress
from typing import TypeVar, cast

import pytest

from toolkit.chats.deadlines import Deadlines
from toolkit.chats.events import Finished, Pieces, Queued, Text
from toolkit.chats.stream import Attempts, ChatStream
from toolkit.chats.watchdog import Watchdog
from toolkit.errors import LoginRequired, SiteError, StreamInterrupted, StreamTimeout, ToolkitError

T = TypeVar("T")


def reading(*answers: Pieces, deadlines: Deadlines | None = None, watch: Watchdog | None = None) -> ChatStream:
    """A stream of attempts that give `answers`, each after the one before wanted a login."""
    dog = watch or Watchdog(deadlines or Deadlines())

    async def attempts() -> Attempts:
        for pieces in answers:
            with suppress(LoginRequired):
                async with aclosing(pieces):
                    with dog.enforce_deadlines():
                        yield pieces
                return

    return ChatStream(attempts(), dog)


async def for_ever() -> Pieces:
    yield "first"
    await asyncio.Event().wait()


@pytest.fixture
def uncollected() -> Iterator[None]:
    """What is not held any more is freed at once, or not at all."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


async def test_an_error_has_no_context_of_the_stream_s_own() -> None:
    """Neither one of the call nor one of a later attempt: a traceback shows what went wrong, and no more."""

    async def fails(*kinds: type[ToolkitError]) -> Pieces:
        for kind in kinds:
            raise kind("It failed.")
        yield ""

    for answers in ([fails(SiteError)], [fails(LoginRequired), fails(SiteError)]):
        with pytest.raises(SiteError) as caught:
            await reading(*answers).text()
        assert not isinstance(caught.value.__context__, StopAsyncIteration)


async def test_reading_again_takes_back_no_cancellation_of_others() -> None:
    """What `aclose` has cancelled is taken back once, whatever happens to the task later."""
    stream = reading(for_ever())
    assert await anext(stream) == "first"

    async def reads() -> int:
        with pytest.raises(StreamInterrupted, match="closed before its end"):
            await anext(stream)
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        with pytest.raises(StreamInterrupted, match="closed before its end"):
            await anext(stream)
        task = asyncio.current_task()
        assert task is not None
        return task.cancelling()

    reader = asyncio.create_task(reads())
    await asyncio.sleep(0)
    await stream.aclose()
    await asyncio.sleep(0)
    reader.cancel()
    assert await reader == 1


@pytest.mark.parametrize("said", ["", Text(""), Queued(1, 2), Finished("stop")], ids=repr)
async def test_a_deadline_is_kept_again_after_what_is_no_text(said: str | Text | Queued | Finished) -> None:
    """A provider passes over the deadline, and what it says then is nothing for who reads text: the wait goes on, and
    so does the deadline. After the end of the answer, it ends what the provider tidies up."""

    async def pieces() -> Pieces:
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await asyncio.sleep(0)
        yield said
        await asyncio.Event().wait()

    stream = reading(pieces(), deadlines=Deadlines(first_piece=0.0))
    with pytest.raises(StreamTimeout):
        await anext(stream)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_deadline_counts_from_the_last_piece_and_only_while_somebody_waits() -> None:
    """The timer is set once for many pieces: it may be up early, and when nobody reads."""

    async def pieces() -> Pieces:
        for piece in "abc":
            yield piece
        await asyncio.sleep(0.02)
        yield "d"
        await asyncio.Event().wait()

    for seconds, until in ((0.0, "c"), (0.5, "d")):
        stream = reading(pieces(), deadlines=Deadlines(between_pieces=seconds))
        async for piece in stream:
            if piece == until:
                break
            for _ in range(3):
                await asyncio.sleep(0)
        with pytest.raises(StreamTimeout, match="between_pieces"):
            await anext(stream)


@pytest.mark.parametrize("deadlines", [Deadlines(total=0.0), Deadlines(total=0.0, first_piece=None)], ids=repr)
async def test_the_whole_has_a_deadline(deadlines: Deadlines) -> None:
    """Also where no piece has one of its own."""

    async def pieces() -> Pieces:
        await asyncio.Event().wait()
        yield ""

    with pytest.raises(StreamTimeout, match="total"):
        await reading(pieces(), deadlines=deadlines)


async def test_a_long_answer_is_kept_in_few_texts() -> None:
    """Each piece by itself takes many times the memory of its characters; nothing of the text is lost by that."""
    pieces = [f"{number} " for number in range(1000)]

    async def long() -> Pieces:
        for piece in pieces:
            yield piece

    watch = Watchdog(Deadlines())
    stream = reading(long(), watch=watch)
    seen = []
    async for piece in stream:
        seen.append(piece)
        assert stream.received == "".join(seen)
    assert seen == pieces
    assert len(watch.received) < len(pieces) / 4


async def test_what_opened_a_stream_is_not_lost() -> None:
    """Who reads text is told no event, and who wants events is told all of them."""

    async def pieces() -> Pieces:
        yield Queued(1, 1)
        yield "first"

    stream = await reading(pieces())
    assert await (await stream).text() == "first"
    events = (await reading(pieces())).events()
    assert [event async for event in events] == [Queued(1, 1), Text("first"), Finished("stop")]


async def test_what_opened_a_closed_stream_is_not_read() -> None:
    """Closing breaks the answer off, also where a piece is there already."""
    stream = await reading(for_ever())
    await stream.aclose()
    with pytest.raises(StreamInterrupted, match="closed before its end"):
        await stream.text()


async def test_a_stream_that_is_closed_begins_no_other_attempt() -> None:
    """Also where what comes before it passes over the interruption."""

    async def attempts() -> Attempts:
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await asyncio.sleep(0)
        yield for_ever()

    stream = ChatStream(attempts(), Watchdog(Deadlines()))
    reader = asyncio.create_task(anext(stream, "the end"))
    await asyncio.sleep(0)
    await stream.aclose()
    with pytest.raises(StreamInterrupted, match="closed before its end"):
        await reader


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("how", ["never", "to the end", "again", "cancelled", "closed", "failed"])
async def test_a_stream_that_is_over_is_freed_at_once(how: str) -> None:
    """It holds the answer, and waits for no collector, and no timer, to let go of it."""

    async def one() -> Pieces:
        yield "first"
        await asyncio.sleep(0)
        if how == "failed":
            raise KeyError

    stream = reading(for_ever() if how in ("cancelled", "closed") else one())
    if how in ("to the end", "again"):
        assert [piece async for piece in stream] == ["first"]
    if how == "again":
        assert [piece async for piece in stream] == []
    if how in ("cancelled", "closed", "failed"):
        assert await anext(stream) == "first"
        reader = asyncio.create_task(anext(stream, None))
        await asyncio.sleep(0)
        if how == "closed":
            await stream.aclose()
        elif how == "cancelled":
            reader.cancel()
        with suppress(asyncio.CancelledError, KeyError, StreamInterrupted):
            await reader
        del reader
        await asyncio.sleep(0)  # the loop holds the task that it is waking us for
    parts = [weakref.ref(part) for part in (stream, stream._watch, stream._attempts)]
    del stream
    assert [part() for part in parts] == [None, None, None]


@pytest.mark.usefixtures("uncollected")
async def test_a_stream_that_was_tried_again_is_closed_where_it_is_dropped() -> None:
    """The error of the first attempt does not hold the stream."""
    tidied = asyncio.Event()

    async def refused() -> Pieces:
        yield await refusal()

    async def refusal() -> str:
        raise LoginRequired("a login")

    async def pieces() -> Pieces:
        try:
            yield "first"
            yield "second"
        finally:
            tidied.set()

    stream = reading(refused(), pieces())
    assert await anext(stream) == "first"
    gone = weakref.ref(stream)
    del stream
    assert gone() is None
    await tidied.wait()


async def test_a_failed_stream_goes_on_failing_whatever_the_provider_does() -> None:
    """One that is no generator may have more to say after its error."""

    class Going:
        said = 0

        async def __anext__(self) -> str:
            self.said += 1
            if self.said == 2:
                raise SiteError("broken")
            return "more"

        async def aclose(self) -> None: ...

    stream = reading(cast(Pieces, Going()))
    assert await anext(stream) == "more"
    for _ in range(3):
        with pytest.raises(SiteError, match="broken"):
            await anext(stream)


def test_an_answer_that_outlives_its_loop_never_looks_complete() -> None:
    """The loop has closed it. What was complete by then stays so."""

    async def complete() -> Pieces:
        yield Finished("length")

    stream = reading(for_ever())
    assert asyncio.run(next_of(stream)) == "first"
    for _ in range(2):
        with pytest.raises(StreamInterrupted, match="has ended"):
            asyncio.run(next_of(stream))
    assert stream.finish_reason is None
    stream = reading(complete())
    assert asyncio.run(next_of(stream.events())) == Finished("length")
    assert asyncio.run(stream.text(allow_truncated=True)) == ""


def test_what_is_dropped_while_its_loop_rests_is_closed_when_it_goes_on() -> None:
    """Nobody runs then who could close it at once."""
    tidied = asyncio.Event()

    async def pieces() -> Pieces:
        try:
            yield "first"
        finally:
            tidied.set()

    with asyncio.Runner() as runner:
        stream = reading(pieces())
        assert runner.run(next_of(stream)) == "first"
        del stream
        gc.collect()
        runner.run(once(tidied))


async def once(event: asyncio.Event) -> None:
    await event.wait()


async def next_of(items: AsyncIterator[T]) -> T:
    return await anext(items)


async def test_a_step_that_is_closed_by_hand_breaks_the_stream() -> None:
    """It leaves the provider where it is: the stream never looks complete."""
    stream = reading(for_ever())
    assert await anext(stream) == "first"
    step = stream.__anext__()
    step.send(None)  # type: ignore[attr-defined]
    step.close()  # type: ignore[attr-defined]
    for _ in range(2):
        with pytest.raises(StreamInterrupted, match="GeneratorExit"):
            await anext(stream)
