"""The decoders: however the bytes are cut, the same items come out."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import Any

import msgspec
import pytest

from tests.streams import reference
from toolkit.errors import ProtocolError
from toolkit.streams.base import Decoder
from toolkit.streams.json_decoding import decode_json
from toolkit.streams.json_lines import JSONLinesDecoder
from toolkit.streams.sse import SSEDecoder
from toolkit.streams.sse_json import JSONEventsDecoder
from toolkit.streams.text import TextDecoder


def decoded(decoder: Decoder[Any], chunks: Iterable[bytes]) -> list[Any]:
    items = [item for chunk in chunks for item in decoder.feed(chunk)]
    return items + decoder.flush()


def every_cut(data: bytes) -> Iterable[list[bytes]]:
    """`data` in one piece, byte by byte, and cut in two and in three at every place."""
    yield [data]
    yield [data[i : i + 1] for i in range(len(data))]
    for i in range(len(data) + 1):
        yield [data[:i], data[i:]]
        yield [data[:i], data[i : i + 1], data[i + 1 :]]


TEXTS = {
    "many alphabets": ("Hé Привет 你好 👨‍👩‍👧".encode(), "Hé Привет 你好 👨‍👩‍👧"),
    "byte order mark": (b"\xef\xbb\xbfHi\xef\xbb\xbf", "Hi\ufeff"),
    "not UTF-8": (b"a\xffb\xe4\xbdc", "a\ufffdb\ufffdc"),
    "cut at the end": (b"ok\xf0\x9f\x98", "ok\ufffd"),
    "half a byte order mark": (b"\xef\xbb", "\ufffd"),
    "two byte order marks": (b"\xef\xbb\xbf\xef\xbb\xbf", "\ufeff"),
    "a surrogate": (b"\xed\xa0\x80", "\ufffd\ufffd\ufffd"),
    "nothing": (b"", ""),
}


@pytest.mark.parametrize(("data", "text"), TEXTS.values(), ids=TEXTS)
def test_text_is_the_same_however_it_is_cut(data: bytes, text: str) -> None:
    """No character is split or lost, whatever the chunks are."""
    for chunks in every_cut(data):
        assert "".join(decoded(TextDecoder(), chunks)) == text


EVENTS: dict[str, tuple[bytes, list[tuple[str, str, str, int | None]]]] = {
    "LF": (b"data: a\n\n", [("message", "a", "", None)]),
    "CRLF": (b"data: a\r\n\r\ndata: b\r\n\r\n", [("message", "a", "", None), ("message", "b", "", None)]),
    "CR": (b"data: a\r\rdata: b\r\r", [("message", "a", "", None), ("message", "b", "", None)]),
    "several data lines": (b"data: a\ndata\ndata:b\n\n", [("message", "a\n\nb", "", None)]),
    "one space is dropped": (b"data:  a\n\n", [("message", " a", "", None)]),
    "empty data": (b"data:\n\n", [("message", "", "", None)]),
    "no data, no event": (b"event: x\nid: 1\n\ndata: a\n\n", [("message", "a", "1", None)]),
    "comments": (b": ping - 2026\n\n:\n\ndata: a\n: b\n\n", [("message", "a", "", None)]),
    "event, id, retry": (b"event: tick\nid: 7\nretry: 1500\ndata: a\n\ndata: b\n\n",
                         [("tick", "a", "7", 1500), ("message", "b", "7", None)]),
    "id with NUL": (b"id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n",
                    [("message", "a", "1", None), ("message", "b", "1", None)]),
    "id and event without a value": (b"id: 1\nid\nevent: x\nevent\ndata: a\n\n", [("message", "a", "", None)]),
    "retry that is no number": (b"retry: 1s\nretry: \nretry: -1\nretry: \xd9\xa1\ndata: a\n\n",
                                [("message", "a", "", None)]),
    "retry by itself": (b"retry: 0010\n\n: ping\n\ndata: a\n\n", [("message", "a", "", 10)]),
    "retry beyond all time": (b"retry: " + b"9" * 500 + b"\nretry: " + b"0" * 500 + b"\ndata: a\n\n",
                              [("message", "a", "", 0)]),
    "spaces that are none of ours": (b"data : a\n data: b\ndata:\tc\n\n", [("message", "\tc", "", None)]),
    "unknown fields": (b"dat: a\nDATA: b\ndata: c\n\n", [("message", "c", "", None)]),
    "byte order mark": (b"\xef\xbb\xbfdata: a\n\n", [("message", "a", "", None)]),
    "mark only at the start": (b"data: a\n\n\xef\xbb\xbfdata: b\n\n", [("message", "a", "", None)]),
    "two marks": (b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\n", []),
    "half a mark": (b"\xef\xbbdata: a\n\ndata: b\n\n", [("message", "b", "", None)]),
    "nothing but half a mark": (b"\xef\xbb", []),
    "mixed line ends": (b"data: a\r\n\ndata: b\n\r\ndata: c\r\n\rdata: d\n\r",
                        [("message", "a", "", None), ("message", "b", "", None), ("message", "c", "", None),
                         ("message", "d", "", None)]),
    "unfinished": (b"data: a\n\ndata: b\n", [("message", "a", "", None)]),
    "unfinished line": (b"data: a\n\ndata: b\n\r\ndata: c", [("message", "a", "", None), ("message", "b", "", None)]),
    "many alphabets": ("data: Привет 你好 😀\n\n".encode(), [("message", "Привет 你好 😀", "", None)]),
    "not UTF-8": (b"data: a\xff\n\n", [("message", "a\ufffd", "", None)]),
}  # fmt: skip


@pytest.mark.parametrize(("data", "events"), EVENTS.values(), ids=EVENTS)
def test_events_are_the_same_however_they_are_cut(data: bytes, events: list[Any]) -> None:
    """https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation, at every cut."""
    for chunks in every_cut(data):
        assert decoded(SSEDecoder(), chunks) == events


def test_events_are_the_same_whatever_a_chunk_begins_and_ends_with() -> None:
    """Most chunks are one event, and read as such; not where something has begun before, or goes on after them."""
    parts = (
        *(b"data: 1\n\n", b"data: 1\n", b"\n", b"data: 1\nd", b"ata: 2\n\n", b"data: a\rdata: b\n\n"),
        *(b"event: x\n", b"retry: 5\n\n", b"\xef\xbb\xbfdata: 2\n\n", b""),
    )
    for cut in product(parts, repeat=4):
        assert decoded(SSEDecoder(), cut) == reference.events(b"".join(cut))


def test_an_event_comes_with_the_end_of_its_line() -> None:
    """A CR ends a line at once: the event is not kept back to see whether a LF follows."""
    decoder = SSEDecoder()
    assert decoder.feed(b"data: a\r\r") != []
    assert decoder.feed(b"\ndata: b\n\n") != []


DOCUMENTS: dict[str, tuple[bytes, list[Any]]] = {
    "lines": (b'{"a": 1}\n[2]\n', [{"a": 1}, [2]]),
    "CRLF and empty lines": (b'{"a": 1}\r\n\r\n \n[2]\n', [{"a": 1}, [2]]),
    "no last line end": (b'{"a": 1}\n"b"', [{"a": 1}, "b"]),
    "many alphabets": ('{"a": "你好 😀 \\ud83d\\ude00"}\n'.encode(), [{"a": "你好 😀 😀"}]),
    "byte order mark": (b'\xef\xbb\xbf{"a": 1}\n', [{"a": 1}]),
    "byte order mark, no line end": (b"\xef\xbb\xbf1", [1]),
    "CR inside": (b'{"a":\r1}\n', [{"a": 1}]),
    "not UTF-8": (b'["a\xff", "\xe4\xbd"]\n', [["a\ufffd", "\ufffd"]]),
    "nothing": (b"", []),
}


@pytest.mark.parametrize(("data", "documents"), DOCUMENTS.values(), ids=DOCUMENTS)
def test_documents_are_the_same_however_they_are_cut(data: bytes, documents: list[Any]) -> None:
    """One JSON document a line."""
    for chunks in every_cut(data):
        assert decoded(JSONLinesDecoder(), chunks) == documents


@pytest.mark.parametrize("data", [b"<html>\n", b'{"a": 1\n', b'{"a": 1}\nsecret=1', b"\xff\n", b"\f\n", b"\xef\xbb"])
def test_a_line_that_is_not_json_is_an_error(data: bytes) -> None:
    """It is never passed over in silence, and its text is not shown."""
    for chunks in every_cut(data):
        with pytest.raises(ProtocolError, match="not JSON") as caught:
            decoded(JSONLinesDecoder(), chunks)
        assert "secret" not in str(caught.value)


def test_json_of_another_shape_is_an_error_that_names_the_place() -> None:
    """The place and what was expected there are told, never the value."""

    class Shape(msgspec.Struct):
        id: str

    assert decode_json('{"id": "x", "more": 1}', Shape) == Shape("x")
    with pytest.raises(ProtocolError, match=r"Expected `str`, got `int` - at `\$.id`"):
        decode_json('{"id": 5}', Shape)


def test_the_lines_have_the_shape_that_is_asked_for() -> None:
    """Each line is made the shape; another one is an error that names the place, also in the last line."""

    class Shape(msgspec.Struct):
        say: str

    assert decoded(JSONLinesDecoder(Shape), [b'{"say": "a"}\n{"say": "b"}']) == [Shape("a"), Shape("b")]
    for data in (b'{"say": 5}\n', b'{"say": 5}'):
        with pytest.raises(ProtocolError, match=r"got `int` - at `\$.say`"):
            decoded(JSONLinesDecoder(Shape), [data])


def test_json_that_is_not_text_is_read_as_a_page_reads_it() -> None:
    """What cannot be UTF-8 is replaced inside of JSON too, in bytes and in text."""
    assert decode_json(b'"a\xff"') == "a\ufffd"
    assert decode_json('"a\ud83d"') == "a?"


def test_json_without_a_bottom_is_an_error() -> None:
    """Nesting does not exhaust the stack."""
    with pytest.raises(ProtocolError, match="nested too deeply"):
        decode_json(b"[" * 100_000)


def test_the_json_of_events_is_told_apart_from_their_end() -> None:
    """The end marker is None; what is neither that nor JSON of the shape is an error, as from `decode_json`."""
    stream = b'data: {"a":\ndata: 1}\n\ndata: "\xff"\n\ndata: [DONE]\n\n'
    for chunks in every_cut(stream):
        assert decoded(JSONEventsDecoder(Any), chunks) == [{"a": 1}, "\ufffd", None]
    for data, text in ((b"secret", "not JSON"), (b'"secret"', "another shape"), (b"[" * 100_000, "nested too deeply")):
        with pytest.raises(ProtocolError, match=text) as caught:
            JSONEventsDecoder(dict[str, int] if b'"' in data else Any).feed(b"data: " + data + b"\n\n")
        assert "secret" not in str(caught.value)
