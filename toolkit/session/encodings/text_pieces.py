"""Cuts a large text into pieces that can be searched one after the other: each search copies what it looks at. Pure."""

from __future__ import annotations

from collections.abc import Iterator

PIECE = 1 << 20  # bytes
SEPARATORS = (b'"', b" ", b"\n", b",", b"<")  # which stand in no run of letters, and in no token
NEAR = 1 << 12  # bytes in which one is looked for


def pieces(data: bytes, overlap: int) -> Iterator[bytes]:
    """Yields `data` in pieces, each of which begins `overlap` bytes before the end of the one before it, or a little
    earlier or later: runs of letters and tokens are not cut. What has no separator is one piece."""
    start = 0
    while len(data) - start > 2 * PIECE + 2 * overlap:
        end = _separator(data, start + PIECE + overlap)
        after = _separator(data, end - overlap) if end else 0
        if not end or after <= start:
            break
        yield data[start:end]
        start = after
    yield data[start:] if start else data


def _separator(data: bytes, near: int) -> int:
    """Returns where the last separator before `near` stands; 0 where there is none close to it."""
    near = max(0, near)
    return max(0, *(data.rfind(separator, max(0, near - NEAR), near) for separator in SEPARATORS))
