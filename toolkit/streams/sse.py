"""Decodes server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from toolkit.errors import ProtocolError
from toolkit.streams.base import FRAME_LIMIT, Data, T
from toolkit.streams.json_decoding import JSON_ERRORS
from toolkit.streams.line_decoder import LineDecoder
from toolkit.streams.line_splitter import CR

LF = b"\n"
FIELD = b"data: "  # as nearly every server writes it
EVENT_END = b"\n\n"
MAX_RETRY_DIGITS = 15  # of milliseconds: thirty thousand years


class EventDecoder(LineDecoder[T]):
    """Interprets an event stream and makes an item of each event's data.

    The algorithm is https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation: an
    event without data is not dispatched, and one that the end of the stream cuts off is dropped.

    `build_item` makes the item. If it raises one of `JSON_ERRORS`, `_build_unusual_items` makes the items instead.
    `dataless` says that an event with a type and no data counts too, unlike in the specification: some servers end
    their streams with one.
    """

    __slots__ = (
        "_at_event_start",
        "_build_item",
        "_build_named_item",
        "_data",
        "_dataless",
        "_event",
        "_id",
        "_retry",
    )

    def __init__(self, limit: int, build_item: Callable[[Data], T], *, dataless: bool = False) -> None:
        super().__init__(limit, cr_ends_line=True)
        self._build_item = build_item
        self._dataless = dataless
        self._build_named_item: Callable[[str, Data], T] | None = None  # for events that have a type
        self._data: Data | None = None
        self._event = ""
        self._id = ""
        self._retry: int | None = None
        self._at_event_start = False  # the next byte begins an event

    def feed(self, data: bytes) -> list[T]:
        # Fast path: nearly all bytes of a chat are whole events of one line of data, so nothing is left to interpret.
        if (
            self._at_event_start
            and self._retry is None
            and len(data) <= self._limit
            and data.startswith(FIELD)
            and data.endswith(EVENT_END)
            and data.find(CR) < 0
        ):
            events = data[len(FIELD) : -len(EVENT_END)].split(EVENT_END + FIELD)
            if data.count(LF) == len(EVENT_END) * len(events):  # none of them has a second line
                try:
                    return list(map(self._build_item, events))
                except JSON_ERRORS:
                    pass
        self._at_event_start = False  # stays so if the next line raises
        items = super().feed(data)
        self._at_event_start = (
            self._error is None and self._data is None and not self._event and self._lines.at_line_start
        )
        return items

    def _decode_lines(self, lines: list[bytes], items: list[T]) -> None:
        data, build_item = self._data, self._build_item
        for line in lines:
            if not line:
                if data is not None:
                    if self._event and self._build_named_item is not None:
                        items.append(self._build_named_item(self._event, data))
                    else:
                        try:
                            items.append(build_item(data))
                        except JSON_ERRORS:
                            items += self._build_unusual_items(data)
                    data = self._retry = None
                elif self._event and self._dataless:
                    items.append(build_item(b""))
                self._event = ""
            elif data is None and line.startswith(b"data: "):  # nearly every line of a chat
                data = line[6:]
            else:
                data = self._process_field(line, data)
        self._data = data

    def _decode_rest(self, rest: bytes) -> list[T]:
        return []

    def _build_unusual_items(self, data: Data) -> list[T]:
        """The items of an event whose data `build_item` has refused. May raise `ProtocolError`."""
        return [self._build_item(data)]

    def _process_field(self, line: bytes, data: Data | None) -> Data | None:
        """Process a line that is not blank; returns the event's data so far, which was `data` before the line."""
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            return self._append_data(data, value)
        if name == b"event":
            self._event = value.decode("utf-8", "replace")
        elif name == b"id" and b"\0" not in value:
            self._id = value.decode("utf-8", "replace")
        elif name == b"retry" and value.isdigit() and len(digits := value.lstrip(b"0")) <= MAX_RETRY_DIGITS:
            self._retry = int(digits or b"0")
        return data

    def _append_data(self, data: Data | None, value: bytes) -> Data:
        """The event's data with the line `value` after it. Raises `ProtocolError` if that exceeds the limit."""
        if data is None:
            return value
        if not isinstance(data, bytearray):
            data = bytearray(data)
        data += b"\n" + value
        if len(data) > self._limit:
            raise ProtocolError(f"The site sent an event of more than {self._limit} bytes.")
        return data


class SSE(NamedTuple):
    """One server-sent event.

    `event` is its type, "message" by default. `id` is the last event id of the stream so far. `retry` is the
    reconnection time in milliseconds that the stream has set since the event before, None if it has set none.
    """

    event: str
    data: str
    id: str
    retry: int | None


class SSEDecoder(EventDecoder[SSE]):
    """Decodes server-sent events exactly as https://html.spec.whatwg.org/multipage/server-sent-events.html specifies.

    Raises `ProtocolError` for a line, or for the data of an event, of more than `limit` bytes.
    """

    def __init__(self, *, limit: int = FRAME_LIMIT) -> None:
        super().__init__(limit, self._build_event)

    def _build_event(self, data: Data) -> SSE:
        return SSE(self._event or "message", data.decode("utf-8", "replace"), self._id, self._retry)
