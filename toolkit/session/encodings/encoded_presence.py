"""Tells quickly whether a text may hold one of some values in an encoding. Pure.

A value that is escaped, in whatever nesting, is what it is in a text without any escapes, and a value within base64 is
one of six words of letters. So two searches of the whole text say that it holds none, which is so for most texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from toolkit.session.encodings.escapes import has_escapes, peel
from toolkit.session.encodings.letter_codes import BASE64, HEX, Code
from toolkit.session.encodings.multi_pattern_search import MultiSearch

TAIL = re.compile(rb"[\\%&][^\\%&]{0,7}\Z")  # of a value, which together with what follows it may be an escape
NESTED = 16  # letters from which on base64 can hold an escaped value
MIN_LETTERS = 4  # a word of fewer is everywhere
FOLDED_AT = 60  # letters in a line, at least
FOLDED = re.compile(
    rb"\n(?<=[A-Za-z0-9+/]{60}\n)|\r\n(?<=[A-Za-z0-9+/]{60}\r\n)"
)  # a line break in base64 (RFC 2045, section 6.8)


class EncodedPresence:
    """Tells whether a text may hold one of `values` with escapes, or as base64 or hexadecimal digits.

    It may say so of a text that holds none.
    """

    def __init__(self, values: Iterable[bytes]) -> None:
        values = list(values)
        self._spaces = any(b" " in value for value in values)
        self._peeled = MultiSearch(_core(value) for value in values)
        self._coded: dict[Code, tuple[int, MultiSearch]] = {}
        for code in (BASE64, HEX):
            words = {word for value in values for word in code.words(value)}
            search = MultiSearch(words - {b""}, digits_anywhere=True)
            self._coded[code] = min(map(len, words), default=1), search

    def may_be_in(self, data: bytes, depth: int) -> bool:
        """Decides whether `data` may hold a value, in encodings that are nested up to `depth` times."""
        peeled = data
        if has_escapes(data) and self._peeled.is_in(peeled := peel(data)):
            return True
        if self._spaces and b"+" in data and self._peeled.is_in(peel(data.replace(b"+", b" "))):
            return True
        return any(self.may_be_coded(peeled, code, depth) for code in self._coded)

    def may_be_coded(self, data: bytes, code: Code, depth: int) -> bool:
        """Decides whether a run of letters of `code` in `data` may hold a value."""
        least, words = self._coded[code]
        if not code.alphabet.has_run(data, max(1, least)):
            return False
        if least < MIN_LETTERS or words.is_in(data):
            return True
        if b"\n" in data and BASE64.alphabet.has_run(data, FOLDED_AT) and words.is_in(FOLDED.sub(b"", data)):
            return True
        return depth > 1 and any(self.may_be_in(text, depth - 1) for text in code.decode_runs(data, NESTED))


def _core(value: bytes) -> bytes:
    """Returns `value` as it stands in a text without escapes, whatever follows it there."""
    peeled = peel(value)
    return TAIL.sub(b"", peeled) or peeled
