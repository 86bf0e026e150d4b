"""Decodes JSON documents, one a line (https://jsonlines.org)."""

from __future__ import annotations

from typing import Any

from toolkit.streams.base import FRAME_LIMIT, T
from toolkit.streams.json_decoding import decode_json
from toolkit.streams.lines import FrameDecoder

BLANK = b" \t\r"  # JSON's white space, without the end of a line


class JSONLinesDecoder(FrameDecoder[T]):
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
