"""Tables on stdout. A table is a tuple of `Column`s; header, cells and JSON all derive from these."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeVar

from toolkit.cli.output import echo, echo_text
from toolkit.cli.printable_text import printable_line
from toolkit.cli.table_rows import GAP, cell_width, cut_to_width, row_lines

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

T = TypeVar("T")


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

    rows = [_row(columns, item) for item in items]
    if caption:
        echo(caption)
    titles = [column.title for column in columns]
    widths = [max(map(cell_width, cells)) for cells in zip(titles, *(row.cells for row in rows), strict=True)]
    console = Console()
    if console.is_terminal:
        _print_to_terminal(console, columns, rows, widths)
    else:  # as wide as the cells are, since a pipe has no width, without blanks at the ends of lines
        justified = [column.justify for column in columns]
        lines = (
            line for cells in (titles, *(row.cells for row in rows)) for line in row_lines(cells, widths, justified)
        )
        echo_text("\n".join(line.rstrip() for line in lines))


def json_object(columns: Sequence[Column[T]], item: T) -> dict[str, Any]:
    """Returns the JSON object of an item: the fields of all columns that have a key."""
    return {
        column.key: column.cell(item) if column.value is None else column.value(item)
        for column in columns
        if column.key
    }


def _cell_text(cell: str | Sequence[str]) -> str:
    return printable_line(cell) if isinstance(cell, str) else "\n".join(map(printable_line, cell))


class _Row(NamedTuple):
    """The cells of one row, and the style of each."""

    cells: list[str]
    styles: list[str]


def _row(columns: Sequence[Column[T]], item: T) -> _Row:
    return _Row([_cell_text(column.cell(item)) for column in columns], [column.style(item) for column in columns])


def _print_to_terminal(
    console: Console, columns: Sequence[Column[Any]], rows: Sequence[_Row], widths: Sequence[int]
) -> None:
    """Prints `rows` as one table. Those that are plain are laid out by us: rich takes seconds for thousands."""
    fitted = _fitted(console, columns, widths)
    if fitted is None:
        console.print(_table(columns, rows))
        return
    justified = [column.justify for column in columns]
    console.print(_table(columns, (), widths=fitted))
    laid_out = ((row, None if any(row.styles) else _cut(columns, row.cells, fitted)) for row in rows)
    for by_rich, some in groupby(laid_out, lambda pair: pair[1] is None):
        if by_rich:
            console.print(_table(columns, (row for row, _ in some), widths=fitted, header=False))
        else:
            lines = (line for _, cells in some if cells for line in row_lines(cells, fitted, justified))
            console.out("\n".join(lines), highlight=False)


def _cut(columns: Sequence[Column[Any]], cells: Sequence[str], widths: Sequence[int]) -> list[str] | None:
    """Returns `cells` in lines that fit into `widths`; None where that is left to rich."""
    lines = [
        cut_to_width(cell, width, column.overflow) for column, cell, width in zip(columns, cells, widths, strict=True)
    ]
    whole = [cell for cell in lines if cell is not None]
    return whole if len(whole) == len(lines) else None


def _fitted(console: Console, columns: Sequence[Column[Any]], widths: Sequence[int]) -> list[int] | None:
    """Returns how wide each column is on `console` whose longest cells take `widths`; None where one has no room.

    That is seen from a table with one row, whose cells are one word each.
    """
    with console.capture() as captured:
        console.print(_table(columns, [_Row(["x" * width for width in widths], [""] * len(widths))], header=False))
    fitted = list(map(len, captured.get().partition("\n")[0].split(GAP)))
    return fitted if len(fitted) == len(columns) and all(fitted) else None


def _table(
    columns: Sequence[Column[Any]],
    rows: Iterable[_Row],
    *,
    widths: Sequence[int] | None = None,
    header: bool = True,
) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold", show_header=header)
    for number, column in enumerate(columns):
        width = widths[number] if widths else None
        table.add_column(column.title, justify=column.justify, overflow=column.overflow, width=width)
    for row in rows:
        # `Text`, since a string such as `[...]` in an address would be taken for markup.
        table.add_row(*(Text(cell, style=style) for cell, style in zip(row.cells, row.styles, strict=True)))
    return table
