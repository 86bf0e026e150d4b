"""What counts as a sign that an answer is coming, by a clock that is moved by hand."""

from __future__ import annotations

import pytest

from tests.chats.test_stream import reading
from tests.chats.test_watchdog import passes, read, run
from toolkit.chats.deadlines import Deadlines
from toolkit.chats.events import (
    KEEP_ALIVE,
    Media,
    ModelSelected,
    Piece,
    Pieces,
    Queued,
    Reasoning,
    Source,
    Sources,
    Status,
    Text,
    ToolCall,
    Usage,
)
from toolkit.errors import StreamTimeout

SIGNS = [
    Reasoning("hm"),
    Status("searching"),
    Sources((Source("a"),)),
    Media(url="https://a.example"),
    ToolCall(0, "c", "f", "{}"),
    Usage(1),
    ModelSelected("m"),
    KEEP_ALIVE,
    "",
    Text(""),
]


async def signs(sign: Piece, times: int, *, first: bool) -> Pieces:
    """`times` times `sign`, each 50 seconds after the one before, and then a piece; before them one too, if `first`."""
    if first:
        yield "first"
    for _ in range(times):
        await passes(50)
        yield sign
    await passes(50)
    yield "last"


@pytest.mark.parametrize("events", [False, True], ids=["text", "events"])
@pytest.mark.parametrize("first", [False, True], ids=["before the first piece", "between two"])
@pytest.mark.parametrize("sign", SIGNS, ids=repr)
def test_any_sign_begins_the_wait_anew(sign: Piece, first: bool, events: bool) -> None:
    """A model may think for longer than a deadline, as long as something comes."""
    stream = reading(signs(sign, 9, first=first), deadlines=Deadlines(first_piece=60, between_pieces=60))
    if events:
        assert run(read(stream.events()))[-2] == Text("last")
    else:
        assert run(stream.text()) == "first" * first + "last"


@pytest.mark.parametrize("first", [False, True], ids=["before the first piece", "between two"])
def test_silence_after_a_sign_is_a_deadline_that_passes(first: bool) -> None:
    """The wait begins anew, and ends as any other; it has the name of what was waited for."""

    async def pieces() -> Pieces:
        if first:
            yield "first"
        await passes(50)
        yield Reasoning("hm")
        await passes(70)
        yield "never"

    with pytest.raises(StreamTimeout, match="between_pieces" if first else "first_piece") as caught:
        run(reading(pieces(), deadlines=Deadlines(first_piece=60, between_pieces=60)).text())
    assert caught.value.text == "first" * first


@pytest.mark.parametrize("sign", [KEEP_ALIVE, "", Text("")], ids=repr)
@pytest.mark.parametrize(("limit", "comes"), [(200, False), (520, True), (None, True)])
def test_bytes_that_say_nothing_count_for_a_time_only(sign: Piece, limit: float | None, comes: bool) -> None:
    """A site that has forgotten the call can send them for ever: they take the place of a piece for `keep_alives`
    seconds."""
    deadlines = Deadlines(between_pieces=60, keep_alives=limit)
    stream = reading(signs(sign, 9, first=True), deadlines=deadlines)
    if comes:
        assert run(stream.text()) == "firstlast"
    else:
        with pytest.raises(StreamTimeout, match="between_pieces"):
            run(stream.text())


def test_what_says_something_gives_the_keep_alives_their_time_again() -> None:
    """Only how long nothing else has come is counted."""

    async def pieces() -> Pieces:
        yield "first"
        for _ in range(6):
            for sign in (KEEP_ALIVE, KEEP_ALIVE, Reasoning("hm")):
                await passes(50)
                yield sign
        await passes(50)
        yield "last"

    assert run(reading(pieces(), deadlines=Deadlines(between_pieces=60, keep_alives=120)).text()) == "firstlast"


@pytest.mark.parametrize("texts", range(1, 20))
def test_text_gives_the_keep_alives_their_time_again(texts: int) -> None:
    """However much of it there has been."""

    async def pieces() -> Pieces:
        for _ in range(20):
            for _ in range(texts):
                yield "x"
            await passes(50)
            yield KEEP_ALIVE
            await passes(50)

    text = run(reading(pieces(), deadlines=Deadlines(between_pieces=60, keep_alives=60)).text())
    assert text == "x" * texts * 20


def test_a_place_in_the_queue_is_no_sign() -> None:
    """A site tells one for ever to a call that it has forgotten."""
    stream = reading(signs(Queued(1, 1), 9, first=False), deadlines=Deadlines(first_piece=300))
    with pytest.raises(StreamTimeout, match="first_piece"):
        run(stream.text())


def test_the_whole_ends_whatever_comes() -> None:
    """No sign moves the deadline of the whole call."""
    stream = reading(signs(Reasoning("hm"), 9, first=True), deadlines=Deadlines(total=300))
    with pytest.raises(StreamTimeout, match="total"):
        run(stream.text())
