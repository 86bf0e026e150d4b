"""Splits bytes into lines, however they are cut into chunks."""

from __future__ import annotations

import codecs

CR = b"\r"


class LineSplitter:
    """Splits bytes into lines of at most `limit` bytes, without their line ends and without a leading byte order mark.

    A line ends with LF; with `cr_ends_line`, also with CRLF or a lone CR, as in event streams. `rest` holds the bytes
    after the last line end. `overlong` is set when a line exceeds the limit: the lines before it have been returned,
    and the splitter is not used any more.
    """

    __slots__ = (
        "_after_cr",
        "_cr_ends_line",
        "_limit",
        "_started",
        "overlong",
        "rest",
    )

    def __init__(self, limit: int, *, cr_ends_line: bool) -> None:
        self.rest = bytearray()
        self.overlong = False
        self._limit = limit
        self._cr_ends_line = cr_ends_line
        self._started = False  # the first bytes have been checked for a byte order mark
        self._after_cr = False

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that `data` completes."""
        if not self._started:
            data = bytes(self.rest) + data
            if len(data) < len(codecs.BOM_UTF8) and codecs.BOM_UTF8.startswith(data):
                self.rest[:] = data
                return []
            self._started = True
            self.rest.clear()
            data = data.removeprefix(codecs.BOM_UTF8)
        longest = len(self.rest) + len(data)
        if self._cr_ends_line and (self._after_cr or data.find(CR) >= 0):
            data = self._normalize_line_ends(data)
        lines = data.split(b"\n")
        rest = lines.pop()
        if self.rest and lines:
            self.rest += lines[0]
            lines[0] = bytes(self.rest)
            self.rest.clear()
        if rest:
            self.rest += rest
        if longest > self._limit:
            self._cut_at_overlong_line(lines)
        return lines

    @property
    def at_line_start(self) -> bool:
        """Whether the next byte begins a line, even if it is LF."""
        return self._started and not self.rest and not self._after_cr

    def _normalize_line_ends(self, data: bytes) -> bytes:
        """`data` with LF in place of every line end."""
        if self._after_cr and data:
            self._after_cr = False
            data = data.removeprefix(b"\n")  # the LF of a CRLF whose CR ended the chunk before
        if data.find(CR) >= 0:
            self._after_cr = data.endswith(CR)
            data = data.replace(b"\r\n", b"\n").replace(CR, b"\n")
        return data

    def _cut_at_overlong_line(self, lines: list[bytes]) -> None:
        """If a line or the rest is too long, set `overlong` and drop that line and those after it."""
        for index, line in enumerate((*lines, self.rest)):
            if len(line) > self._limit:
                del lines[index:]
                self.overlong = True
                break
