"""Cuts the body of an answer into frames, in each of the ways in which chat software frames them. Pure.

The decoders have `feed` and `flush`, as those of `toolkit.streams`, and are more tolerant than the formats: a frame
that is not JSON is told as it is, since many servers mix both.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

from toolkit.errors import ProtocolError
from toolkit.streams.base import FRAME_LIMIT, Data, Decoder
from toolkit.streams.json_decoding import decode_json, decode_with_surrogates
from toolkit.streams.line_decoder import LineDecoder
from toolkit.streams.sse import EventDecoder
from toolkit.streams.text import TextDecoder

CODED = re.compile(r"([0-9a-z]):")  # the AI SDK's lines: what kind it is, then JSON
BLANK = b" \t\r\n"
SEPARATORS = "[], \t\r\n"  # what stands between the objects of an array


class Frame(NamedTuple):
    """One frame of an answer.

    `event` is its name (an SSE's `event`, the code of an AI SDK's line), "" where it has none; `data` is its text and
    `value` the JSON that this is. `is_json` is False where it is none; then `value` is None.
    """

    event: str
    data: str
    value: Any = None
    is_json: bool = True

    def at(self, *path: str | int) -> Any:
        """What stands at `path` of the value; None where there is nothing."""
        return value_at(self.value, *path)

    def text(self, *path: str | int) -> str:
        """The text that stands at `path` of the value; "" where there is none."""
        found = value_at(self.value, *path)
        return found if isinstance(found, str) else ""

    def items(self, *path: str | int) -> list[Frame]:
        """Those of the list at `path` of the value, each as a frame; none where there is no list."""
        found = value_at(self.value, *path)
        return [Frame(self.event, "", item) for item in found] if isinstance(found, list) else []


def value_at(value: Any, *path: str | int) -> Any:
    """What stands at `path` of a JSON value; None where there is nothing. A negative index counts from the end."""
    for key in path:
        if isinstance(key, str):
            value = value.get(key) if isinstance(value, dict) else None
        else:
            value = value[key] if isinstance(value, list) and -len(value) <= key < len(value) else None
    return value


def make_frame(event: str, data: Data) -> Frame:
    """The frame with this `data`, whose halves of characters are kept, for the next frame can have the other ones."""
    text = bytes(data).decode("utf-8", "replace")
    if not text.strip():
        return Frame(event, text, is_json=False)
    try:
        return Frame(event, text, decode_json(data, replace_surrogates=False))
    except ProtocolError:
        value = decode_with_surrogates(data, object)
        return Frame(event, text, value, value is not None)


class EventFrames(EventDecoder[Frame]):
    """Server-sent events. An event without data counts where it has a name, and the last event counts without the blank
    line after it where its data is whole."""

    def __init__(self, *, limit: int = FRAME_LIMIT) -> None:
        super().__init__(limit, lambda data: make_frame(self._event, data), dataless=True)

    def _decode_rest(self, rest: bytes) -> list[Frame]:
        frames: list[Frame] = []
        self._decode_lines([rest] if rest else [], frames)
        if self._data is not None or self._event:
            self._decode_lines([b""], frames)
        return [frame for frame in frames if is_whole(frame)]


class LineFrames(LineDecoder[Frame]):
    """One frame a line; blank lines are none."""

    def __init__(self, *, limit: int = FRAME_LIMIT) -> None:
        super().__init__(limit, cr_ends_line=False)

    def _decode_lines(self, lines: list[bytes], items: list[Frame]) -> None:
        items += [self._frame(line.strip(BLANK)) for line in lines if line.strip(BLANK)]

    def _decode_rest(self, rest: bytes) -> list[Frame]:
        frames: list[Frame] = []
        self._decode_lines([rest], frames)
        return frames

    def _frame(self, line: bytes) -> Frame:
        return make_frame("", line)


class CodedLineFrames(LineFrames):
    """Lines of a code of one character, a colon, and JSON."""

    def _frame(self, line: bytes) -> Frame:
        code = CODED.match(line[:2].decode("latin-1"))
        return make_frame(code[1], line[2:]) if code else make_frame("", line)

    def _decode_rest(self, rest: bytes) -> list[Frame]:
        return [frame for frame in super()._decode_rest(rest) if frame.is_json]


class DocumentFrames:
    """JSON values one after another, however they are parted: an array that is written piece by piece (each of its
    items is a frame), lines, or one document."""

    def __init__(self, *, limit: int = FRAME_LIMIT) -> None:
        self._limit = limit
        self._text = TextDecoder()
        self._rest = ""
        self._seen = 0  # how much of the rest was scanned without finding the end of a value
        self._depth = self._brackets = 0  # of objects, and of arrays around all of them
        self._quoted = self._escaped = False

    def feed(self, data: bytes) -> list[Frame]:
        return [frame for text in self._text.feed(data) for frame in self._cut(text)]

    def flush(self) -> list[Frame]:
        frames = [frame for text in self._text.flush() for frame in self._cut(text)]
        rest, self._rest = self._rest.strip(SEPARATORS), ""
        if self._brackets > 0:
            rest = rest or "["  # an array that was not closed
        return [*frames, Frame("", rest, is_json=False)] if rest else frames

    def _cut(self, text: str) -> list[Frame]:
        """The objects that `text` completes. What stands between them (brackets and commas of an array) is dropped."""
        frames, start = list[Frame](), 0
        self._rest += text
        for at in range(self._seen, len(self._rest)):
            char = self._rest[at]
            if self._quoted:
                self._quoted = self._escaped or char != '"'
                self._escaped = char == "\\" and not self._escaped
            elif char == '"':
                self._quoted = True
            elif char == "{":
                if self._depth == 0:
                    start = at
                self._depth += 1
            elif self._depth == 0 and char in "[]":
                self._brackets += 1 if char == "[" else -1
            elif char == "}" and self._depth:
                self._depth -= 1
                if self._depth == 0:
                    frames.append(make_frame("", self._rest[start : at + 1].encode("utf-8", "surrogatepass")))
                    start = at + 1
        self._rest = self._rest[start:]
        self._seen = len(self._rest)
        if self._seen > self._limit:
            raise ProtocolError(f"The site sent a document of more than {self._limit} bytes.")
        return frames


class TextFrames:
    """No frames at all: the body is the text."""

    def __init__(self) -> None:
        self._text = TextDecoder()

    def feed(self, data: bytes) -> list[Frame]:
        return [Frame("", text, is_json=False) for text in self._text.feed(data)]

    def flush(self) -> list[Frame]:
        return [Frame("", text, is_json=False) for text in self._text.flush()]


class EventOrLineFrames:
    """Server-sent events, or lines where the body begins with a bracket or a brace, whatever the content type says."""

    otherwise: ClassVar[Callable[[], Decoder[Frame]]] = LineFrames

    def __init__(self) -> None:
        self._start = b""
        self._decoder: Decoder[Frame] | None = None

    def feed(self, data: bytes) -> list[Frame]:
        if self._decoder is None:
            data = self._start = self._start + data
            begin = data.removeprefix(codecs.BOM_UTF8).lstrip(BLANK)
            if not begin or codecs.BOM_UTF8.startswith(data):
                return []
            self._decoder = type(self).otherwise() if begin.startswith((b"{", b"[")) else EventFrames()
        return self._decoder.feed(data)

    def flush(self) -> list[Frame]:
        return self._decoder.flush() if self._decoder is not None else []


class EventOrDocumentFrames(EventOrLineFrames):
    """Server-sent events, or documents."""

    otherwise = DocumentFrames


def is_whole(frame: Frame) -> bool:
    """Whether the last frame of a body, which nothing ends, can be taken for whole: a number or a word may go on."""
    data = frame.data.strip()
    return data in ("", "[DONE]") or (frame.is_json and data.endswith(("}", "]")))


def parse_json_text(text: Any) -> Any:
    """The JSON that a text within JSON is; None where it is none."""
    try:
        return json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None
