"""Searches for many byte strings at once, in a time that does not grow with their number. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

BLOCK = 8
LONG = 2 * BLOCK - 1  # bytes; a string of this length covers a whole block of the text, wherever it starts


class MultiSearch:
    """Searches for `words`, none of which may be empty.

    A word of digits matches only where no other digits stand next to it. Long words are looked up by the blocks of
    eight bytes into which the text is cut (the idea of Rabin and Karp), the others by a regular expression.
    """

    def __init__(self, words: Iterable[bytes]) -> None:
        words = set(words)
        self._by_block: dict[bytes, list[tuple[int, bytes]]] = {}
        numbers = {word for word in words if word.isdigit()}
        long = {word for word in words - numbers if len(word) >= LONG}
        for word in long:
            for at in range(BLOCK):
                self._by_block.setdefault(word[at : at + BLOCK], []).append((at, word))
        self._patterns = [re.compile(alternation(short))] if (short := words - numbers - long) else []
        if numbers:
            self._patterns.append(re.compile(rb"(?<![0-9])(?:%b)(?![0-9])" % alternation(numbers)))

    def find(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Yields (start, word) for each match, in no particular order. Matches may overlap."""
        for pattern in self._patterns:
            for match in pattern.finditer(data):
                yield match.start(), match[0]
        known = self._by_block
        if not known:
            return
        for at in range(0, len(data), BLOCK):
            if (block := data[at : at + BLOCK]) in known:
                for offset, word in known[block]:
                    if at >= offset and data.startswith(word, at - offset):
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
