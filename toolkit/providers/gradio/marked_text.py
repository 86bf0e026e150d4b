"""Makes pieces of a text that is told anew each time, and tells what stands between its parts at its place. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import NamedTuple

from toolkit.chats.events import Media, Status
from toolkit.providers.text_deltas import TextDeltas


class Mark(NamedTuple):
    """An event that stands after the first `place` characters of the text; `key` is its own in all versions.

    If it `waits`, it is told once the text before it has been told, else at once.
    """

    place: int
    key: Hashable
    event: Media | Status
    waits: bool


class MarkedText:
    """Makes pieces of the versions of a text, as `TextDeltas` does, and tells the marks of each version once."""

    def __init__(self) -> None:
        self._deltas = TextDeltas()
        self._marks: list[Mark] = []
        self._told: set[Hashable] = set()

    def update(self, text: str, marks: list[Mark], settled: int) -> Iterator[str | Media | Status]:
        """Take the next version of the text, with its `marks` in their order. Its first `settled` characters are not
        expected to be taken back."""
        self._marks = marks
        piece = self._deltas.update(text)
        piece += self._deltas.settle(text[:settled])
        yield from self._in_order(piece, at_end=False)

    def flush(self) -> Iterator[str | Media | Status]:
        """What was held back of the last version, since no other follows."""
        yield from self._in_order(self._deltas.flush(), at_end=True)

    def _in_order(self, piece: str, *, at_end: bool) -> Iterator[str | Media | Status]:
        end = self._deltas.length
        for mark in self._marks:
            if mark.key in self._told or (mark.waits and mark.place > end and not at_end):
                continue
            self._told.add(mark.key)
            before = len(piece) - max(0, end - mark.place)
            if before > 0:
                yield piece[:before]
                piece = piece[before:]
            yield mark.event
        if piece:
            yield piece
