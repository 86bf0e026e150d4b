"""Searches for many byte strings at once, in a time that does not grow with their number. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Literal, TypeAlias

BlockSize: TypeAlias = Literal[8, 4]
BLOCKS: dict[BlockSize, Literal["Q", "I"]] = {8: "Q", 4: "I"}  # how a block of so many bytes is read as one number
MANY = 5000  # words from which on each has to take little memory
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
        self._by_blocks: list[_BlockSearch | _BeginningSearch] = []
        if len(left) <= FEW:
            self._few, left = left, set()
        for size in BLOCKS:
            if (long := {word for word in left if len(word) >= 2 * size - 1}) and len(left) <= MANY:
                self._by_blocks.append(_BlockSearch(long, size))
                left -= long
            elif long := {word for word in left if len(word) >= size and len(left) > MANY}:
                self._by_blocks.append(_BeginningSearch(long, size))
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
                start = data.find(word, start + 1)
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

    def __init__(self, words: set[bytes], size: BlockSize) -> None:
        self._size, self._words = size, words
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
        self._numbers = set(memoryview(b"".join(self._place)).cast(BLOCKS[size]))

    def find(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        size = self._size
        for start in range(0, len(data), PIECE):
            whole = memoryview(data)[start : start + min(PIECE, (len(data) - start) // size * size)]
            if not self._numbers.isdisjoint(whole.cast(BLOCKS[size])):
                yield from self._find_between(data, start, start + len(whole))

    def _find_between(self, data: bytes, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        size, place, more_places, words = self._size, self._place, self._more_places, self._words
        for at in range(start, end, size):
            block = data[at : at + size]
            if block in place:
                for offset, length in (place[block], *more_places.get(block, ())):
                    if at >= offset and (word := data[at - offset : at - offset + length]) in words:
                        yield at - offset, word


class _BeginningSearch:
    """Searches for `words` of at least `size` bytes by the block that each begins with, at every position of the text:
    that takes `size` times as long as `_BlockSearch` to search, and a fraction of its memory for each word."""

    def __init__(self, words: set[bytes], size: BlockSize) -> None:
        self._size, self._words = size, words
        self._lengths: dict[int, set[int]] = {}  # of the words, by the block
        beginnings = memoryview(b"".join(word[:size] for word in words)).cast(BLOCKS[size])
        shared: dict[int, set[int]] = {}  # most blocks begin words of one length
        for word, beginning in zip(words, beginnings, strict=True):
            lengths = self._lengths.setdefault(beginning, shared.setdefault(len(word), {len(word)}))
            if len(word) not in lengths:
                self._lengths[beginning] = lengths | {len(word)}

    def find(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        size = self._size
        for start in range(0, len(data), PIECE):
            for first in range(start, start + size):
                whole = memoryview(data)[first : first + min(PIECE, max(0, len(data) - first) // size * size)]
                numbers = whole.cast(BLOCKS[size])
                if not self._lengths.keys().isdisjoint(numbers):
                    yield from self._find_between(data, first, numbers)

    def _find_between(self, data: bytes, first: int, numbers: memoryview[int]) -> Iterator[tuple[int, bytes]]:
        for at, number in enumerate(numbers):
            for length in self._lengths.get(number, ()):
                start = first + at * self._size
                if (word := data[start : start + length]) in self._words:
                    yield start, word


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
