"""The entries of a HAR log in batches, each worth a search of its own. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

from toolkit.har.encoded_entries import EncodedEntries

SIZE = 1 << 17  # bytes


class Batch:
    """Some of `entries`, those from `first` to before `end`, each decoded once."""

    def __init__(self, entries: EncodedEntries, first: int, end: int) -> None:
        self.entries = entries
        self._first, self._end = first, end

    def __repr__(self) -> str:
        return f"<Batch {self._first}:{self._end}>"

    @cached_property
    def decoded(self) -> dict[int, dict[str, Any]]:
        """Each entry, by its number."""
        return {number: self.entries[number] for number in range(self._first, self._end)}

    @cached_property
    def strings(self) -> set[str]:
        """All strings in them, each once."""
        return self.entries.strings(self._first, self._end)

    def put_back(self, numbers: Iterable[int]) -> None:
        """Puts those of `decoded` with these `numbers`, which were changed, into the entries of the log."""
        for number in numbers:
            self.entries[number] = self.decoded[number]
            self.__dict__.pop("strings", None)


def entry_batches(entries: EncodedEntries) -> Iterator[Batch]:
    """Yields all of `entries`."""
    first = size = 0
    for number in range(len(entries)):
        size += entries.size(number)
        if size >= SIZE:
            yield Batch(entries, first, number + 1)
            first, size = number + 1, 0
    if first < len(entries):
        yield Batch(entries, first, len(entries))
