"""Decodes server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from toolkit.errors import ProtocolError
from toolkit.streams.base import FRAME_LIMIT, Data, T
from toolkit.streams.json_decoding import JSON_ERRORS
from toolkit.streams.lines import CR, FrameDecoder

LF = b"\n"
RETRY_DIGITS = 15  # of milliseconds: thirty thousand years


class EventDecoder(FrameDecoder[T]):
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


class SSEDecoder(EventDecoder[SSE]):
    """Server-sent events, to the letter of https://html.spec.whatwg.org/multipage/server-sent-events.html

    Raises `ProtocolError` for a line, or an event's data, of more than `limit` bytes.
    """

    def __init__(self, *, limit: int = FRAME_LIMIT) -> None:
        super().__init__(limit, self._dispatched)

    def _dispatched(self, data: Data) -> SSE:
        return SSE(self._event or "message", data.decode("utf-8", "replace"), self._id, self._retry)
