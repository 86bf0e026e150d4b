"""Splits bytes into lines; the base class of the decoders that read lines."""

from __future__ import annotations

import codecs
from abc import ABC, abstractmethod
from typing import Generic

from toolkit.errors import ProtocolError
from toolkit.streams.base import T

CR = b"\r"


class Lines:
    """Bytes to whole lines, without a leading byte order mark. `universal` also ends a line at a lone CR, as event
    streams do. `rest` is what came after the last line's end. `overlong` tells that what comes after the lines given
    is one of more than `limit` bytes; then that is all."""

    def __init__(self, limit: int, *, universal: bool) -> None:
        self.rest = bytearray()
        self.overlong = False
        self._limit = limit
        self._universal = universal
        self._begun = False
        self._after_cr = False

    def feed(self, data: bytes) -> list[bytes]:
        if not self._begun:
            data = bytes(self.rest) + data
            if len(data) < len(codecs.BOM_UTF8) and codecs.BOM_UTF8.startswith(data):
                self.rest[:] = data
                return []
            self._begun = True
            self.rest.clear()
            data = data.removeprefix(codecs.BOM_UTF8)
        longest = len(self.rest) + len(data)
        if self._universal and (self._after_cr or data.find(CR) >= 0):
            data = self._with_lf(data)
        lines = data.split(b"\n")
        rest = lines.pop()
        if self.rest and lines:
            self.rest += lines[0]
            lines[0] = bytes(self.rest)
            self.rest.clear()
        if rest:
            self.rest += rest
        if longest > self._limit:
            self._measure(lines)
        return lines

    def _with_lf(self, data: bytes) -> bytes:
        """`data` with LF at each end of a line."""
        if self._after_cr and data:
            self._after_cr = False
            data = data.removeprefix(b"\n")  # the LF of a CRLF whose CR ended the chunk before
        if data.find(CR) >= 0:
            self._after_cr = data.endswith(CR)
            data = data.replace(b"\r\n", b"\n").replace(CR, b"\n")
        return data

    @property
    def between(self) -> bool:
        """Whether the next byte begins a line, whatever it is."""
        return self._begun and not self.rest and not self._after_cr

    def _measure(self, lines: list[bytes]) -> None:
        for index, line in enumerate((*lines, self.rest)):
            if len(line) > self._limit:
                del lines[index:]
                self.overlong = True
                break


class FrameDecoder(ABC, Generic[T]):
    """What reads lines. Items that came before a fault are given before it: it is raised by the next call then."""

    def __init__(self, limit: int, *, universal: bool) -> None:
        self._limit = limit
        self._lines = Lines(limit, universal=universal)
        self._fault: ProtocolError | None = None

    def feed(self, data: bytes) -> list[T]:
        items: list[T] = []
        if self._fault is None:
            try:
                self._read(self._lines.feed(data), items)
                if self._lines.overlong:
                    raise ProtocolError(f"The site sent a line of more than {self._limit} bytes.")
            except ProtocolError as error:
                self._fault = error
        if self._fault is not None and not items:
            raise self._fault
        return items

    def flush(self) -> list[T]:
        if self._fault is not None:
            raise self._fault
        return self._end(bytes(self._lines.rest))

    @abstractmethod
    def _read(self, lines: list[bytes], items: list[T]) -> None:
        """Put what `lines` complete into `items`."""

    @abstractmethod
    def _end(self, rest: bytes) -> list[T]:
        """What the end of the stream completes, after a last line `rest` without an end."""
