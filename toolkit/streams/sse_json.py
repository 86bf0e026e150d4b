"""Decodes server-sent events whose data is JSON."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from toolkit.errors import ProtocolError
from toolkit.streams.base import FRAME_LIMIT, Data, T
from toolkit.streams.json_decoding import decode_json, decode_with_surrogates, json_decoder
from toolkit.streams.sse import EventDecoder


class JSONEventsDecoder(EventDecoder[T | None]):
    """Decodes the data of server-sent events as JSON of the shape `kind`, else of the shape `otherwise` if it is given.

    An event whose data is the text `end`, which is not JSON of that shape, becomes None; one whose data is blank is
    left out.

    For streams that use no other field of events: it does half the work of `SSEDecoder` and `decode_json`, and raises
    the same `ProtocolError`s. It is more tolerant than the specification in one thing: the last event counts also where
    the stream ends without the blank line after it, if its data is whole, because many servers end so.

    `named` makes the item of an event that has a type (the field `event`), from the type and the data; without it the
    type is ignored. `irregular` says that text with half of a character in it has come (a lone surrogate in an escape
    of JSON, RFC 8259, section 8.2), which the next event may complete.
    """

    __slots__ = ("_end_marker", "_kind", "irregular")

    def __init__(
        self,
        kind: type[T],
        *,
        otherwise: type[T] | None = None,
        end: str = "[DONE]",
        named: Callable[[str, Data], T | None] | None = None,
        limit: int = FRAME_LIMIT,
    ) -> None:
        decoder: msgspec.json.Decoder[T] = json_decoder(kind)  # type: ignore[arg-type]
        super().__init__(limit, decoder.decode)
        self.irregular = False
        self._kind = otherwise or kind
        self._end_marker = end.encode()
        self._build_named_item = named

    def _build_unusual_items(self, data: Data) -> list[T | None]:
        """What msgspec has refused: the end marker, blank data, text that is not UTF-8, or halves of characters."""
        text = data.strip()
        if text == self._end_marker:
            return [None]
        if not text:
            return []
        try:
            return [decode_json(data, self._kind, replace_surrogates=False)]
        except ProtocolError:
            found = decode_with_surrogates(data, self._kind)
            if found is None:
                raise
            self.irregular = True
            return [found]

    def _decode_rest(self, rest: bytes) -> list[T | None]:
        """The last event, where only the blank line after it is missing. One that is cut off is dropped."""
        items: list[T | None] = []
        try:
            self._decode_lines([rest] if rest else [], items)
            text = b"" if self._data is None else self._data.strip()
            if text != self._end_marker and not text.endswith((b"}", b"]")):
                return []  # the rest of a number or of a word may be missing
            self._decode_lines([b""], items)
        except ProtocolError:
            return []
        return items
