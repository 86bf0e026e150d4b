"""Searches many short texts at once: joined, most of them are told in one search to hold nothing. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

SIZE = 1 << 16  # characters of the texts that are joined
SHORT = 1 << 12  # characters of a text that is worth it
TOGETHER = 1 << 13  # characters of texts that are told together, where those that hold something are looked at again
PARTS = 8  # into which texts are divided that hold something: with fewer, many that do would be searched more often


def select(texts: Iterable[str], may_hold: Callable[[bytes], bool], least: int = 0) -> Iterator[str]:
    """Yields those of `texts` for which `may_hold` returns true. What it finds in a text has to be found as well where
    others stand around that, in lines of their own.

    Where several texts have at most `least` characters together, they are told together."""
    for batch in _batches(texts):
        todo = [batch]
        while todo:
            some = todo.pop()
            if may_hold((joined := "\n".join(some)).encode("utf-8", "surrogatepass")):
                if len(some) == 1 or len(joined) <= least:
                    yield from some
                else:
                    size = -(-len(some) // PARTS)
                    todo += reversed([some[start : start + size] for start in range(0, len(some), size)])


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
