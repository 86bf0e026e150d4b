"""What holds for any bytes in any chunks. Both fuzzers ask these, hypothesis in the suite and atheris by hand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import cycle
from typing import Any

from tests.streams import reference
from toolkit.errors import ProtocolError
from toolkit.streams.base import Decoder
from toolkit.streams.json_lines import JSONLinesDecoder
from toolkit.streams.sse import SSEDecoder
from toolkit.streams.sse_json import JSONEventsDecoder
from toolkit.streams.text import TextDecoder

BLANK_LINE = re.compile(rb"(?<=\n\n)")
SMALL = 24  # a limit that random streams run into


def chunks(data: bytes, sizes: Sequence[int]) -> Iterator[bytes]:
    """`data` in chunks of `sizes`, over and over; 0 is an empty chunk. Without a size above 0, in one piece."""
    if not any(size > 0 for size in sizes):
        sizes = [len(data) + 1]
    start = 0
    for size in cycle(sizes):
        if start >= len(data):
            return
        yield data[start : start + size]
        start += size


def at_blank_lines(data: bytes) -> list[bytes]:
    """`data` in chunks that end where an event may: what most sites send."""
    return BLANK_LINE.split(data)


def decoded(decoder: Decoder[Any], parts: Iterable[bytes]) -> tuple[list[Any], str]:
    """All items, and the error that came after them."""
    items: list[Any] = []
    try:
        for part in parts:
            items += decoder.feed(part)
        items += decoder.flush()
    except ProtocolError as error:
        return items, str(error)
    return items, ""


def text_is_read(data: bytes, sizes: Sequence[int]) -> None:
    """The text is that of the whole; no piece is empty."""
    pieces, error = decoded(TextDecoder(), chunks(data, sizes))
    assert (all(pieces), "".join(pieces), error) == (True, reference.text(data), "")


def events_are_read(data: bytes, sizes: Sequence[int]) -> None:
    """The events are those of the specification's own algorithm; a limit cuts them off, at the same place however the
    bytes are cut."""
    events = reference.events(data)
    assert decoded(SSEDecoder(), chunks(data, sizes)) == (events, "")
    assert decoded(SSEDecoder(), at_blank_lines(data)) == (events, "")
    limited = decoded(SSEDecoder(limit=SMALL), chunks(data, sizes))
    assert limited == decoded(SSEDecoder(limit=SMALL), [data])
    assert limited == decoded(SSEDecoder(limit=SMALL), at_blank_lines(data))
    assert limited[0] == events[: len(limited[0])]
    assert limited[1] or limited[0] == events


def documents_of_events_are_read(data: bytes, sizes: Sequence[int]) -> None:
    """JSON in events is read as it is from the events, up to the first data that is none; so is that of the last event,
    where its data is whole."""
    expected = reference.event_documents(data, end="a")
    for parts in (chunks(data, sizes), at_blank_lines(data)):
        found, error = decoded(JSONEventsDecoder(Any, end="a"), parts)
        assert (found, bool(error)) == expected


def documents_are_read(data: bytes, sizes: Sequence[int]) -> None:
    """The documents are those of the whole, up to the first line that is none; and so with a limit."""
    documents, faulty = reference.documents(data)
    found, error = decoded(JSONLinesDecoder(), chunks(data, sizes))
    assert (found, bool(error)) == (documents, faulty)
    limited = decoded(JSONLinesDecoder(limit=SMALL), chunks(data, sizes))
    assert limited == decoded(JSONLinesDecoder(limit=SMALL), [data])
    assert limited[0] == documents[: len(limited[0])]


LAWS = (text_is_read, events_are_read, documents_of_events_are_read, documents_are_read)
