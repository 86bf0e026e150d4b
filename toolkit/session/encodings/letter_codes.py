"""The ways to write any bytes as letters: base64 (RFC 4648, sections 4 and 5) and hexadecimal digits. Pure."""

from __future__ import annotations

import base64
from binascii import unhexlify
from collections.abc import Callable, Iterator
from typing import NamedTuple

from toolkit.session.encodings import alphabets

STANDARD = bytes.maketrans(b"-_", b"+/")
URLSAFE = bytes.maketrans(b"+/", b"-_")


class Code(NamedTuple):
    """A way to write any bytes as letters.

    `size` letters of `alphabet` stand for a whole number of bytes, and the letter `zero` for 0. `encode` takes the
    bytes and the letters that they replace, whose case or alphabet it keeps. `words` are what the letters of a text
    have in them where some bytes are within it, whatever is around those.
    """

    alphabet: alphabets.Alphabet
    size: int
    zero: bytes
    decode: Callable[[bytes], bytes]
    encode: Callable[[bytes, bytes], bytes]
    words: Callable[[bytes], Iterator[bytes]]

    def decode_runs(self, data: bytes, length: int) -> Iterator[bytes]:
        """Yields what the runs of at least `length` letters in `data` decode to, many at once with zeros between."""
        for batch in self.alphabet.batches(data, length):
            padded = (letters + self.zero * (2 * self.size - len(letters) % self.size) for letters in batch)
            yield self.decode(b"".join(padded))


def _base64_like(data: bytes, run: bytes) -> bytes:
    new = base64.b64encode(data).rstrip(b"=")
    return new.translate(URLSAFE) if b"-" in run or b"_" in run else new


def _hex_like(data: bytes, run: bytes) -> bytes:
    new = data.hex().encode()
    return new.upper() if run == run.upper() else new


def _base64_words(data: bytes) -> Iterator[bytes]:
    for offset in range(3):
        start, end = -(-8 * offset // 6), 8 * (offset + len(data)) // 6  # without the letters shared with neighbours
        yield (word := base64.b64encode(bytes(offset) + data)[start:end])
        yield word.translate(URLSAFE)


def _hex_words(data: bytes) -> Iterator[bytes]:
    yield data.hex().encode()
    yield data.hex().upper().encode()


BASE64 = Code(
    alphabets.BASE64, 4, b"A", lambda text: base64.b64decode(text.translate(STANDARD)), _base64_like, _base64_words
)
HEX = Code(alphabets.HEX, 2, b"0", unhexlify, _hex_like, _hex_words)
