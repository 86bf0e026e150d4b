"""What every decoder does: `feed(bytes) -> list` and `flush() -> list`."""

from __future__ import annotations

from typing import Protocol, TypeVar

T = TypeVar("T")


Data = bytes | bytearray


FRAME_LIMIT = 8 * 1024 * 1024


class Decoder(Protocol[T]):
    """What every decoder does."""

    def feed(self, data: bytes) -> list[T]:
        """The items that `data` completes."""
        ...

    def flush(self) -> list[T]:
        """The items that the end of the stream completes."""
        ...
