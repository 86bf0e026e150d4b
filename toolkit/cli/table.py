"""Tables on stdout. A table is a tuple of `Column`s; header, cells and JSON all derive from these."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeVar

from toolkit.cli.output import echo, echo_text
from toolkit.cli.printable_text import printable_line

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

T = TypeVar("T")
PIPE_WIDTH = 1_000_000  # characters: more than any row has


class Column(NamedTuple, Generic[T]):
    """One column of a table whose rows are items of type `T`."""

    title: str
    cell: Callable[[T], str | Sequence[str]]  # the text of an item's cell, or its lines
    key: str = ""  # the field of the item's JSON object; empty where the column is not in it
    value: Callable[[T], Any] | None = None  # the value of that field; if None, the text of the cell
    justify: Literal["left", "right"] = "left"
    overflow: Literal["fold", "ellipsis"] = "fold"
    style: Callable[[T], str] = lambda _: ""  # a style of rich for the cell, such as `red`


def print_table(columns: Sequence[Column[T]], items: Iterable[T], *, caption: str = "") -> None:
    """Prints a table with one row for each item to stdout, after a line with the `caption` if there is one.

    In a pipe, each row of one-line cells stays on one line.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column.title, justify=column.justify, overflow=column.overflow)
    for item in items:
        # `Text`, since a string such as `[...]` in an address would be taken for markup.
        table.add_row(*(Text(_cell_text(column.cell(item)), style=column.style(item)) for column in columns))
    if caption:
        echo(caption)
    console = Console()
    if console.is_terminal:
        console.print(table)
    else:
        echo_text("\n".join(_pipe_lines(console, table)))


def json_object(columns: Sequence[Column[T]], item: T) -> dict[str, Any]:
    """Returns the JSON object of an item: the fields of all columns that have a key."""
    return {
        column.key: column.cell(item) if column.value is None else column.value(item)
        for column in columns
        if column.key
    }


def _cell_text(cell: str | Sequence[str]) -> str:
    return printable_line(cell) if isinstance(cell, str) else "\n".join(map(printable_line, cell))


def _pipe_lines(console: Console, table: Table) -> Iterator[str]:
    """Yields the lines of `table` as wide as its cells are, since a pipe has no width, without blanks at their ends."""
    console.width = console.measure(table, options=console.options.update(max_width=PIPE_WIDTH)).maximum
    with console.capture() as captured:
        console.print(table)
    yield from (line.rstrip() for line in captured.get().splitlines())
