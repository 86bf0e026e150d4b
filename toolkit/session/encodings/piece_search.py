"""Searches for words and for what is left of them where they were cut short. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from toolkit.session.encodings.multi_pattern_search import MultiSearch

PIECE = 8  # bytes of a word that say which one it is, if they look generated
WORDY_PIECE = 16  # if they do not: `session-`


class PieceSearch:
    """Searches for `words`, and for their beginnings and ends that are long enough to be no chance.

    A match is as long as the text goes on as the word does.
    """

    def __init__(self, words: Iterable[bytes]) -> None:
        self._whole = MultiSearch(words)
        self._heads: dict[bytes, list[bytes]] = {}
        self._tails: dict[bytes, list[bytes]] = {}
        for word in words:
            if b"://" in word[:PIECE]:
                continue  # an address, which begins as others do
            if len(head := word[: _length(word[:PIECE])]) < len(word):
                self._heads.setdefault(head, []).append(word)
            if len(tail := word[-_length(word[-PIECE:]) :]) < len(word):
                self._tails.setdefault(tail, []).append(word)
        self._pieces = MultiSearch([*self._heads, *self._tails])
        self.shortest = min(self._whole.shortest, PIECE)

    def spans(self, data: bytes) -> Iterator[tuple[int, int, bytes]]:
        """Yields (start, end, word) for each match, in no particular order. Matches may overlap."""
        yield from self._whole.spans(data)
        for start, end, piece in self._pieces.spans(data):
            for word in self._heads.get(piece, ()):
                yield start, start + _common(data[start : start + len(word)], word), word
            for word in self._tails.get(piece, ()):
                before, backwards = data[max(0, end - len(word)) : end][::-1], word[::-1]
                yield end - _common(before, backwards), end, word


def _common(one: bytes, other: bytes) -> int:
    """Returns in how many bytes both begin alike."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _length(piece: bytes) -> int:
    """Returns how much of a word is searched for, by the `piece` at its end: letters of both cases, or letters and
    digits, are generated."""
    letters = piece.decode("latin-1")
    mixed = any(letter.isdigit() for letter in letters) and any(letter.isalpha() for letter in letters)
    cases = not letters.islower() and not letters.isupper() and not letters.istitle()
    return PIECE if mixed or cases else WORDY_PIECE
