"""Decodes JSON documents, one per line (https://jsonlines.org)."""

from __future__ import annotations

from typing import Any

from toolkit.streams.base import FRAME_LIMIT, T
from toolkit.streams.json_decoding import decode_json
from toolkit.streams.line_decoder import LineDecoder

BLANK = b" \t\r"  # JSON's white space, without the end of a line


class JSONLinesDecoder(LineDecoder[T]):
    """Decodes each line as a JSON document of the shape `kind` (any shape by default).

    Blank lines are skipped, the last line needs no line end, and text that is not UTF-8 becomes U+FFFD.

    Raises `ProtocolError` for a line that is not JSON, has another shape, or is longer than `limit` bytes.
    """

    def __init__(self, kind: type[T] = Any, *, limit: int = FRAME_LIMIT) -> None:  # type: ignore[assignment]
        super().__init__(limit, cr_ends_line=False)
        self._kind = kind

    def _decode_lines(self, lines: list[bytes], items: list[T]) -> None:
        for line in lines:
            if line.strip(BLANK):
                items.append(decode_json(line, self._kind))

    def _decode_rest(self, rest: bytes) -> list[T]:
        return [decode_json(rest, self._kind)] if rest.strip(BLANK) else []
