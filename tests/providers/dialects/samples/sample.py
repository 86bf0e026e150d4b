"""What a sample of a dialect is, and what samples are made of."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from toolkit.chats.events import Finished, Piece, Reasoning, Source, Sources, Usage
from toolkit.errors import ToolkitError

# U+2028 ends a line for Python's `str.splitlines`, and for no protocol.
A, B, C = PARTS = "Hel", "lo\u2028", "there 😀"
TEXT = "".join(PARTS)
STOP = Finished("stop")
SSE = {"content-type": "text/event-stream; charset=utf-8"}
NDJSON = {"content-type": "application/x-ndjson"}


class Sample(NamedTuple):
    """An answer in a `dialect`: its frames, and the pieces that they are, with neighbouring texts joined.

    `whole` is how many of the frames an answer has at least that is not cut, and `like_whole` other numbers of them
    that look like the whole. `failure` is a frame that reports an
    error, with the type of the error and a part of its words.
    """

    dialect: str
    frames: list[bytes]
    pieces: list[Piece]
    headers: dict[str, str] = SSE
    whole: int = 0
    like_whole: tuple[int, ...] = ()
    failure: tuple[bytes, type[ToolkitError], str] | None = None


def data(value: Any, event: str = "", end: str = "\n\n") -> bytes:
    """A server-sent event."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    line = end[: len(end) // 2]
    return (f"event: {event}{line}" if event else "").encode() + f"data: {text}{end}".encode()


def line(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"


def named(value: dict[str, Any]) -> bytes:
    """An event that is named after the type of its data."""
    return data(value, value["type"])


THOUGHT, COST = Reasoning("Hm."), Usage(3, 4)
SOURCE = Sources((Source("A", "https://example.com/a"),))
JSON = {"content-type": "application/json; charset=utf-8"}
PLAIN = {"content-type": "text/plain; charset=utf-8"}
