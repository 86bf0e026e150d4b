"""The letters of base64 and its like, and whether a text has enough of them in a row to be searched for it. Pure."""

from __future__ import annotations

import string
from collections.abc import Iterator

DIGITS, LOWER, UPPER = string.digits.encode(), string.ascii_lowercase.encode(), string.ascii_uppercase.encode()

BATCH = 1 << 18


class Alphabet:
    """The `letters` that an encoding uses."""

    def __init__(self, letters: bytes) -> None:
        self._is_letter = bytes(byte in letters for byte in range(256))

    def has_run(self, data: bytes, length: int) -> bool:
        """Decides whether `length` letters follow each other in `data`. Most texts have no such run, and this is told
        many times faster than a regular expression would."""
        return b"\1" * length in data.translate(self._is_letter)

    def runs(self, data: bytes, length: int) -> Iterator[tuple[int, int]]:
        """Yields where each run of at least `length` letters in `data` starts and ends."""
        marked, wanted, end = data.translate(self._is_letter), b"\1" * length, 0
        while (start := marked.find(wanted, end)) >= 0:
            end = marked.find(b"\0", start + length)
            end = len(data) if end < 0 else end
            yield start, end

    def batches(self, data: bytes, length: int) -> Iterator[list[bytes]]:
        """Yields the runs of at least `length` letters in `data`, as many at once as have `BATCH` letters together."""
        batch, size = list[bytes](), 0
        for start, end in self.runs(data, length):
            batch.append(data[start:end])
            size += end - start
            if size >= BATCH:
                yield batch
                batch, size = [], 0
        if batch:
            yield batch


BASE64 = Alphabet(DIGITS + LOWER + UPPER + b"+/-_")  # RFC 4648, sections 4 and 5
BASE32 = Alphabet(UPPER + b"234567"), Alphabet(LOWER + b"234567")  # section 6; not both cases in one text
HEX = Alphabet(DIGITS + b"abcdefABCDEF")  # section 8
ONE_CASE_HEX = Alphabet(DIGITS + b"ABCDEF"), Alphabet(DIGITS + b"abcdef")
