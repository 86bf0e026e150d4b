"""Rows that we lay out ourselves look as rich lays them out, to the last blank."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tests.redaction.secrets import texts
from toolkit.cli.table import Column, print_table

CELLS = st.one_of(
    texts("abc/:.?=12", max_size=50),
    texts("漢é x", max_size=12),
    st.integers(0, 10**6).map(str),
    st.sampled_from(["two words", " lead", "GET", "200 cut", "first\nsecond line"]),
)


def shown(number: int) -> Callable[[list[str]], str | list[str]]:
    return lambda row: row[number].split("\n") if "\n" in row[number] else row[number]


def columns(count: int) -> tuple[Column[list[str]], ...]:
    """Columns of three kinds: cut short, folded, and folded with some cells in colour."""
    kinds: list[Column[list[str]]] = []
    for number in range(0, count, 3):
        kinds += (
            Column("#", shown(number), justify="right", overflow="ellipsis"),
            Column("URL", shown(number + 1)),
            Column("a status", shown(number + 2), justify="right", style=lambda row: "red" if row[0] == "GET" else ""),
        )
    return tuple(kinds[:count])


def by_rich(rows: list[list[str]], width: int) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system="standard")
    table = Table(box=None, pad_edge=False, header_style="bold")
    made = columns(len(rows[0]))
    for column in made:
        table.add_column(column.title, justify=column.justify, overflow=column.overflow)
    for row in rows:
        table.add_row(*(Text(cell, style=column.style(row)) for cell, column in zip(row, made, strict=True)))
    console.print(table)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


TABLES = st.integers(1, 6).flatmap(
    lambda count: st.lists(st.lists(CELLS, min_size=count, max_size=count), min_size=1, max_size=6)
)


@settings(max_examples=100)
@given(TABLES, st.sampled_from([20, 40, 80, 200]))
def test_a_terminal_shows_what_rich_would(rows: list[list[str]], width: int) -> None:
    """Of any cells, at any width: folded, cut short, right and left, in colour."""
    with pytest.MonkeyPatch.context() as patch:
        console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system="standard")
        patch.setattr("rich.console.Console", lambda: console)
        print_table(columns(len(rows[0])), rows)
    assert console.file.getvalue() == by_rich(rows, width)  # type: ignore[attr-defined]


def test_plain_rows_do_not_reach_rich(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of thousands of rows rich lays out the header alone: it would take seconds."""
    console = Console(file=io.StringIO(), width=80, force_terminal=True)
    added: list[Table] = []
    add_row = Table.add_row

    def counted(table: Table, *cells: Text) -> None:
        added.append(table)
        add_row(table, *cells)

    monkeypatch.setattr("rich.console.Console", lambda: console)
    monkeypatch.setattr(Table, "add_row", counted)
    numbered = Column[int]("#", str), Column[int]("URL", lambda number: f"https://x.example/{number}?{'a' * 90}")
    print_table(numbered, range(5000))
    assert len(added) == 1
    assert "https://x.example/4999" in console.file.getvalue()  # type: ignore[attr-defined]
