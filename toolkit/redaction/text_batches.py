"""Searches many short texts at once: joined, most of them are told in one search to hold nothing. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

SIZE = 1 << 16  # characters of the texts that are joined
SHORT = 1 << 12  # characters of a text that is worth it


def select(texts: Iterable[str], may_hold: Callable[[bytes], bool]) -> Iterator[str]:
    """Yields those of `texts` for which `may_hold` returns true. What it finds in a text has to be found as well where
    others stand around that, in lines of their own."""
    for batch in _batches(texts):
        todo = [batch]
        while todo:
            some = todo.pop()
            if may_hold("\n".join(some).encode("utf-8", "surrogatepass")):
                if len(some) == 1:
                    yield some[0]
                else:
                    todo += (some[len(some) // 2 :], some[: len(some) // 2])


def _batches(texts: Iterable[str]) -> Iterator[list[str]]:
    batch, size = list[str](), 0
    for text in texts:
        batch.append(text)
        size += len(text)
        if size >= SIZE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
