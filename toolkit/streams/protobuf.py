"""Reads and writes the wire format of Protocol Buffers, without their schemas. Pure.

See https://protobuf.dev/programming-guides/encoding/. A message is a list of fields, each with a number and a value: an
integer, or bytes, which are a text, another message, or packed integers. What they are is for the reader to know.
"""

from __future__ import annotations

from collections.abc import Iterator

from toolkit.errors import ProtocolError

Value = int | bytes

VARINT, FIXED_64, BYTES, FIXED_32 = 0, 1, 2, 5  # the types of values on the wire
FIXED = {FIXED_64: 8, FIXED_32: 4}  # bytes
MAX_SHIFT = 63  # of the last seven bits of a 64-bit integer


class Fields:
    """The fields of a message, by their numbers. Of a field that comes several times, the last value counts."""

    def __init__(self, data: bytes) -> None:
        """Raises `ProtocolError` for bytes that are no message."""
        self._values: dict[int, list[Value]] = {}
        for number, value in _read(data):
            self._values.setdefault(number, []).append(value)

    def __contains__(self, number: int) -> bool:
        return number in self._values

    def message(self, number: int) -> Fields:
        """The message in the field `number`; one without fields where there is none."""
        return Fields(self._bytes(number))

    def messages(self, number: int) -> Iterator[Fields]:
        """The messages in the repeated field `number`."""
        for value in self._values.get(number, ()):
            if isinstance(value, int):
                raise _broken()
            yield Fields(value)

    def text(self, number: int) -> str:
        """The text in the field `number`, "" where there is none."""
        return self._bytes(number).decode("utf-8", "replace")

    def integer(self, number: int) -> int:
        """The integer in the field `number`, which may be a truth value or one of an enumeration; 0 where there is
        none. Raises `ProtocolError` where something else is."""
        value = self._values.get(number, [0])[-1]
        if isinstance(value, bytes):
            raise _broken()
        return value

    def integers(self, number: int) -> tuple[int, ...]:
        """The integers of the repeated field `number`, packed or not."""
        found: list[int] = []
        for value in self._values.get(number, ()):
            found += [value] if isinstance(value, int) else _unpacked(value)
        return tuple(found)

    def _bytes(self, number: int) -> bytes:
        value = self._values.get(number, [b""])[-1]
        if isinstance(value, int):
            raise _broken()
        return value


def write_fields(*fields: tuple[int, int | str | bytes]) -> bytes:
    """A message with `fields`: pairs of a number and a value."""
    parts: list[bytes] = []
    for number, value in fields:
        if isinstance(value, int):
            parts += [_varint(number << 3 | VARINT), _varint(value)]
        else:
            data = value.encode() if isinstance(value, str) else value
            parts += [_varint(number << 3 | BYTES), _varint(len(data)), data]
    return b"".join(parts)


def _read(data: bytes) -> Iterator[tuple[int, Value]]:
    at = 0
    while at < len(data):
        tag, at = _read_varint(data, at)
        number, kind = tag >> 3, tag & 7
        if kind == VARINT:
            integer, at = _read_varint(data, at)
            yield number, integer
            continue
        if kind == BYTES:
            length, at = _read_varint(data, at)
        elif kind in FIXED:
            length = FIXED[kind]
        else:
            raise _broken()
        if at + length > len(data):
            raise _broken()
        yield number, data[at : at + length]
        at += length


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    """The integer at `at`, and where it ends."""
    value = shift = 0
    while at < len(data) and shift <= MAX_SHIFT:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise _broken()


def _unpacked(data: bytes) -> list[int]:
    found, at = list[int](), 0
    while at < len(data):
        value, at = _read_varint(data, at)
        found.append(value)
    return found


def _varint(value: int) -> bytes:
    parts = bytearray()
    while value >= 0x80:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    parts.append(value)
    return bytes(parts)


def _broken() -> ProtocolError:
    return ProtocolError("The site sent something that is no message of its protocol.")
