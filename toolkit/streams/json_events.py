"""Decodes server-sent events whose data is JSON."""

from __future__ import annotations

import msgspec

from toolkit.streams.base import FRAME_LIMIT, Data, T
from toolkit.streams.json_decoding import decode_json, json_decoder
from toolkit.streams.sse import EventDecoder


class JSONEventsDecoder(EventDecoder[T | None]):
    """The data of server-sent events as JSON of the shape `kind`; an event whose data is `end`, which is no such JSON,
    is None.

    For streams that use no other field: half the work of `SSEDecoder` and `decode_json`. Raises `ProtocolError` as
    these do.
    """

    def __init__(self, kind: type[T], *, end: str = "[DONE]", limit: int = FRAME_LIMIT) -> None:
        decoder: msgspec.json.Decoder[T] = json_decoder(kind)  # type: ignore[arg-type]
        super().__init__(limit, decoder.decode, self._other)
        self._kind = kind
        self._marker = end.encode()

    def _other(self, data: Data) -> T | None:
        """The end marker, text that is not UTF-8, or an error that tells what is wrong."""
        return None if data == self._marker else decode_json(data, self._kind)
