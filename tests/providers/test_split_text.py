"""Text that comes in pieces and means something across them: halves of characters, and tags around reasoning."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.chats.events import Finished, Piece, Pieces, Reasoning, Status, Text
from toolkit.errors import SiteError, ToolkitError
from toolkit.providers.surrogates import SurrogateJoiner
from toolkit.providers.think_tags import ThinkTags, split_think_tags

HIGH, LOW = "\ud83d", "\ude00"  # the halves of U+1F600 in UTF-16


def joined(pieces: Iterable[Piece]) -> list[Piece]:
    joiner = SurrogateJoiner()
    return [*(joiner.join(piece) for piece in pieces), joiner.flush()]


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        (["a" + HIGH, LOW + "b"], ["a", "\U0001f600b", ""]),
        ([HIGH, LOW], ["", "\U0001f600", ""]),
        ([Text(HIGH), LOW], ["", "\U0001f600", ""]),
        ([HIGH, "a"], ["", "\ufffda", ""]),
        (["a" + HIGH], ["a", "\ufffd"]),
        ([LOW, HIGH + HIGH, LOW], ["\ufffd", "\ufffd", "\U0001f600", ""]),
        ([HIGH + LOW, "é"], ["\U0001f600", "é", ""]),
        ([HIGH, "", LOW], ["", "", "\U0001f600", ""]),
        ([HIGH, Status("x"), LOW], ["", Status("x"), "\U0001f600", ""]),
        ([Reasoning("a" + LOW)], [Reasoning("a\ufffd"), ""]),
    ],
)
def test_halves_of_characters_are_joined(pieces: list[Piece], expected: list[Piece]) -> None:
    """Those that meet are a character; one that stays alone is U+FFFD, and nothing that is told is lost."""
    assert joined(pieces) == expected


@given(st.text(), st.lists(st.integers(0, 5), max_size=9))
def test_text_is_the_same_wherever_its_utf16_is_cut(text: str, sizes: list[int]) -> None:
    """As a server that cuts after code units sends it."""
    units = text.encode("utf-16-le", "surrogatepass")
    cuts = [0]
    for size in sizes:
        cuts.append(cuts[-1] + 2 * size)
    pieces = [
        units[start:end].decode("utf-16-le", "surrogatepass")
        for start, end in zip(cuts, [*cuts[1:], len(units)], strict=True)
    ]
    whole = "".join(str(piece) for piece in joined(pieces))
    assert whole == units.decode("utf-16-le", "replace")


def split(pieces: Iterable[str]) -> tuple[str, str]:
    """The answer and the reasoning in `pieces`."""
    tags = ThinkTags()
    parts = [part for piece in pieces for part in tags.feed(piece)] + tags.flush()
    assert all(part if isinstance(part, str) else part.text for part in parts)
    answer = "".join(part for part in parts if isinstance(part, str))
    return answer, "".join(part.text for part in parts if isinstance(part, Reasoning))


@pytest.mark.parametrize(
    ("text", "answer", "reasoning"),
    [
        ("no tags", "no tags", ""),
        ("<think>hm</think>\n\na", "a", "hm"),
        ("a<think>hm</think> b", "ab", "hm"),
        ("<think>h</think>\n<think>m</think>\na\nb", "a\nb", "hm"),
        ("<think>never ended </thin", "", "never ended </thin"),
        ("</think>a", "</think>a", ""),
        ("<think></think>a", "a", ""),
        ("a < b <thin", "a < b <thin", ""),
        ("<think>a <think> b</think>c", "c", "a <think> b"),
        ("<<think>hm<</think>a", "<a", "hm<"),
        ("a\n", "a\n", ""),
    ],
)
def test_what_is_between_the_tags_is_reasoning(text: str, answer: str, reasoning: str) -> None:
    """Wherever the pieces are cut. Blanks between the thought and the answer belong to neither."""
    for first in range(len(text) + 1):
        for second in range(first, len(text) + 1):
            assert split([text[:first], text[first:second], text[second:]]) == (answer, reasoning)


tokens = st.sampled_from(["<think>", "</think>", "<", "<th", "ink>", "</", "a", " ", "\n", "think>"])


@given(st.lists(tokens, max_size=12).map("".join), st.lists(st.integers(1, 4), max_size=9))
def test_how_pieces_are_cut_changes_nothing(text: str, sizes: list[int]) -> None:
    """Whatever stands in them."""
    pieces, start = [], 0
    for size in sizes:
        pieces.append(text[start : start + size])
        start += size
    assert split([*pieces, text[start:]]) == split([text])


async def pieces(*given: Piece, error: ToolkitError | None = None) -> Pieces:
    for piece in given:
        yield piece
    if error is not None:
        raise error


async def test_other_events_stay_in_their_places() -> None:
    """What was held as a tag's beginning comes before the end; so it does where no end is told."""
    given = pieces(Text("<think>h"), Status("x"), "</think>a<", Finished("stop"))
    expected = [Reasoning("h"), Status("x"), "a", "<", Finished("stop")]
    assert [piece async for piece in split_think_tags(given)] == expected
    assert [piece async for piece in split_think_tags(pieces("a<thi"))] == ["a", "<thi"]


async def test_what_was_held_comes_before_an_error() -> None:
    """The text that an error carries lacks nothing."""
    told: list[Piece] = []

    async def read() -> None:
        async for piece in split_think_tags(pieces("a<thi", error=SiteError("boom"))):
            told.append(piece)

    with pytest.raises(SiteError, match="boom"):
        await read()
    assert told == ["a", "<thi"]
