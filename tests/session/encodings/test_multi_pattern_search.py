"""Searching for many words at once finds what a search for each of them finds, and costs what the bytes of all do."""

from __future__ import annotations

import gc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.session.encodings.alphabets import BASE32, BASE64, HEX, Alphabet
from toolkit.session.encodings.multi_pattern_search import MANY, MultiSearch

FEW_LETTERS = b"ab1"  # so that words are alike, repeat themselves, and overlap
words = st.binary(min_size=1, max_size=24).map(lambda data: bytes(FEW_LETTERS[byte % 3] for byte in data))


@settings(max_examples=300)
@given(st.lists(words, min_size=1, max_size=20), st.lists(words, max_size=20), st.data())
def test_long_words_are_found_wherever_they_start(
    searched: list[bytes], others: list[bytes], data: st.DataObject
) -> None:
    """Each occurrence of a word of seven bytes or more is found, also where words overlap and begin alike."""
    text = b"".join(data.draw(st.permutations([*searched, *others])))
    long = {word for word in searched if len(word) >= 7 and not word.isdigit()}
    wanted = {(at, word) for word in long for at in range(len(text)) if text.startswith(word, at)}
    assert {(at, word) for at, word in MultiSearch(searched).find(text) if word in long} == wanted


@settings(max_examples=50)
@given(st.lists(words, min_size=1, max_size=9), st.lists(words, max_size=9), st.data())
def test_many_words_are_found_as_few_are(searched: list[bytes], others: list[bytes], data: st.DataObject) -> None:
    """Whichever way is taken for so many words, each long one is found at each of its places."""
    text = b"".join(data.draw(st.permutations([*searched, *others])))
    long = {word for word in searched if len(word) >= 7}
    wanted = {(at, word) for word in long for at in range(len(text)) if text.startswith(word, at)}
    for size in (0, 20, data.draw(st.sampled_from([MANY, 2 * MANY, 4 * MANY, 8 * MANY]))):
        crowd = (b"s3cr%05dXYZqw" % number for number in range(size))
        search = MultiSearch({*searched, *crowd}, digits_anywhere=True)
        assert {(at, word) for at, word in search.find(text) if word in long} == wanted
        assert search.is_in(text)


def test_a_crowd_of_alike_words_costs_no_object_for_each_of_its_blocks() -> None:
    """What the index keeps of a block does not grow with the words that have the block in common."""
    crowd = {b"s3cr%05dXYZqw" % number for number in range(2000)}
    gc.collect()
    before = len(gc.get_objects())
    search = MultiSearch(crowd)
    assert len(gc.get_objects()) - before < 2000 / 4
    assert {word for _, word in search.find(b" ".join(crowd))} == crowd


@pytest.mark.parametrize(
    ("alphabet", "run", "longer"),
    [
        (BASE64, b"aZ9+/-_", b"aZ9+/-_="),
        (BASE32[0], b"AZ27", b"AZ27a"),
        (BASE32[1], b"az27", b"az271"),
        (HEX, b"09afAF", b"09afAFg"),
    ],
)
def test_a_run_of_an_alphabet_is_as_long_as_its_letters(alphabet: Alphabet, run: bytes, longer: bytes) -> None:
    """A run ends with the first byte that is no letter of the alphabet, wherever it stands in the text."""
    for text in (run, longer, b"\xff\n" + run + b"\0", longer + longer):
        assert alphabet.has_run(text, len(run))
        assert not alphabet.has_run(text, len(run) + 1)
