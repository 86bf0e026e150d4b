"""Entries that are kept as JSON texts are the entries that were given."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.recording.helpers import entry
from toolkit.har.encoded_entries import LARGE, EncodedEntries
from toolkit.har.model import Entry, Recording
from toolkit.har.text_walk import is_body, texts
from toolkit.recording.files import load, save

BODIES = (b"", b"short", b'{"a": "\\u00e9 \\" \\\\"}', "é😀".encode(), b"\x00\xff", b"x" * LARGE + b"y")


def of_file(entries: list[Entry]) -> EncodedEntries:
    return EncodedEntries.of_file(msgspec.json.decode(msgspec.json.encode(entries), type=list[msgspec.Raw]))


@pytest.mark.parametrize("make", [EncodedEntries.of, of_file])
def test_each_entry_comes_back(make: Any) -> None:
    """As a dictionary in HAR's own form, and as a value; large and small ones, in their order."""
    entries = [entry(url=f"https://a.example/{number}", body=body) for number, body in enumerate(BODIES)]
    kept = make(entries)
    assert len(kept) == len(entries)
    assert [kept.typed(number) for number in range(len(kept))] == entries
    assert [one["request"]["url"] for one in kept] == [one.request.url for one in entries]
    assert [msgspec.convert(one, Entry) for one in kept[2:]] == entries[2:]
    assert list(kept.taken()) == entries
    assert len(kept) == 0


@pytest.mark.parametrize("body", [b"small", b"x" * LARGE + b"y"])
def test_a_change_counts_once_it_is_put_back(body: bytes) -> None:
    """Not before: each look gives a dictionary of its own. What was given stays as it is."""
    first = entry(body=body)
    kept = EncodedEntries.of([first])
    changed = kept[0]
    changed["comment"] = changed["request"]["method"] = "PUT"
    assert kept[0]["request"]["method"] == "GET"
    kept[0] = changed
    assert kept[0]["request"]["method"] == kept.typed(0).request.method == "PUT"
    assert first.request.method == "GET"


@given(st.lists(st.text(max_size=20), min_size=1, max_size=8))
def test_all_strings_are_told(given: list[str]) -> None:
    """Whatever is escaped in the JSON text: each string comes as it is, and that of a large entry as well."""
    small, large = entry(reason=given[0]), entry(body=b"x" * (LARGE + 1), reason=given[-1])
    small.request.headers = [type(small.response.headers[0])(name, name + '\\"\n') for name in given]
    for kept in (EncodedEntries.of([small, large]), of_file([small, large])):
        told = kept.strings(0, 2)
        for one in kept:
            assert told >= {holder[key] for holder, key, _ in texts(one) if not is_body(key)}


def test_null_counts_as_missing_in_a_file() -> None:
    """Other programs write it for what they do not know, in small entries and in large ones."""
    for body in ("hi", "x" * LARGE * 2):
        one = msgspec.to_builtins(entry(body=body.encode())) | {"comment": None}
        one["request"]["headers"] = None
        kept = EncodedEntries.of_file([msgspec.Raw(json.dumps(one).encode())])
        assert "comment" not in kept[0]
        assert "headers" not in kept[0]["request"]
        assert kept.typed(0).request.headers == []


def test_half_a_character_is_replaced() -> None:
    """No file can hold one: it does not keep the others from being kept."""
    kept = EncodedEntries.of([entry(reason="a\ud800b")])
    assert kept[0]["response"]["statusText"] == "a?b"


def test_a_compact_recording_is_the_same(tmp_path: Path) -> None:
    """A file that is loaded compactly has the same entries, which can be saved again."""
    entries = [entry(url=f"https://a.example/{number}", body=body) for number, body in enumerate(BODIES)]
    save(Recording(entries=entries, comment="six"), tmp_path / "a.har")
    compact = load(tmp_path / "a.har", compact=True)
    assert list(compact.entries) == load(tmp_path / "a.har").entries == entries
    assert list(compact.entries[1:3]) == entries[1:3]
    save(compact, tmp_path / "b.har")
    assert (tmp_path / "a.har").read_bytes() == (tmp_path / "b.har").read_bytes()
