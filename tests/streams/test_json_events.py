"""The events of a stream whose data is JSON: what is taken though it is not to the letter, and what is not."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.streams.laws import decoded
from toolkit.errors import ProtocolError
from toolkit.streams.base import Data
from toolkit.streams.sse import SSEDecoder
from toolkit.streams.sse_json import JSONEventsDecoder

A = {"a": 1}
WHOLE = b'data: {"a": 1}'

ENDS: dict[str, tuple[bytes, list[Any]]] = {
    "to the letter": (WHOLE + b"\n\n", [A]),
    "without the blank line": (WHOLE + b"\n", [A]),
    "without its line's end": (WHOLE, [A]),
    "with spaces": (WHOLE + b"  ", [A]),
    "an end marker alone": (b"data: [DONE]", [None]),
    "an end marker with spaces": (b"data:  [DONE] \n\n", [None]),
    "an end marker after the last event": (WHOLE + b"\n\ndata: [DONE]", [A, None]),
    "a list": (b"data: [1]", [[1]]),
    "cut in a document": (b'data: {"a": {"b": 1}', []),
    "cut in a word of a document": (b'data: {"a": "}', []),
    "cut in the end marker": (WHOLE + b"\n\ndata: [DON", [A]),
    "a number, which may go on": (b"data: 12", []),
    "a text": (b'data: "a"\n', []),
    "a field that is cut": (WHOLE + b"\n\ndat", [A]),
    "an event without data": (WHOLE + b"\n\nevent: x", [A]),
    "blank data": (b"data: \n\ndata\n\ndata:  \n\n" + WHOLE + b"\n\n", [A]),
}


@pytest.mark.parametrize(("data", "items"), ENDS.values(), ids=ENDS)
def test_the_last_event_counts_where_its_data_is_whole(data: bytes, items: list[Any]) -> None:
    """Many servers end a stream without the blank line after the last event. One that is cut off is dropped, as the
    specification has it; and blank data is none."""
    for size in range(1, len(data) + 1):
        parts = [data[start : start + size] for start in range(0, len(data), size)]
        assert decoded(JSONEventsDecoder(Any), parts) == (items, "")


@pytest.mark.parametrize("data", [WHOLE, WHOLE + b"\n"])
def test_events_that_are_no_json_end_to_the_letter(data: bytes) -> None:
    """Nobody can tell whether the last one is whole (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""
    assert decoded(SSEDecoder(), [data]) == ([], "")


def test_halves_of_characters_are_kept_for_the_next_event() -> None:
    """A piece that ends in half a character is read with it, and that there was one is told; a whole stream is none of
    that kind."""
    decoder = JSONEventsDecoder[Any](Any)
    whole, half, other = (b'["\\ud83d\\ude00 \\\\ud83d"]', b'["\\ud83d"]', b'["\\ude00' + b'\xff"]')
    seen = [(decoder.feed(b"data: " + data + b"\n\n"), decoder.irregular) for data in (whole, half, other)]
    assert seen == [([["\U0001f600 \\ud83d"]], False), ([["\ud83d"]], True), ([["\ude00\ufffd"]], True)]


def test_halves_of_characters_excuse_nothing_else() -> None:
    """What is not JSON, or of another shape, is an error with them too."""

    class Shape(msgspec.Struct):
        say: str

    for data, words in ((b'{"say": "\\ud83d", "n": NaN}', "not JSON"), (b'{"say": ["\\ud83d"]}', "shape|not JSON")):
        with pytest.raises(ProtocolError, match=words):
            JSONEventsDecoder(Shape).feed(b"data: " + data + b"\n\n")


def test_events_that_have_a_name_can_mean_something_else() -> None:
    """They go to `named`, with the name; without it the name does not matter. It is forgotten after its event."""

    def named(name: str, data: Data) -> str | None:
        return f"{name} {bytes(data).decode()}"

    stream = b"event: ping\ndata: not JSON\n\n" + WHOLE + b"\n\n" + WHOLE + b"\nevent: late"
    for size in range(1, len(stream) + 1):
        parts = [stream[start : start + size] for start in range(0, len(stream), size)]
        assert decoded(JSONEventsDecoder(Any, named=named), parts) == (["ping not JSON", A, 'late {"a": 1}'], "")
    assert decoded(JSONEventsDecoder(Any), [b"event: x\n" + WHOLE + b"\n\n"]) == ([A], "")
