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
from toolkit.session.encodings.text_pieces import pieces

TAIL = re.compile(rb"[\\%&][^\\%&]{0,7}\Z")  # of a value, which together with what follows it may be an escape
NESTED = 16  # letters from which on base64 can hold an escaped value
GROWTH = 36  # times as many letters as bytes: each is six letters twice
MIN_LETTERS = 4  # a word of fewer is everywhere
FOLDED_AT = 60  # letters in a line, at least
FOLDED = re.compile(rb"\n(?<=[A-Za-z0-9+/]{60}\n)")  # a line break in base64 (RFC 2045, section 6.8), without its CR


class EncodedPresence:
    """Tells whether a text may hold one of `values` with escapes, or as base64 or hexadecimal digits.

    It may say so of a text that holds none.
    """

    def __init__(self, values: Iterable[bytes]) -> None:
        values = list(values)
        self._spaces = any(b" " in value for value in values)
        self._longest = GROWTH * max(map(len, values), default=0)
        self._peeled = MultiSearch(_core(value) for value in values)
        self._values, shortest = values, min(values, key=len, default=b"")
        self._least = {code: min(map(len, code.words(shortest))) if values else 1 for code in (BASE64, HEX)}
        self._words: dict[Code, MultiSearch] = {}

    def may_be_in(self, data: bytes, depth: int) -> bool:
        """Decides whether `data` may hold a value, in encodings that are nested up to `depth` times."""
        return any(self._may_be_in_piece(piece, depth) for piece in pieces(data, self._longest))

    def _may_be_in_piece(self, data: bytes, depth: int) -> bool:
        peeled = data
        if has_escapes(data) and self._peeled.is_in(peeled := peel(data)):
            return True
        if self._spaces and b"+" in data and self._peeled.is_in(peel(data.replace(b"+", b" "))):
            return True
        return any(self.may_be_coded(peeled, code, depth) for code in self._least)

    def may_be_coded(self, data: bytes, code: Code, depth: int) -> bool:
        """Decides whether a run of letters of `code` in `data` may hold a value."""
        least = self._least[code]
        if not code.alphabet.has_run(data, max(1, least)):
            return False
        if least < MIN_LETTERS or (words := self._words_of(code)).is_in(data):
            return True
        if b"\n" in data and BASE64.alphabet.has_run(data, FOLDED_AT) and words.is_in(_unfolded(data)):
            return True
        return depth > 1 and any(self.may_be_in(text, depth - 1) for text in code.decode_runs(data, NESTED))

    def _words_of(self, code: Code) -> MultiSearch:
        """Returns the search for the words of all values, which is made when the first text may have one."""
        if (search := self._words.get(code)) is None:
            words = {word for value in self._values for word in code.words(value)}
            search = self._words[code] = MultiSearch(words - {b""}, digits_anywhere=True)
        return search


def _unfolded(data: bytes) -> bytes:
    return FOLDED.sub(b"", data.replace(b"\r\n", b"\n"))


def _core(value: bytes) -> bytes:
    """Returns `value` as it stands in a text without escapes, whatever follows it there."""
    peeled = peel(value)
    return TAIL.sub(b"", peeled) or peeled
