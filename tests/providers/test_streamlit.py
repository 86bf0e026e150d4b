"""Streamlit's protocol: the wire format of its messages, and the page that they build."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.errors import ProtocolError
from toolkit.providers.streamlit.messages import RUN, STOP, ask
from toolkit.providers.streamlit.page import StreamlitPage
from toolkit.streams.protobuf import Fields, write_fields

numbers = st.integers(1, 2**29 - 1)
integers = st.integers(0, 2**64 - 1)
texts = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.dictionaries(numbers, integers | texts | st.binary()))
def test_fields_come_back(fields: dict[int, int | str | bytes]) -> None:
    """Each by its number: integers of 64 bits, texts, and bytes, which may be messages."""
    read = Fields(write_fields(*fields.items()))
    for number, value in fields.items():
        assert number in read
        if isinstance(value, int):
            assert read.integer(number) == value
        elif isinstance(value, str):
            assert read.text(number) == value
        else:
            assert read.text(number) == value.decode("utf-8", "replace")


@given(st.binary())
def test_whatever_comes_is_read_or_an_error_of_the_site(data: bytes) -> None:
    """Nothing else is raised, however the bytes are; nor by what is made of them."""
    page = StreamlitPage()
    with suppress(ProtocolError):
        page.read(data)
    assert page.answer() == ""


@pytest.mark.parametrize(
    "data", [b"\x08", b"\x0a\x05ab", b"\x0b", b"\xff" * 11, b"\x0d\x00\x00", b"\x09\x00"], ids=bytes.hex
)
def test_what_is_cut_or_unknown_is_an_error(data: bytes) -> None:
    """A value that is not there, a group, an integer without an end."""
    with pytest.raises(ProtocolError, match="no message of its protocol"):
        Fields(data)


def test_fields_that_nobody_asks_for_are_passed_over() -> None:
    """Of any type; repeated integers may be packed or not."""
    data = b"\x09" + b"8bytes.." + b"\x15" + b"four" + write_fields((3, "x"), (4, b"\x01\x96\x01"), (4, 7))
    read = Fields(data)
    assert read.text(3) == "x"
    assert read.integers(4) == (1, 150, 7)
    assert (read.integer(9), read.text(9), 9 in read) == (0, "", False)
    with pytest.raises(ProtocolError):
        read.integer(3)
    with pytest.raises(ProtocolError):
        read.text(4)


def delta(path: list[int], delta: bytes, *, hash: str = "", cacheable: bool = False) -> bytes:
    metadata = write_fields((1, int(cacheable)), (2, bytes(path)))
    return write_fields((1, hash), (2, metadata), (5, delta))


def said(path: list[int], speaker: str) -> bytes:
    return delta(path, write_fields((6, write_fields((9, write_fields((1, speaker)))))))


def markdown(path: list[int], text: str, **more: object) -> bytes:
    element = write_fields((29, write_fields((1, text))))
    return delta(path, write_fields((3, element)), **more)  # type: ignore[arg-type]


def element(path: list[int], number: int, *fields: tuple[int, int | str | bytes]) -> bytes:
    return delta(path, write_fields((3, write_fields((number, write_fields(*fields))))))


def run(page: StreamlitPage, *messages: bytes, status: int = 0) -> None:
    for message in (write_fields((4, write_fields((9, "hash")))), *messages, write_fields((6, status))):
        page.read(message)


WELCOME = [said([0, 0], "assistant"), markdown([0, 0, 0], "Hello"), element([3, 0], 49, (1, "box"))]


def test_the_answer_is_what_is_said_after_the_person() -> None:
    """All of it, in the order of the page and in whatever elements, also if it comes in another order."""
    page = StreamlitPage()
    run(page, *WELCOME)
    assert (page.chat_box, page.hash, page.has_finished()) == ("box", "hash", True)
    page.begin_question()
    assert not page.has_finished()
    answer = [
        said([0, 2], "assistant"),
        markdown([0, 2, 1], "two"),
        markdown([0, 2, 0], "one"),
        element([0, 2, 2], 47, (1, "h2"), (3, "three")),
        element([0, 2, 3], 48, (1, "x = 1"), (2, "python")),
        element([0, 2, 10], 1, (1, "four")),
    ]
    run(page, *WELCOME, said([0, 1], "user"), markdown([0, 1, 0], "Hi"), *answer)
    assert page.answer() == "one\n\ntwo\n\n## three\n\n```python\nx = 1\n```\n\nfour"


def test_an_app_need_not_repeat_the_question() -> None:
    """What was there before is no answer; a block that is put in the place of another takes its elements away."""
    page = StreamlitPage()
    run(page, *WELCOME)
    page.begin_question()
    run(page, *WELCOME, said([0, 1], "assistant"), markdown([0, 1, 0], "draft"), said([0, 1], "ai"))
    assert page.answer() == ""
    page.read(markdown([0, 1, 0], "final"))
    assert page.answer() == "final"


def test_a_run_that_begins_again_is_not_over() -> None:
    """The page is built anew by each."""
    page = StreamlitPage()
    run(page, *WELCOME, status=2)
    assert not page.has_finished()
    run(page)
    assert page.has_finished()
    assert page.chat_box == ""


def test_a_message_can_stand_for_an_earlier_one() -> None:
    """By its hash, if it may be kept; one that is not known is passed over."""
    page = StreamlitPage()
    run(page, said([0, 0], "ai"), markdown([0, 0, 0], "long", hash="h1", cacheable=True))
    page.begin_question()
    run(page, said([0, 1], "user"), said([0, 2], "ai"))
    page.read(write_fields((11, "h0")))
    assert page.answer() == ""
    run(page, said([0, 0], "ai"), write_fields((11, "h1")))
    assert page.answer() == ""  # since it was there before


def test_what_else_a_page_shows_is_told() -> None:
    """An exception, a field for a password, and what the app says that it does."""
    page = StreamlitPage()
    run(page, element([0, 0], 8, (1, "ValueError"), (2, "no"), (3, "stack")), element([0, 1], 24, (4, 1)))
    page.read(element([0, 2], 44, (1, "Thinking...")))
    assert (page.error, page.asks_password, page.working) == ("ValueError: no", True, "Thinking...")


def test_what_is_sent_is_as_the_page_sends_it() -> None:
    """Measured on streamlit 1.67."""
    assert RUN.hex() == "5a00"
    assert STOP.hex() == "3801"
    assert ask("id", "Hi", "h").hex() == "5a11120c0a0a0a0269647a040a0248691a0168"
