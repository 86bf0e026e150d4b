"""Finds the JSON documents of a body: the whole of it, the events of a stream, lines, the data of a page. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

# Of an event stream, or JSON lines, or a packet of socket.io.
LINE = re.compile(rb"^(?:data: ?|4[0-6][0-9]{0,9})?([\[{].*[\]}])[ \t\r]*$", re.MULTILINE)
DATA_OF_PAGE = re.compile(
    rb"<script\b[^<>]{0,500}\btype=[\"']?application/(?:[\w.-]+\+)?json\b[^<>]{0,500}>", re.IGNORECASE
)
SCRIPT_END = b"</script"


class Document(NamedTuple):
    """A JSON document that stands at the bytes `start` to `end` of a body, and what it decodes to."""

    start: int
    end: int
    value: Any

    def __repr__(self) -> str:
        return f"<Document {self.start}:{self.end}>"


def find_documents(data: bytes, marks: Iterable[int] | None = None) -> Iterator[Document]:
    """Yields the JSON documents in the body `data` that are objects or arrays: of those that are lines, only the ones
    in which one of `marks` stands, positions in ascending order, if such are given."""
    first = data.lstrip()[:1]
    if first in (b"{", b"[") and (value := _decoded(data)) is not None:
        yield Document(0, len(data), value)
    elif first == b"<":
        for tag in DATA_OF_PAGE.finditer(data):
            end = data.find(SCRIPT_END, tag.end())
            if end >= 0 and (value := _decoded(data[tag.end() : end])) is not None:
                yield Document(tag.end(), end, value)
    else:
        for line in LINE.finditer(data) if marks is None else _marked_lines(data, marks):
            if (value := _decoded(line[1])) is not None:
                yield Document(*line.span(1), value)


def _marked_lines(data: bytes, marks: Iterable[int]) -> Iterator[re.Match[bytes]]:
    end = 0
    for mark in marks:
        if mark >= end:
            start = data.rfind(b"\n", 0, mark) + 1
            end = data.find(b"\n", mark)
            end = len(data) if end < 0 else end
            if line := LINE.match(data, start):
                yield line


def _decoded(data: bytes) -> Any:
    try:
        value = msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None
    return value if isinstance(value, dict | list) else None
