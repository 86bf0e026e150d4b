"""Searches for many byte strings at once, in a time that does not grow with their number. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import compress, count, groupby
from typing import Literal, TypeAlias

BlockSize: TypeAlias = Literal[8, 4]
BLOCKS: dict[BlockSize, Literal["Q", "I"]] = {8: "Q", 4: "I"}  # how a block of so many bytes is read as one number
MANY = 10_000  # words from which on each has to take less memory, the less the more there are
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
        for size in BLOCKS:
            stride: int = size  # with more words, each has fewer blocks
            while stride > 1 and stride * len(left) > size * MANY:
                stride //= 2
            if long := {word for word in left if len(word) >= size + stride - 1}:
                self._by_blocks.append(_BlockSearch(long, size, stride))
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
    """Searches for `words` of at least `size + stride - 1` bytes: such a word covers a whole block of `size` bytes that
    starts at a multiple of `stride` in the text, wherever the word starts.

    A block says where it stands in which lengths of words (`Place`), and whether one of the words is there is then
    looked up. So words that are alike cost no more than others. Each word takes `stride` blocks of memory, and each
    block of the text is looked at `size / stride` times.
    """

    def __init__(self, words: set[bytes], size: BlockSize, stride: int) -> None:
        self._size, self._stride, self._words = size, stride, words
        self._place: dict[int, Place] = {}  # by the block, as a number
        self._more_places: dict[int, set[Place]] = {}  # of the blocks that stand at several
        for length, alike in groupby(sorted(words, key=len), key=len):
            group = list(alike)
            for at in range(stride):
                place = (at, length)
                new = dict.fromkeys(_blocks(b"".join([word[at : at + size] for word in group]), size), place)
                for block in new.keys() & self._place.keys():
                    self._more_places.setdefault(block, set()).add(place)
                    del new[block]
                self._place.update(new)

    def find(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        size = self._size
        for start in range(0, len(data), PIECE):
            for first in range(start, start + size, self._stride):
                end = first + min(PIECE, max(0, len(data) - first) // size * size)
                blocks = _blocks(memoryview(data)[first:end], size)
                if not self._place.keys().isdisjoint(blocks):
                    for number in compress(count(), map(self._place.__contains__, blocks)):
                        yield from self._find_around(data, first + number * size, blocks[number])

    def _find_around(self, data: bytes, at: int, block: int) -> Iterator[tuple[int, bytes]]:
        """Yields the words that have `block`, which stands at `at`."""
        for offset, length in (self._place[block], *self._more_places.get(block, ())):
            if at >= offset and (word := data[at - offset : at - offset + length]) in self._words:
                yield at - offset, word


def _blocks(data: bytes | memoryview, size: BlockSize) -> memoryview[int]:
    """Returns the blocks of `size` bytes that `data` consists of, as numbers."""
    return memoryview(data).cast(BLOCKS[size])


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
