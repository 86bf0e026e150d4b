"""The protocol that every decoder implements, and the types and the limit that decoders share."""

from __future__ import annotations

from typing import Protocol, TypeVar

T = TypeVar("T")

Data = bytes | bytearray

FRAME_LIMIT = 8 * 1024 * 1024  # bytes of a line, and of the data of an event


class Decoder(Protocol[T]):
    """Turns the bytes of a stream into items of type `T`."""

    def feed(self, data: bytes) -> list[T]:
        """Take the next bytes, any number of them; return the items that they complete.

        Raises `ProtocolError` for bytes that break the format. Items before the broken place are returned first; the
        error is then raised by the next call.
        """
        ...

    def flush(self) -> list[T]:
        """Take note that the stream has ended; return the items that its end completes.

        Raises `ProtocolError` as `feed` does.
        """
        ...
