"""Recording the same flow twice gives the same file, but for its times."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.providers.conftest import SITES
from tests.record_demos import FOLDER, record
from tests.recording.compare import differences
from tests.recording.helpers import entry
from toolkit.har.model import Recording
from toolkit.recording.files import load, save

EXAMPLES = ("aura", "openwebui")  # a site that nobody logs in to, and one that somebody does


@pytest.mark.parametrize(
    "name", [name if name in EXAMPLES else pytest.param(name, marks=pytest.mark.exhaustive) for name in SITES]
)
async def test_a_demo_made_twice_differs_only_in_times(chromium: Browser, tmp_path: Path, name: str) -> None:
    """Placeholders, orders, chunks and all the rest are those of the shipped one, or where another browser made that,
    of a second one; the exchanges, the page's among them, are the shipped one's."""
    shipped = FOLDER / f"{name}.har"
    made = await record(name, tmp_path, gap=0.0)
    assert exchanges(made) == exchanges(shipped)
    if differences(made, shipped):
        (tmp_path / "two").mkdir()
        assert differences(made, await record(name, tmp_path / "two", gap=0.0)) == []


def exchanges(path: Path) -> list[tuple[str, str, bool]]:
    """Method, URL, and whether a page made it, of each exchange."""
    return [
        (one.request.method, one.request.url.partition("?")[0], isinstance(one.pageref, str))
        for one in load(path).entries
    ]


def test_differences_are_told_by_place(tmp_path: Path) -> None:
    """What differs in more than times is named."""
    for name, body, date in (("a", b"x", "01"), ("b", b"y", "02")):
        headers = [("Date", f"{date}"), ("X-When", f"Thu, {date} Jan 2026 01:00:00 GMT")]
        save(Recording(entries=[entry(headers=headers, body=body)]), tmp_path / f"{name}.har")
    assert differences(tmp_path / "a.har", tmp_path / "b.har") == [".log.entries[0].response.content.text"]
