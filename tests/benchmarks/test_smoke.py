"""The benchmarks run. What they measure is checked by their own exit code, not here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.benchmarks.__main__ import main
from tests.benchmarks.results import OURS, Bar, Result

QUICK = [
    *("bursts", "reasoning", "text", "linear", "socket", "redaction"),
    *("first-piece", "replayed-socket", "serve", "serve-many", "serve-first-piece", "streams-1", "help-process"),
]


def test_rows_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each row has every peer do its work to the end, and is written down, kept bars or not."""
    file = tmp_path / "results.json"
    assert main([*QUICK, "--rounds", "1", "--size", "0.01", "--json", str(file)]) in (0, 1)
    results = json.loads(file.read_text())["results"]
    assert {result["name"] for result in results} >= set(QUICK) - {"serve-many"}
    assert all(OURS in result["peers"] for result in results)
    assert "CPU per frame" in capsys.readouterr().out


def test_a_row_that_is_not_there_is_said() -> None:
    """A wrong name runs nothing."""
    with pytest.raises(SystemExit, match="2"):
        main(["burst"])


def test_a_bar_is_missed_by_the_middle_round() -> None:
    """One slow round of many decides nothing; a peer that is absent has no bar."""
    samples = {OURS: [1.0, 9.0, 1.0], "peer": [1.0, 1.0, 1.0]}
    assert not Result("name", "title", "ms", samples, (Bar("peer", 1.2), Bar("absent", 0.1))).missed()
    assert Result("name", "title", "ms", samples, (Bar("peer", 0.9),)).missed()
    assert Result("name", "title", "ms", samples, (Bar("peer", -0.1, over=True),)).missed()
