"""From bytes to text, events and documents. Pure: each decoder has `feed(bytes) -> list` and `flush() -> list`.

However the bytes are cut into chunks, the items that come out are the same, and the time taken is linear in the bytes.
Nothing here knows of HTTP.
"""

from __future__ import annotations

import codecs
from typing import Any, NamedTuple, Protocol, TypeVar

import msgspec

from toolkit.errors import ProtocolError

T = TypeVar("T")

FRAME_LIMIT = 8 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"


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
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")(errors="replace")

    def feed(self, data: bytes) -> list[str]:
        text = self._decoder.decode(data)
        return [text] if text else []

    def flush(self) -> list[str]:
        text = self._decoder.decode(b"", True)
        return [text] if text else []


class _Lines:
    """Bytes to whole lines. `universal` also ends a line at a lone CR, as event streams do.

    An unfinished line is kept as parts and joined once, so that a long line in many chunks costs linear time.
    """

    def __init__(self, limit: int, *, universal: bool) -> None:
        self._limit = limit
        self._universal = universal
        self._parts: list[bytes] = []
        self._size = 0
        self._skip_lf = False

    def feed(self, data: bytes) -> list[bytes]:
        if self._universal:
            data = self._normalise(data)
        head, newline, rest = data.partition(b"\n")
        if not newline:
            self._keep(data)
            return []
        lines = rest.split(b"\n")
        self._keep(head)
        lines.insert(0, b"".join(self._parts))
        self._parts, self._size = [], 0
        self._keep(lines.pop())
        return lines

    def rest(self) -> bytes:
        """What came after the last line's end."""
        return b"".join(self._parts)

    def _normalise(self, data: bytes) -> bytes:
        if self._skip_lf and data:
            self._skip_lf = False
            data = data.removeprefix(b"\n")  # the LF of a CRLF whose CR ended the chunk before
        if b"\r" not in data:
            return data
        self._skip_lf = data.endswith(b"\r")
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _keep(self, part: bytes) -> None:
        self._size += len(part)
        if self._size > self._limit:
            raise ProtocolError(f"The site sent a line of more than {self._limit} bytes.")
        if part:
            self._parts.append(part)


class SSE(NamedTuple):
    """One server-sent event. `id` is the last event id of the stream so far; `retry` is in ms, None where unsaid."""

    event: str
    data: str
    id: str
    retry: int | None


class SSEDecoder:
    """Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation

    An event that has no data is not dispatched, one that the end of the stream cuts is dropped (both as specified).
    Raises `ProtocolError` for an event of more than `limit` bytes.
    """

    def __init__(self, *, limit: int = FRAME_LIMIT) -> None:
        self._lines = _Lines(limit, universal=True)
        self._limit = limit
        self._start: bytes | None = b""  # the first bytes, until it is known whether they are a byte order mark
        self._data: list[bytes] = []
        self._size = 0
        self._event = ""
        self._id = ""
        self._retry: int | None = None

    def feed(self, data: bytes) -> list[SSE]:
        if self._start is not None:
            data = self._start + data
            if len(data) < len(_BOM) and _BOM.startswith(data):
                self._start = data
                return []
            self._start = None
            data = data.removeprefix(_BOM)
        events: list[SSE] = []
        for line in self._lines.feed(data):
            if not line:
                self._dispatch(events)
            elif line.startswith(b"data: "):
                self._add(line[6:])
            else:
                self._field(line)
        return events

    def flush(self) -> list[SSE]:
        return []

    def _add(self, value: bytes) -> None:
        self._size += len(value)
        if self._size > self._limit:
            raise ProtocolError(f"The site sent an event of more than {self._limit} bytes.")
        self._data.append(value)

    def _field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._add(value)
        elif name == b"event":
            self._event = value.decode("utf-8", "replace")
        elif name == b"id" and b"\0" not in value:
            self._id = value.decode("utf-8", "replace")
        elif name == b"retry" and value.isdigit() and len(value) < 16:
            self._retry = int(value)

    def _dispatch(self, events: list[SSE]) -> None:
        if self._data:
            data = b"\n".join(self._data).decode("utf-8", "replace")
            events.append(SSE(self._event or "message", data, self._id, self._retry))
            self._data, self._size = [], 0
        self._event = ""
        self._retry = None


class JSONLinesDecoder:
    """One JSON document per line; empty lines are passed over, and the last line needs no line end.

    Raises `ProtocolError` for a line that is not JSON: it is never skipped in silence.
    """

    def __init__(self, *, limit: int = FRAME_LIMIT) -> None:
        self._lines = _Lines(limit, universal=False)

    def feed(self, data: bytes) -> list[Any]:
        return [self._decode(line) for line in self._lines.feed(data) if line.strip()]

    def flush(self) -> list[Any]:
        rest = self._lines.rest()
        return [self._decode(rest)] if rest.strip() else []

    def _decode(self, line: bytes) -> Any:
        return decode_json(line.removesuffix(b"\r"))


def decode_json(data: bytes | str, kind: type[T] = Any) -> T:  # type: ignore[assignment]
    """`data` as JSON of the shape `kind` (a msgspec Struct, say; any shape by default).

    Raises `ProtocolError` where it is not JSON or has another shape, naming the place; the data itself is not shown.
    """
    try:
        return _json_decoder(kind).decode(data)
    except msgspec.ValidationError as error:
        raise ProtocolError(f"The site's answer has another shape than its protocol: {error}.") from None
    except RecursionError:
        raise ProtocolError("The site sent JSON that is nested too deeply.") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ProtocolError(f"The site sent something that is not JSON ({error}).") from None


_json_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}


def _json_decoder(kind: type[T]) -> msgspec.json.Decoder[T]:
    if kind not in _json_decoders:
        _json_decoders[kind] = msgspec.json.Decoder(kind)
    return _json_decoders[kind]
