"""The documents of a stream are found alone where something in them is marked, and only those are decoded."""

from __future__ import annotations

import pytest

from toolkit.redaction.identity.documents import find_documents

LINES = b'{"a": 1}\n{"user": 2}\ndata: {"c": 3}\r\nno document\n{"user": 4, "user": 5}'


@pytest.mark.parametrize("ending", [b"", b"\n"])
def test_of_the_lines_those_that_are_marked_are_documents(ending: bytes) -> None:
    data = LINES + ending
    marks = [at for at in range(len(data)) if data.startswith((b"user", b'"c"', b"no"), at)]
    assert [document.value for document in find_documents(data, marks)] == [{"user": 2}, {"c": 3}, {"user": 5}]
    assert [data[document.start : document.end] for document in find_documents(data)] == [
        *(b'{"a": 1}', b'{"user": 2}', b'{"c": 3}', b'{"user": 4, "user": 5}')
    ]
    assert not list(find_documents(data, []))
