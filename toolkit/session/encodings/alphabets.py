"""The letters of base64 and its like, and whether a text has enough of them in a row to be searched for it. Pure."""

from __future__ import annotations

import string
from collections.abc import Iterator

DIGITS, LOWER, UPPER = string.digits.encode(), string.ascii_lowercase.encode(), string.ascii_uppercase.encode()

PIECE = 1 << 20  # bytes that are looked at together
BATCH = 24 << 14  # letters; so many stand for a whole number of bytes in any encoding
OVERLAP = 24 << 10


class Alphabet:
    """The `letters` that an encoding uses."""

    def __init__(self, letters: bytes) -> None:
        self._is_letter = bytes(byte in letters for byte in range(256))

    def has_run(self, data: bytes, length: int) -> bool:
        """Decides whether `length` letters follow each other in `data`. Most texts have no such run, and this is told
        many times faster than a regular expression would."""
        wanted = b"\1" * length
        return any(
            wanted in data[start : start + PIECE + length].translate(self._is_letter)
            for start in range(0, len(data), PIECE)
        )

    def runs(self, data: bytes, length: int) -> Iterator[tuple[int, int]]:
        """Yields where each run of at least `length` letters in `data` starts and ends."""
        wanted, end = b"\1" * length, 0
        while end < len(data):
            first, marked, at = end, data[end : end + PIECE + length].translate(self._is_letter), 0
            while (start := marked.find(wanted, at)) >= 0 and (at := marked.find(b"\0", start + length)) >= 0:
                yield first + start, first + at
            if start >= 0:  # a run that goes on
                end = self._end_of_run(data, first + len(marked))
                yield first + start, end
            else:
                end = first + len(marked) if first + len(marked) == len(data) else first + marked.rfind(b"\0") + 1

    def _end_of_run(self, data: bytes, at: int) -> int:
        while at < len(data):
            marked = data[at : at + PIECE].translate(self._is_letter)
            if (end := marked.find(b"\0")) >= 0:
                return at + end
            at += len(marked)
        return at

    def batches(self, data: bytes, length: int) -> Iterator[list[bytes]]:
        """Yields the runs of at least `length` letters in `data`, as many at once as have `BATCH` letters together.

        A run of more is cut into parts that overlap, each of which can be decoded by itself.
        """
        batch, size = list[bytes](), 0
        for start, end in self.runs(data, length):
            for at in range(start, end, BATCH):  # a longer run is decoded in parts
                batch.append(data[at : min(end, at + BATCH + OVERLAP)])
                size += len(batch[-1])
                if size >= BATCH:
                    yield batch
                    batch, size = [], 0
        if batch:
            yield batch


BASE64 = Alphabet(DIGITS + LOWER + UPPER + b"+/-_")  # RFC 4648, sections 4 and 5
BASE32 = Alphabet(UPPER + b"234567"), Alphabet(LOWER + b"234567")  # section 6; not both cases in one text
HEX = Alphabet(DIGITS + b"abcdefABCDEF")  # section 8
ONE_CASE_HEX = Alphabet(DIGITS + b"ABCDEF"), Alphabet(DIGITS + b"abcdef")
