"""A recording that is loaded has each name and value of a header once in memory, however many entries have it."""

from __future__ import annotations

from pathlib import Path

from tests.recording.helpers import SITE, entry
from toolkit.har.model import Recording
from toolkit.recording.files import load, save


def test_the_same_header_of_two_entries_is_one_text(tmp_path: Path) -> None:
    """A value of its own for each of the entries stays theirs."""
    headers = [("X-Made-By", "a server that tells so"), ("Content-Type", "text/plain")]
    given = [entry(url=f"{SITE}/{number}", headers=headers, body=b"a" * number) for number in range(3)]
    save(Recording(entries=given), tmp_path / "a.har")
    entries = load(tmp_path / "a.har").entries
    first, *others = [one.response.headers[0] for one in entries]
    for other in others:
        assert (other.name, other.value) == headers[0]
        assert other is not first
        assert other.name is first.name
        assert other.value is first.value
    assert [one.response.values("Content-Length") for one in entries] == [["0"], ["1"], ["2"]]
