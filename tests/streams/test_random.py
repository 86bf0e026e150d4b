"""Random bytes in random chunks: what comes out is what the slow reference says."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.streams import laws

# What streams are made of, whole and in parts, so that random ones get somewhere.
PARTS = (
    *(
        "data",
        "data: ",
        "data:",
        "event: ",
        "event",
        "id: ",
        "id",
        "retry: ",
        "retry",
        ":",
        ": ",
        " ",
        "0",
        "12",
        "9" * 16,
    ),
    *(
        "\n",
        "\r",
        "\r\n",
        "\n\n",
        "\r\r",
        "\0",
        "a",
        "é",
        "你",
        "😀",
        "\ufeff",
        "[1, 2]",
        '{"a": "😀"}',
        '"',
        "{",
        "\\ud83d",
        '["\\ud83d", "\\ude00\\\\ud83d", NaN]',
        '["\\ud83d", "\\ud83d\\ude00"]',
    ),
)
TOKENS = [part.encode() for part in PARTS] + [
    b"\xef",
    b"\xbb",
    b"\xbf",
    b"\xff",
    b"\xf0\x9f",
    b"\xed\xa0\x80",
    b'"\xff"',
]

tokens = st.sampled_from(TOKENS) | st.binary(max_size=3)
fields = st.sampled_from([b"data", b"data:", b"data: ", b"event: ", b"id: ", b"retry: ", b":", b""])
ends = st.sampled_from([b"\n", b"\r", b"\r\n"])
events = st.tuples(fields, tokens, ends, ends).map(b"".join)
streams = st.lists(tokens | events, max_size=40).map(b"".join)
sizes = st.lists(st.integers(0, 7), max_size=5)


@given(streams, sizes)
def test_text_is_read(data: bytes, sizes: list[int]) -> None:
    """UTF-8 of any kind, and what is none."""
    laws.text_is_read(data, sizes)


@given(streams, sizes)
def test_events_are_read(data: bytes, sizes: list[int]) -> None:
    """Event streams, and what only looks like one."""
    laws.events_are_read(data, sizes)


@given(streams, sizes)
def test_documents_are_read(data: bytes, sizes: list[int]) -> None:
    """Lines of JSON, and what is none."""
    laws.documents_are_read(data, sizes)


@given(streams, sizes)
def test_documents_of_events_are_read(data: bytes, sizes: list[int]) -> None:
    """Events of JSON, and of what is none."""
    laws.documents_of_events_are_read(data, sizes)
