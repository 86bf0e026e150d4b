"""The letters of base64 and its like, and whether a text has enough of them in a row to be searched for it. Pure."""

from __future__ import annotations

import string

DIGITS, LOWER, UPPER = string.digits.encode(), string.ascii_lowercase.encode(), string.ascii_uppercase.encode()


class Alphabet:
    """The `letters` that an encoding uses."""

    def __init__(self, letters: bytes) -> None:
        self._is_letter = bytes(byte in letters for byte in range(256))

    def has_run(self, data: bytes, length: int) -> bool:
        """Decides whether `length` letters follow each other in `data`. Most texts have no such run, and this is told
        many times faster than a regular expression would."""
        return b"\1" * length in data.translate(self._is_letter)


BASE64 = Alphabet(DIGITS + LOWER + UPPER + b"+/-_")  # RFC 4648, sections 4 and 5
BASE32 = Alphabet(UPPER + b"234567"), Alphabet(LOWER + b"234567")  # section 6; not both cases in one text
HEX = Alphabet(DIGITS + b"abcdefABCDEF")  # section 8
ONE_CASE_HEX = Alphabet(DIGITS + b"ABCDEF"), Alphabet(DIGITS + b"abcdef")
