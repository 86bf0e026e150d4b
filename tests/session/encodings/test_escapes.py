"""Escapes: decoding a whole text at once gives what decoding one after the other gives, and positions lead back."""

from __future__ import annotations

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.redaction.secrets import spelled, texts
from toolkit.session.encodings.encoded_presence import EncodedPresence
from toolkit.session.encodings.escapes import FORM, HTML, JSON, URL, Escape, peel

ESCAPES = {"url": URL, "form": FORM, "json": JSON, "html": HTML}
PARTS = (
    *("%41", "%", "%4", "%25", "%C3%A9", "+", "&amp;", "&", "&lt", "&#34;", "&#x41;", "&amp;lt;", "&quot;", "a", "é"),
    *("\\", "\\\\", '\\"', "\\n", "\\u0041", "\\ud83d\\ude00", "\\ud83d", "\\udc00", "\\x41", "\\u00", "u0041", '"'),
)
escaped_texts = st.lists(st.sampled_from(PARTS), max_size=30).map("".join)


def one_by_one(escape: Escape, data: bytes) -> bytes:
    return escape.pattern.sub(lambda match: escape.decode(match[0]), data)


@pytest.mark.parametrize("name", ESCAPES)
@settings(max_examples=200)
@given(escaped_texts, st.booleans())
def test_a_text_is_decoded_at_once(name: str, text: str, long: bool) -> None:
    """Whether it has few escapes or many, which are decoded in another way."""
    data = (text + ("x" * 5000 if long else "")).encode()
    assert ESCAPES[name].decode_all(data) == one_by_one(ESCAPES[name], data)


@pytest.mark.parametrize("name", ESCAPES)
def test_binary_data_is_decoded_too(name: str) -> None:
    """Bytes of which every one occurs leave none to stand for something else."""
    data = bytes(range(256)) + b'\\\\ \\" %41 &amp; \\u0041'
    assert ESCAPES[name].decode_all(data) == one_by_one(ESCAPES[name], data)


@pytest.mark.parametrize("name", ESCAPES)
@settings(max_examples=100)
@given(escaped_texts)
def test_positions_lead_back(name: str, text: str) -> None:
    """What is decoded up to a position is what stands before that position in the text."""
    escape, data = ESCAPES[name], text.encode()
    ends = [match.end() for match in escape.pattern.finditer(data)]
    decoded = [len(one_by_one(escape, data[:end])) for end in ends]
    assert list(escape.positions(data, decoded)) == ends


@settings(max_examples=100)
@given(escaped_texts)
def test_a_peeled_text_has_no_escapes_left(text: str) -> None:
    """However they are nested."""
    peeled = peel(text.encode())
    assert all(escape.decode_all(peeled) == peeled for escape in (URL, JSON, HTML))


LETTERS = string.ascii_letters + string.digits + "/+=\"\\&@~ %'<é漢"


@settings(max_examples=150)
@given(texts(LETTERS, min_size=8, max_size=40), st.data())
def test_what_is_there_is_told_to_be(value: str, data: st.DataObject) -> None:
    """A value in any spelling, also in a text of megabytes and far from its beginning."""
    name = data.draw(st.sampled_from(sorted(spelled(value))))
    presence = EncodedPresence([value.encode()])
    if name != "raw" and spelled(value)[name] != value.encode():
        around = b"[" * data.draw(st.sampled_from([1, 100])) + b" "
        assert presence.may_be_in(around + spelled(value)[name] + b" ]", 4)


def test_a_large_text_is_searched_to_its_end() -> None:
    """Wherever it is cut into pieces."""
    presence = EncodedPresence([b'opensesame"42'])
    for size in (1, 2**20, 2**20 + 470, 3 * 2**20 - 3, 5 * 2**20):
        for filling in (b"ab ", b"abc"):
            assert presence.may_be_in(filling * (size // 3) + b' opensesame\\"42 ' + filling * 9, 4)
    assert not presence.may_be_in(b"ab " * 2**20, 4)
