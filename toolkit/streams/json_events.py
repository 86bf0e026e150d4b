"""Decodes server-sent events whose data is JSON."""

from __future__ import annotations

import msgspec

from toolkit.streams.base import FRAME_LIMIT, Data, T
from toolkit.streams.json_decoding import decode_json, json_decoder
from toolkit.streams.sse import EventDecoder


class JSONEventsDecoder(EventDecoder[T | None]):
    """Decodes the data of server-sent events as JSON of the shape `kind`. An event whose data is the text `end`, which
    is not JSON of that shape, becomes None.

    For streams that use no other field of events: it does half the work of `SSEDecoder` and `decode_json`, and raises
    the same `ProtocolError`s.
    """

    def __init__(self, kind: type[T], *, end: str = "[DONE]", limit: int = FRAME_LIMIT) -> None:
        decoder: msgspec.json.Decoder[T] = json_decoder(kind)  # type: ignore[arg-type]
        super().__init__(limit, decoder.decode, self._decode_leniently)
        self._kind = kind
        self._end_marker = end.encode()

    def _decode_leniently(self, data: Data) -> T | None:
        """Decode data that msgspec refused: the end marker, or text that is not UTF-8. Raises `ProtocolError`."""
        return None if data == self._end_marker else decode_json(data, self._kind)
