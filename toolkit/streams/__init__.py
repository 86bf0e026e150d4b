"""Decoders of what a site streams: from bytes to text, server-sent events and JSON documents, and from the messages of
a WebSocket to the packets of engine.io and socket.io, and the fields of Protocol Buffers.

Each decoder of bytes has `feed(bytes) -> list` and `flush() -> list`, in a file of its own, and does no I/O. The items
and the error do not depend on how the bytes are cut into chunks. The time is linear in the bytes; the memory is bounded
by a limit. Reading from a connection, decompression and deadlines do not belong here (`toolkit.http`), nor does what
the items mean at one site (`toolkit.providers`). Other rooms import from here.
"""

from toolkit.streams.base import FRAME_LIMIT, Decoder
from toolkit.streams.json_decoding import JSON_ERRORS, decode_json
from toolkit.streams.json_lines import JSONLinesDecoder
from toolkit.streams.sse import SSE, SSEDecoder
from toolkit.streams.sse_json import JSONEventsDecoder
from toolkit.streams.text import TextDecoder

__all__ = [
    "FRAME_LIMIT",
    "JSON_ERRORS",
    "SSE",
    "Decoder",
    "JSONEventsDecoder",
    "JSONLinesDecoder",
    "SSEDecoder",
    "TextDecoder",
    "decode_json",
]
