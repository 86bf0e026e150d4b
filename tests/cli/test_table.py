"""A table is its columns: header, cells and JSON come from the same records."""

from __future__ import annotations

import pytest

from toolkit.cli.table import Column, json_object, print_table

COLUMNS: tuple[Column[float], ...] = (
    Column("time", lambda seconds: f"{seconds:.0f} s", key="seconds", value=lambda seconds: seconds),
    Column("kind", lambda seconds: "\x1b[0m[short]" if seconds < 5 else "long", key="kind"),
    Column("note", lambda seconds: "-"),
)


def test_header_and_cells(capsys: pytest.CaptureFixture[str]) -> None:
    """A row for each item; what looks like markup is none, and control characters are replaced."""
    print_table(COLUMNS, [1.5, 9.0], caption="Times")
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        ["Times"],
        ["time", "kind", "note"],
        ["2", "s", "\ufffd[0m[short]", "-"],
        ["9", "s", "long", "-"],
    ]


def test_a_pipe_has_no_width(capsys: pytest.CaptureFixture[str]) -> None:
    """A row stays on its line, however long; no address is broken, and no line is filled up with blanks."""
    address = f"https://chat.example.org/{'a' * 300}"
    columns: tuple[Column[str], ...] = (
        Column("address", lambda text: text),
        Column("lines", lambda text: ("one", "two\n")),
        Column("kind", lambda text: "long" if len(text) > 9 else ""),
    )
    print_table(columns, [address, "short"])
    assert capsys.readouterr().out.splitlines() == [
        f"address{' ' * (len(address) - 7)}  lines  kind",
        f"{address}  one    long",
        f"{' ' * len(address)}  two\ufffd",
        f"short{' ' * (len(address) - 5)}  one",
        f"{' ' * len(address)}  two\ufffd",
    ]


def test_json_has_the_columns_with_a_key() -> None:
    """The value where the column has one, else the text of its cell."""
    assert json_object(COLUMNS, 9.0) == {"seconds": 9.0, "kind": "long"}
