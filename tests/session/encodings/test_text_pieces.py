"""Large texts are looked at in pieces: nothing is lost between them, and no run of letters is cut."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.session.encodings import alphabets, text_pieces
from toolkit.session.encodings.alphabets import BASE64
from toolkit.session.encodings.text_pieces import pieces

letters = st.lists(st.sampled_from([b"a", b"Zz9", b" ", b'"', b"abcdefgh", b"."]), max_size=60).map(b"".join)


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few bytes are a large text."""
    monkeypatch.setattr(alphabets, "PIECE", 16)
    monkeypatch.setattr(text_pieces, "PIECE", 16)


@settings(max_examples=200)
@given(letters, st.integers(1, 12))
def test_runs_are_whole(data: bytes, length: int) -> None:
    """A run that spans pieces is one run, from its first letter to its last."""
    runs, start = [], 0
    for word in data.replace(b'"', b" ").replace(b".", b" ").split(b" "):
        if len(word) >= length:
            runs.append((start, start + len(word)))
        start += len(word) + 1
    assert list(BASE64.runs(data, length)) == runs
    assert BASE64.has_run(data, length) == bool(runs)


@settings(max_examples=200)
@given(letters, st.integers(0, 8))
def test_pieces_overlap_and_cut_no_word(data: bytes, overlap: int) -> None:
    """Each text of at most the overlap's length is whole in a piece, and so is each word."""
    found = list(pieces(data, overlap))
    assert len(max(found, key=len)) <= len(data)
    for at in range(len(data) - overlap + 1):
        assert any(data[at : at + overlap] in piece for piece in found)
    for start, end in BASE64.runs(data, 1):
        assert any(data[start:end] in piece for piece in found)
    if b" " not in data and b'"' not in data:
        assert found == [data]
