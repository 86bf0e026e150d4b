"""Decoders of what a site streams: from bytes to text, server-sent events and JSON documents.

Pure: each decoder has `feed(bytes) -> list` and `flush() -> list`, in a file of its own. However the bytes are cut into
chunks, the same items come out, then the same error if there is one, in time linear in the bytes and in memory that a
limit bounds. Reading from a connection, decompression and deadlines do not belong here (`toolkit.http`), nor does what
the items mean at one site (`toolkit.providers`). All that other rooms use is handed out here.
"""

from toolkit.streams.base import FRAME_LIMIT, Decoder
from toolkit.streams.json_decoding import JSON_ERRORS, decode_json
from toolkit.streams.json_events import JSONEventsDecoder
from toolkit.streams.json_lines import JSONLinesDecoder
from toolkit.streams.sse import SSE, SSEDecoder
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
