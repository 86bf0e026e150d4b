"""The base class of the decoders that read lines."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Generic

from toolkit.errors import ProtocolError
from toolkit.streams.base import T
from toolkit.streams.line_splitter import LineSplitter


class LineDecoder(ABC, Generic[T]):
    """Decodes lines of at most `limit` bytes. An error is raised only after all items before it have been returned, and
    by every call from then on."""

    __slots__ = (
        "_error",
        "_limit",
        "_lines",
    )

    def __init__(self, limit: int, *, cr_ends_line: bool) -> None:
        self._limit = limit
        self._lines = LineSplitter(limit, cr_ends_line=cr_ends_line)
        self._error: ProtocolError | None = None

    def feed(self, data: bytes) -> list[T]:
        items: list[T] = []
        if self._error is None:
            try:
                self._decode_lines(self._lines.feed(data), items)
                if self._lines.overlong:
                    raise ProtocolError(f"The site sent a line of more than {self._limit} bytes.")
            except ProtocolError as error:
                self._error = error
        if self._error is not None and not items:
            raise self._error
        return items

    def flush(self) -> list[T]:
        if self._error is not None:
            raise self._error
        return self._decode_rest(bytes(self._lines.rest))

    @abstractmethod
    def _decode_lines(self, lines: list[bytes], items: list[T]) -> None:
        """Append the items that `lines` complete to `items`. Raises `ProtocolError`."""

    @abstractmethod
    def _decode_rest(self, rest: bytes) -> list[T]:
        """The items that the end of the stream completes; `rest` is the last line, which has no line end."""
