"""Results on the terminal."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.table import Table

from tests.benchmarks.results import OURS, Bar, Result


def said(result: Result, bar: Bar, kept: bool) -> str:
    unit = f" {result.unit} more" if bar.over else " x"
    verdict = "[green]ok" if kept else "[red]missed"
    return f"{result.compared(bar):.3g} of {bar.most:.3g}{unit}  {verdict}[/]"


def show(result: Result) -> None:
    """Print each peer's median, its ratio to ours, and the bar that we have to keep against it."""
    table = Table(title=result.title, title_justify="left", min_width=96)
    for heading in ("who", "median", "least", "against ours", "our bar"):
        table.add_column(
            heading, justify="left" if heading in ("who", "our bar") else "right", no_wrap=True, overflow="ignore"
        )
    bars = {bar.peer: said(result, bar, kept) for bar, kept in result.kept()}
    for peer, values in result.samples.items():
        ratio = result.ratio(peer)
        table.add_row(
            peer,
            f"{result.median(peer):,.2f} {result.unit}",
            f"{min(values):,.2f}",
            "" if ratio is None or peer == OURS else f"{ratio:.2f} x",
            bars.get(peer, ""),
        )
    Console(width=None if sys.stdout.isatty() else 110).print(table)
