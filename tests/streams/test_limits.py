"""What a stream may cost: a frame has a limit, and the work grows as the bytes do."""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable, Iterable
from functools import partial
from itertools import repeat
from typing import Any

import pytest

from tests.streams.laws import decoded
from toolkit.errors import ProtocolError
from toolkit.streams.base import Decoder
from toolkit.streams.json_lines import JSONLinesDecoder
from toolkit.streams.sse import SSEDecoder
from toolkit.streams.sse_json import JSONEventsDecoder
from toolkit.streams.text import TextDecoder

MAKERS = {"text": TextDecoder, "events": SSEDecoder, "documents": JSONLinesDecoder}
TOO_LONG = {
    "a line": (SSEDecoder(limit=100), b"data: " + b"x" * 200 + b"\n\n"),
    "a line without an end": (SSEDecoder(limit=100), b"data: " + b"x" * 200),
    "a comment": (SSEDecoder(limit=100), b":" * 101 + b"\r"),
    "an event of many lines": (SSEDecoder(limit=100), b"data: 0123456789\n" * 20),
    "an event of empty lines": (SSEDecoder(limit=100), b"data\n" * 200),
    "a document": (JSONLinesDecoder(limit=100), b"1" * 101 + b"\n"),
    "a document without an end": (JSONLinesDecoder(limit=100), b" " * 101),
}


@pytest.mark.parametrize(("decoder", "data"), TOO_LONG.values(), ids=TOO_LONG)
def test_too_long_a_frame_is_an_error(decoder: Decoder[Any], data: bytes) -> None:
    """A line, or an event of many lines, above the limit ends the reading, for good."""
    with pytest.raises(ProtocolError, match="more than 100 bytes"):
        decoder.feed(data)
    for again in (decoder.flush, lambda: decoder.feed(b"\n\ndata: 1\n\n")):
        with pytest.raises(ProtocolError, match="more than 100 bytes"):
            again()


FAULTS = {
    "an event": (partial(SSEDecoder, limit=100), b"data: " + b"x" * 200 + b"\n\n"),
    "a line": (partial(SSEDecoder, limit=100), b":" * 200 + b"\n"),
    "no JSON": (partial(JSONEventsDecoder, int), b"data: no\n\n"),
    "JSON without a bottom": (partial(JSONEventsDecoder, Any), b"data: " + b"[" * 100_000 + b"\n\n"),
}


@pytest.mark.parametrize(("make", "fault"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_for_good(make: Callable[[], Decoder[Any]], fault: bytes) -> None:
    """Also in a chunk of its own, and where the chunks before and after it are one event each."""
    event = b"data: 1\n\n"
    apart, together = make(), make()
    assert [len(decoder.feed(chunk)) for decoder, chunk in ((apart, event), (together, event + fault))] == [1, 1]
    for decoder, chunk in ((apart, fault), (apart, event), (together, event)):
        with pytest.raises(ProtocolError):
            decoder.feed(chunk)


def test_a_frame_of_the_limit_is_read() -> None:
    """The limit is one of a line and of an event, not of a stream or of a chunk."""
    assert len(SSEDecoder(limit=100).feed(b"data: 0123456789\n\n" * 20)) == 20
    assert len(SSEDecoder(limit=100).feed((b"data: " + b"x" * 94 + b"\n\n") * 20)) == 20
    assert len(JSONLinesDecoder(limit=100).feed((b"1" * 100 + b"\n") * 20)) == 20


@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.parametrize(
    ("make", "data", "items"),
    [
        (lambda: SSEDecoder(limit=9), b"data: a\n\ndata: b\n\n:" + b"x" * 20, [("message", x, "", None) for x in "ab"]),
        (lambda: JSONLinesDecoder(limit=9), b"1\n2\n" + b"3" * 20 + b"\n4", [1, 2]),
        (JSONLinesDecoder, b"1\n2\n{\n4", [1, 2]),
    ],
    ids=["events", "too long", "not JSON"],
)
def test_what_came_before_a_fault_is_given(
    make: Callable[[], Decoder[Any]], data: bytes, items: list[Any], size: int
) -> None:
    """A fault takes nothing away that was complete before it, also in one chunk with it; and then it is raised."""
    found, error = decoded(make(), [data[i : i + size] for i in range(0, len(data), size)])
    assert found == items
    assert error


def calls(decoder: Decoder[Any], parts: Iterable[bytes]) -> int:
    """How many calls, of Python's own functions too, it takes to decode `parts`."""
    count = 0

    def profile(_: object, event: str, __: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(profile)
    try:
        for part in parts:
            decoder.feed(part)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("part", [b"x", b"x" * 7, b"data: 1\n", b"1\n", b"data: 1\n\n", b"\r\n", b"\r", b""])
@pytest.mark.parametrize("make", [TextDecoder, SSEDecoder], ids=["text", "events"])
def test_each_chunk_is_the_same_work(make: Callable[[], Decoder[Any]], part: bytes) -> None:
    """Whatever came before, a chunk takes as many calls as the one before it. (What the calls themselves cost, the
    benchmark's row `linear` tells.)"""
    decoder = make()
    decoder.feed(b"data: 1\n")
    decoder.feed(part)
    decoder.feed(part)
    few, many = (calls(decoder, repeat(part, count)) for count in (100, 10_000))
    assert many <= 100 * few


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_a_million_chunks_of_a_byte_are_one_line(make: Callable[[], Decoder[Any]]) -> None:
    """A stream that comes byte by byte is read to its end."""
    data = b'data:"' if make is SSEDecoder else b'"'
    items, error = decoded(make(), [data, *repeat(b"x", 1_000_000), b'"\n\n'])
    assert not error
    assert "".join(item.data if make is SSEDecoder else item for item in items).strip('\n"') == "x" * 1_000_000


@pytest.mark.parametrize(("make", "part"), [(SSEDecoder, b"data:ab\n"), (SSEDecoder, b":a"), (JSONLinesDecoder, b"12")])
def test_memory_is_bounded_by_the_limit(make: Callable[..., Decoder[Any]], part: bytes) -> None:
    """What never completes is kept as bytes, not as objects: it takes about the limit, and never more."""
    limit = 50_000
    tracemalloc.start()
    try:
        _, error = decoded(make(limit=limit), repeat(part, 2 * limit))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert error
    assert peak < 4 * limit
