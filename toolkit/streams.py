"""From bytes to text, events and documents. Pure: each decoder has `feed(bytes) -> list` and `flush() -> list`.

However the bytes are cut into chunks, the same items come out, then the same error if there is one, in time linear in
the bytes and in memory that a limit bounds. Nothing here knows of HTTP.
"""

from __future__ import annotations

import codecs
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cache
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

import msgspec

from toolkit.errors import ProtocolError

T = TypeVar("T")
Data = bytes | bytearray

# What libraries raise for bytes that are not the JSON that was asked for. Which of these it is differs between their
# versions, so nothing may depend on it.
JSON_ERRORS = (msgspec.MsgspecError, ValueError, RecursionError)

FRAME_LIMIT = 8 * 1024 * 1024
MARK = "\ufeff"
LF, CR = b"\n", b"\r"
BLANK = b" \t\r"  # JSON's white space, without the end of a line
RETRY_DIGITS = 15  # of milliseconds: thirty thousand years


class Decoder(Protocol[T]):
    """What every decoder does."""

    def feed(self, data: bytes) -> list[T]:
        """The items that `data` completes."""
        ...

    def flush(self) -> list[T]:
        """The items that the end of the stream completes."""
        ...


class TextDecoder:
    """UTF-8 bytes to text: a leading byte order mark is dropped, what is not UTF-8 becomes U+FFFD.

    This is "UTF-8 decode" of https://encoding.spec.whatwg.org/#utf-8-decode, what a page's own TextDecoder does.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._begun = False

    def feed(self, data: bytes) -> list[str]:
        return self._decode(data, False)

    def flush(self) -> list[str]:
        return self._decode(b"", True)

    def _decode(self, data: bytes, final: bool) -> list[str]:
        text = self._decoder.decode(data, final)
        if text and not self._begun:
            self._begun = True
            text = text.removeprefix(MARK)
        return [text] if text else []


class _Lines:
    """Bytes to whole lines, without a leading byte order mark. `universal` also ends a line at a lone CR, as event
    streams do. `rest` is what came after the last line's end. `overlong` tells that what comes after the lines given
    is one of more than `limit` bytes; then that is all."""

    def __init__(self, limit: int, *, universal: bool) -> None:
        self.rest = bytearray()
        self.overlong = False
        self._limit = limit
        self._universal = universal
        self._begun = False
        self._after_cr = False

    def feed(self, data: bytes) -> list[bytes]:
        if not self._begun:
            data = bytes(self.rest) + data
            if len(data) < len(codecs.BOM_UTF8) and codecs.BOM_UTF8.startswith(data):
                self.rest[:] = data
                return []
            self._begun = True
            self.rest.clear()
            data = data.removeprefix(codecs.BOM_UTF8)
        longest = len(self.rest) + len(data)
        if self._universal and (self._after_cr or data.find(CR) >= 0):
            data = self._with_lf(data)
        lines = data.split(b"\n")
        rest = lines.pop()
        if self.rest and lines:
            self.rest += lines[0]
            lines[0] = bytes(self.rest)
            self.rest.clear()
        if rest:
            self.rest += rest
        if longest > self._limit:
            self._measure(lines)
        return lines

    def _with_lf(self, data: bytes) -> bytes:
        """`data` with LF at each end of a line."""
        if self._after_cr and data:
            self._after_cr = False
            data = data.removeprefix(b"\n")  # the LF of a CRLF whose CR ended the chunk before
        if data.find(CR) >= 0:
            self._after_cr = data.endswith(CR)
            data = data.replace(b"\r\n", b"\n").replace(CR, b"\n")
        return data

    @property
    def between(self) -> bool:
        """Whether the next byte begins a line, whatever it is."""
        return self._begun and not self.rest and not self._after_cr

    def _measure(self, lines: list[bytes]) -> None:
        for index, line in enumerate((*lines, self.rest)):
            if len(line) > self._limit:
                del lines[index:]
                self.overlong = True
                break


class _FrameDecoder(ABC, Generic[T]):
    """What reads lines. Items that came before a fault are given before it: it is raised by the next call then."""

    def __init__(self, limit: int, *, universal: bool) -> None:
        self._limit = limit
        self._lines = _Lines(limit, universal=universal)
        self._fault: ProtocolError | None = None

    def feed(self, data: bytes) -> list[T]:
        items: list[T] = []
        if self._fault is None:
            try:
                self._read(self._lines.feed(data), items)
                if self._lines.overlong:
                    raise ProtocolError(f"The site sent a line of more than {self._limit} bytes.")
            except ProtocolError as error:
                self._fault = error
        if self._fault is not None and not items:
            raise self._fault
        return items

    def flush(self) -> list[T]:
        if self._fault is not None:
            raise self._fault
        return self._end(bytes(self._lines.rest))

    @abstractmethod
    def _read(self, lines: list[bytes], items: list[T]) -> None:
        """Put what `lines` complete into `items`."""

    @abstractmethod
    def _end(self, rest: bytes) -> list[T]:
        """What the end of the stream completes, after a last line `rest` without an end."""


class _EventDecoder(_FrameDecoder[T]):
    """https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation

    An event that has no data is not dispatched, one that the end of the stream cuts is dropped (both as specified).
    `item` makes an item of an event's data; where it raises one of `JSON_ERRORS`, `odd` does.
    """

    def __init__(self, limit: int, item: Callable[[Data], T], odd: Callable[[Data], T] | None = None) -> None:
        super().__init__(limit, universal=True)
        self._item = item
        self._odd = odd or item
        self._data: Data | None = None
        self._event = ""
        self._id = ""
        self._retry: int | None = None
        self._idle = False  # the next byte begins an event

    def feed(self, data: bytes) -> list[T]:
        # Most chunks of a chat are one event of one line.
        if (
            self._idle
            and data.find(LF) == len(data) - 2 <= self._limit
            and data.startswith(b"data: ")
            and data.endswith(LF)
            and data.find(CR) < 0
        ):
            try:
                item = self._item(data[6:-2])
            except JSON_ERRORS:
                pass
            else:
                self._retry = None
                return [item]
        self._idle = False  # also where this raises
        items = super().feed(data)
        self._idle = self._fault is None and self._data is None and not self._event and self._lines.between
        return items

    def _read(self, lines: list[bytes], items: list[T]) -> None:
        data, item = self._data, self._item
        for line in lines:
            if not line:
                if data is not None:
                    try:
                        items.append(item(data))
                    except JSON_ERRORS:
                        items.append(self._odd(data))
                    data = self._retry = None
                self._event = ""
            elif data is None and line.startswith(b"data: "):  # nearly every line of a chat
                data = line[6:]
            else:
                data = self._field(line, data)
        self._data = data

    def _end(self, rest: bytes) -> list[T]:
        return []

    def _field(self, line: bytes, data: Data | None) -> bytes | bytearray | None:
        """Take in a line that is not empty; gives the data of the event so far."""
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            return self._longer(data, value)
        if name == b"event":
            self._event = value.decode("utf-8", "replace")
        elif name == b"id" and b"\0" not in value:
            self._id = value.decode("utf-8", "replace")
        elif name == b"retry" and value.isdigit() and len(digits := value.lstrip(b"0")) <= RETRY_DIGITS:
            self._retry = int(digits or b"0")
        return data

    def _longer(self, data: Data | None, value: bytes) -> bytes | bytearray:
        if data is None:
            return value
        if not isinstance(data, bytearray):
            data = bytearray(data)
        data += b"\n" + value
        if len(data) > self._limit:
            raise ProtocolError(f"The site sent an event of more than {self._limit} bytes.")
        return data


class SSE(NamedTuple):
    """One server-sent event. `id` is the last event id of the stream so far; `retry`, in ms, is what the stream has
    said since the event before, None where nothing."""

    event: str
    data: str
    id: str
    retry: int | None


class SSEDecoder(_EventDecoder[SSE]):
    """Server-sent events, to the letter of https://html.spec.whatwg.org/multipage/server-sent-events.html

    Raises `ProtocolError` for a line, or an event's data, of more than `limit` bytes.
    """

    def __init__(self, *, limit: int = FRAME_LIMIT) -> None:
        super().__init__(limit, self._dispatched)

    def _dispatched(self, data: Data) -> SSE:
        return SSE(self._event or "message", data.decode("utf-8", "replace"), self._id, self._retry)


class JSONEventsDecoder(_EventDecoder[T | None]):
    """The data of server-sent events as JSON of the shape `kind`; an event whose data is `end`, which is no such JSON,
    is None.

    For streams that use no other field: half the work of `SSEDecoder` and `decode_json`. Raises `ProtocolError` as
    these do.
    """

    def __init__(self, kind: type[T], *, end: str = "[DONE]", limit: int = FRAME_LIMIT) -> None:
        decoder: msgspec.json.Decoder[T] = _json_decoder(kind)  # type: ignore[arg-type]
        super().__init__(limit, decoder.decode, self._other)
        self._kind = kind
        self._marker = end.encode()

    def _other(self, data: Data) -> T | None:
        """The end marker, text that is not UTF-8, or an error that tells what is wrong."""
        return None if data == self._marker else decode_json(data, self._kind)


class JSONLinesDecoder(_FrameDecoder[T]):
    """One JSON document per line, of the shape `kind` (any shape by default); empty lines are passed over, and the last
    line needs no line end. Text inside that is not UTF-8 becomes U+FFFD.

    Raises `ProtocolError` for a line that is not JSON or has another shape (it is never skipped in silence), or of more
    than `limit` bytes.
    """

    def __init__(self, kind: type[T] = Any, *, limit: int = FRAME_LIMIT) -> None:  # type: ignore[assignment]
        super().__init__(limit, universal=False)
        self._kind = kind

    def _read(self, lines: list[bytes], items: list[T]) -> None:
        for line in lines:
            if line.strip(BLANK):
                items.append(decode_json(line, self._kind))

    def _end(self, rest: bytes) -> list[T]:
        return [decode_json(rest, self._kind)] if rest.strip(BLANK) else []


def decode_json(data: bytes | bytearray | str, kind: type[T] = Any) -> T:  # type: ignore[assignment]
    """`data` as JSON of the shape `kind` (a msgspec Struct, say; any shape by default).

    Text inside that is not UTF-8 becomes U+FFFD, as in a page's `response.json()`. Raises `ProtocolError` where it is
    not JSON or has another shape, naming the place; the data itself is not shown.
    """
    decoder: msgspec.json.Decoder[T] = _json_decoder(kind)  # type: ignore[arg-type]
    try:
        try:
            return decoder.decode(data)
        except JSON_ERRORS:
            valid = _valid_utf8(data)
            if valid == data:
                raise
            return decoder.decode(valid)
    except msgspec.ValidationError as error:
        raise ProtocolError(f"The site's answer has another shape than its protocol: {error}.") from None
    except RecursionError:
        raise ProtocolError("The site sent JSON that is nested too deeply.") from None
    except JSON_ERRORS as error:
        raise ProtocolError(f"The site sent something that is not JSON ({error}).") from None


def _valid_utf8(data: bytes | bytearray | str) -> bytes | str:
    """`data` with U+FFFD in the place of what is not UTF-8."""
    if isinstance(data, str):
        return data.encode("utf-8", "replace").decode()
    return data.decode("utf-8", "replace").encode()


@cache
def _json_decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)
