"""Searches for many byte strings at once, in a time that does not grow with their number. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Literal, TypeAlias

FEW = 16  # words that are found sooner one by one
PIECE = 1 << 16  # bytes that are looked through at once for whether any block is in them
NUMBER = re.compile(rb"[0-9]+")

Place: TypeAlias = tuple[int, int]  # where in a word, and how long the word is, in bytes


class MultiSearch:
    """Searches for `words`, none of which may be empty.

    A word of digits matches only where no other digits stand next to it, unless `digits_anywhere`. Few words are
    searched one by one; of more, those of at least seven bytes are looked up by the blocks into which the text is cut
    (the idea of Rabin and Karp), the others by a regular expression.
    """

    def __init__(self, words: Iterable[bytes], *, digits_anywhere: bool = False) -> None:
        words = set(words)
        self.shortest = min(map(len, words), default=1)
        self._numbers = set() if digits_anywhere else {word for word in words if word.isdigit()}
        left = words - self._numbers
        self._few: set[bytes] = set()
        self._by_blocks: list[_BlockSearch] = []
        if len(left) <= FEW:
            self._few, left = left, set()
        for size in (8, 4):
            if long := {word for word in left if len(word) >= 2 * size - 1}:
                self._by_blocks.append(_BlockSearch(long, size))
                left -= long
        self._pattern = re.compile(alternation(left)) if left else None

    def spans(self, data: bytes) -> Iterator[tuple[int, int, bytes]]:
        """Yields (start, end, word) for each match, in no particular order. Matches may overlap."""
        return ((start, start + len(word), word) for start, word in self.find(data))

    def is_in(self, data: bytes) -> bool:
        """Decides whether one of the words is in `data`."""
        return any(True for _ in self.find(data))

    def find(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Yields (start, word) for each match, in no particular order. Matches may overlap."""
        for word in self._few:
            start = data.find(word)
            while start >= 0:
                yield start, word
                start = data.find(word, start + len(word))
        if self._numbers and (len(self._numbers) > FEW or any(word in data for word in self._numbers)):
            for match in NUMBER.finditer(data):
                if match[0] in self._numbers:
                    yield match.start(), match[0]
        for match in self._pattern.finditer(data) if self._pattern else ():
            yield match.start(), match[0]
        for search in self._by_blocks:
            yield from search.find(data)


class _BlockSearch:
    """Searches for `words` of at least `2 * size - 1` bytes: such a word covers a whole block of `size` bytes of the
    text, wherever it starts.

    A block says where it stands in which lengths of words (`Place`), and whether one of the words is there is then
    looked up. So words that are alike cost no more than others, and a block of a single word no object of its own.
    """

    def __init__(self, words: set[bytes], size: int) -> None:
        self._size, self._words = size, words
        self._format: Literal["Q", "I"] = "Q" if size == 8 else "I"  # a block as one number
        self._place: dict[bytes, Place] = {}
        self._more_places: dict[bytes, set[Place]] = {}  # of the blocks that stand at several
        for length, alike in groupby(sorted(words, key=len), key=len):
            group = list(alike)
            for at in range(size):
                place = (at, length)
                for word in group:
                    block = word[at : at + size]
                    if self._place.setdefault(block, place) is not place:
                        self._more_places.setdefault(block, set()).add(place)
        self._numbers = set(memoryview(b"".join(self._place)).cast(self._format))

    def find(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        size = self._size
        for start in range(0, len(data), PIECE):
            whole = memoryview(data)[start : start + min(PIECE, (len(data) - start) // size * size)]
            if not self._numbers.isdisjoint(whole.cast(self._format)):
                yield from self._find_between(data, start, start + len(whole))

    def _find_between(self, data: bytes, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        size, place, more_places, words = self._size, self._place, self._more_places, self._words
        for at in range(start, end, size):
            block = data[at : at + size]
            if block in place:
                for offset, length in (place[block], *more_places.get(block, ())):
                    if at >= offset and (word := data[at - offset : at - offset + length]) in words:
                        yield at - offset, word


def alternation(words: Iterable[bytes]) -> bytes:
    """Returns a pattern that matches any of `words`, the longest first, and reads common prefixes once."""
    words = sorted(set(words))
    if len(words) == 1:
        return re.escape(words[0])
    first, last = words[0], words[-1]
    same = next((at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    rest = [word[same:] for word in words]
    branches = [alternation(group) for _, group in groupby((word for word in rest if word), key=lambda word: word[0])]
    return re.escape(first[:same]) + b"(?:" + b"|".join(branches + [b""] * (b"" in rest)) + b")"
