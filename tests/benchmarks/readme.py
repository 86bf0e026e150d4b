"""The table of `.github/docs/speed.md`, from the results of one run: `python -m tests.benchmarks.readme` prints it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.benchmarks.results import OURS

RESULTS = Path(__file__).with_name("results.json")


def table(document: dict[str, Any]) -> str:
    """The versions that were measured, and a row for each bar, in Markdown. `document` is what `--json` writes."""
    versions = ", ".join(f"{name} {version}" for name, version in document["versions"].items() if name != "system")
    head = ["| work | ours | against | it takes | our share, and the bar |", "|---|---|---|---|---|"]
    return "\n".join([f"{versions}.", "", *head, *_rows(document["results"])])


def _rows(results: list[dict[str, Any]]) -> Iterator[str]:
    for result in results:
        peers, unit = result["peers"], result["unit"]
        for number, bar in enumerate(result["bars"]):
            ours, theirs = (f"{_number(peers[peer]['median'])} {unit}" for peer in (OURS, bar["peer"]))
            more = f" {unit} more" if bar["over"] else ""
            reached = f"{bar['reached']:.3g}{more} of {bar['most']:.3g}{'' if bar['kept'] else ', missed'}"
            first = f"{result['title']} | {ours}" if number == 0 else " | "
            yield f"| {first} | {bar['peer']} | {theirs} | {reached} |"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    print(table(json.loads(RESULTS.read_text(encoding="utf-8"))))
