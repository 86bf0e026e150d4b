"""Lays out the rows of a table as rich does, where no cell has to be broken: many times faster. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

GAP = "  "  # between two columns
LEFT_OUT = "…"

Justify = Literal["left", "right"]


def row_lines(cells: Sequence[str], widths: Sequence[int], justified: Sequence[Justify]) -> Iterator[str]:
    """Yields the lines of a row; each cell has one or several. `widths` are in columns of the terminal."""
    if not any("\n" in cell for cell in cells):
        yield GAP.join(map(_padded, cells, widths, justified))
        return
    lines = [cell.split("\n") for cell in cells]
    for number in range(max(map(len, lines))):
        parts = (of_cell[number] if number < len(of_cell) else "" for of_cell in lines)
        yield GAP.join(map(_padded, parts, widths, justified))


def cut_to_width(cell: str, width: int, overflow: Literal["fold", "ellipsis"]) -> str | None:
    """Returns `cell` in lines of at most `width` columns; None where it takes more than cutting it between letters of
    ASCII."""
    if not cell.isascii() or cell != cell.strip():
        return cell if cell_width(cell) <= width and cell == cell.strip() else None
    if len(cell) <= width:
        return cell if "\n" not in cell else None
    if width < 2 or " " in cell or "\n" in cell:
        return None
    if overflow == "ellipsis":
        return cell[: width - 1] + LEFT_OUT
    return "\n".join(cell[start : start + width] for start in range(0, len(cell), width))


def cell_width(cell: str) -> int:
    """Returns how many columns the longest line of `cell` takes."""
    if cell.isascii() and "\n" not in cell:
        return len(cell)
    from rich.cells import cell_len

    return max(map(len if cell.isascii() else cell_len, cell.split("\n")))


def _padded(text: str, width: int, justify: Justify) -> str:
    blanks = " " * (width - cell_width(text))
    return blanks + text if justify == "right" else text + blanks
