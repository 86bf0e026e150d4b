"""Edits of a text or of bytes: applying them, and what they do to the chunk sizes of a body. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import AnyStr, Generic, NamedTuple


class Edit(NamedTuple, Generic[AnyStr]):
    """Replaces the characters or bytes from `start` to `end` by `new`."""

    start: int
    end: int
    new: AnyStr


def apply_edits(data: AnyStr, edits: Iterable[Edit[AnyStr]]) -> AnyStr:
    """Returns `data` with `edits` applied, which must be in order and must not overlap."""
    pieces: list[AnyStr] = []
    end = 0
    for edit in edits:
        pieces += (data[end : edit.start], edit.new)
        end = edit.end
    pieces.append(data[end:])
    return data[:0].join(pieces)


def drop_overlaps(edits: Iterable[Edit[AnyStr]]) -> list[Edit[AnyStr]]:
    """Sorts `edits` and drops those that overlap a previous one.

    The leftmost edit wins; of those that start together the longest; of equally long ones the first given.
    """
    result: list[Edit[AnyStr]] = []
    for edit in sorted(edits, key=lambda edit: (edit.start, -edit.end)):  # the sort is stable
        if not result or edit.start >= result[-1].end:
            result.append(edit)
    return result


def resize_chunks(sizes: Sequence[int], edits: Sequence[Edit[bytes]]) -> list[int]:
    """Returns the chunk sizes of a body after `edits`, given its chunk `sizes` before. All sizes are in bytes.

    A boundary outside of every edit stays at the same place in the text. A boundary inside replaced bytes keeps its
    distance from their start, or moves to their end where the new bytes are shorter than that.
    """
    starts = [edit.start for edit in edits]
    shifts = [0]
    for edit in edits:
        shifts.append(shifts[-1] + len(edit.new) - (edit.end - edit.start))
    boundaries, position = [0], 0
    for size in sizes:
        position += size
        at = bisect_right(starts, position)
        boundary = position + shifts[at]
        if at and position < (edit := edits[at - 1]).end:
            boundary = edit.start + shifts[at - 1] + min(position - edit.start, len(edit.new))
        boundaries.append(boundary)
    return [after - before for before, after in pairwise(boundaries)]
