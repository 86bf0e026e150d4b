"""The entries of a HAR log in batches, each worth a search of its own. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from toolkit.har.encoded_entries import EncodedEntries

SIZE = 1 << 17  # bytes


class Batch(NamedTuple):
    """Some of `entries`, those from `first` to before `end`."""

    entries: EncodedEntries
    first: int
    end: int

    def __repr__(self) -> str:
        return f"<Batch {self.first}:{self.end}>"

    def decoded(self) -> list[tuple[int, dict[str, Any]]]:
        """Returns each entry with its number."""
        return [(number, self.entries[number]) for number in range(self.first, self.end)]

    def strings(self) -> set[str]:
        """Returns all strings in them, each once."""
        return self.entries.strings(self.first, self.end)


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
