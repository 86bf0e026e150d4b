"""Searches many short texts at once: joined, most of them are told in one search to hold nothing. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

SIZE = 1 << 16  # characters of the texts that are joined
SHORT = 1 << 12  # characters of a text that is worth it
TOGETHER = 1 << 13  # characters of texts that are told together, where each of those that do is looked at again
PARTS = 8  # into which texts are divided that hold something: with fewer, many that do would be searched more often


def select(texts: Iterable[str], may_hold: Callable[[bytes], bool]) -> Iterator[str]:
    """Yields those of `texts` for which `may_hold` returns true. What it finds in a text has to be found as well where
    others stand around that, in lines of their own."""
    for batch in _batches(texts, SIZE):
        todo = [batch]
        while todo:
            some = todo.pop()
            if may_hold(_joined(some)):
                if len(some) == 1:
                    yield from some
                else:
                    size = -(-len(some) // PARTS)
                    todo += reversed([some[start : start + size] for start in range(0, len(some), size)])


def select_together(texts: Iterable[str], may_hold: Callable[[bytes], bool]) -> Iterator[str]:
    """Yields those of `texts` for which `may_hold` returns true, as `select`, and some that stand next to them: so each
    is looked at once, where many hold something."""
    for batch in _batches(texts, TOGETHER):
        if may_hold(_joined(batch)):
            yield from batch


def _joined(texts: list[str]) -> bytes:
    return "\n".join(texts).encode("utf-8", "surrogatepass")


def _batches(texts: Iterable[str], most: int) -> Iterator[list[str]]:
    batch, size = list[str](), 0
    for text in texts:
        batch.append(text)
        size += len(text)
        if size >= most:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
