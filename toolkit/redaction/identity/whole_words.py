"""Searches for words that count only where they stand alone: `Ada` is not in `Adagio`. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from toolkit.session.encodings.multi_pattern_search import MultiSearch

LONGEST_CHARACTER = 4  # bytes in UTF-8


class WholeWordSearch(MultiSearch):
    """Searches for `words`, as a `Finder` of `toolkit.session.encodings`; for those of `alone` where no letter, no
    digit and no underscore stands next to them."""

    def __init__(self, words: Iterable[bytes], alone: Collection[bytes]) -> None:
        super().__init__(words)
        self._alone = alone

    def spans(self, data: bytes) -> Iterator[tuple[int, int, bytes]]:
        """Yields (start, end, word) for each match, in no particular order. Matches may overlap."""
        for start, end, word in super().spans(data):
            if word not in self._alone or _stands_alone(data, start, end):
                yield start, end, word


def _stands_alone(data: bytes, start: int, end: int) -> bool:
    before = data[max(0, start - LONGEST_CHARACTER) : start].decode("utf-8", "ignore")[-1:]
    after = data[end : end + LONGEST_CHARACTER].decode("utf-8", "ignore")[:1]
    return not _joins(before) and not _joins(after)


def _joins(neighbour: str) -> bool:
    """Decides whether a word goes on with `neighbour`. In scripts without cases words need no blanks between them."""
    return neighbour == "_" or neighbour.isdigit() or neighbour.lower() != neighbour.upper()
