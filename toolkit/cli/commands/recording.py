"""`toolkit recording`: what is in recordings, and whether they may be shared."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from toolkit.cli.options import debug_option

if TYPE_CHECKING:
    from toolkit.har.model import Entry, Recording


@click.group()
@debug_option
def recording() -> None:
    """Look into recordings (HAR files), and check them."""


@recording.command(short_help="List the exchanges of a recording.")
@click.argument("file")
@click.option("--body", "-b", type=click.IntRange(1), metavar="N", help="Print the body of answer N, as it was.")
@click.option("--request", "-r", type=click.IntRange(1), metavar="N", help="Print the body of request N, as it was.")
@debug_option
def show(file: str, body: int | None, request: int | None) -> None:
    """List the exchanges of FILE; queries are not shown, since they may hold secrets.

    The page half (what a page fetched) is marked "page", the calls of a client are not. Sizes are of the bodies, in
    bytes; times are from the request to the end of the answer.
    """
    from toolkit.recording.files import load

    told = load(file)
    if body is not None and request is not None:
        raise click.UsageError("One body at a time: --body or --request.")
    if number := body or request:
        if number > len(told.entries):
            raise click.UsageError(f"There is no exchange {number}: {file} has {len(told.entries)}.")
        _print_body(told.entries[number - 1], of_request=request is not None)
    else:
        _print_table(told)


@recording.command(short_help="Check that recordings hold no secrets.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@debug_option
def check(files: tuple[str, ...]) -> int:
    """Check that FILEs are recordings and hold no secrets; exit code 1 where one does not pass.

    Findings name the place, never the value. Made for pre-commit hooks and CI.
    """
    from toolkit.recording.check import check as findings

    bad = 0
    for file in files:
        found = findings(file)
        for one in found:
            click.secho(f"{file}: {one.kind} in {one.place}" if one.place else one.kind, fg="red", err=True)
        bad += bool(found)
    click.echo(f"{len(files) - bad} of {len(files)} recordings pass")
    return 1 if bad else 0


def _print_body(entry: Entry, *, of_request: bool) -> None:
    """Bytes to a pipe or file; to a terminal, text that can do nothing to it."""
    from msgspec import UnsetType

    posted = entry.request.post_data
    data = entry.response.content.body() if not of_request else b"" if isinstance(posted, UnsetType) else posted.body()
    if not sys.stdout.isatty():
        sys.stdout.buffer.write(data)
        return
    click.echo(_harmless(data.decode("utf-8", "replace")))


def _harmless(text: str) -> str:
    """`text` without what a terminal would obey."""
    return "".join(char if char.isprintable() or char in "\t\n" else "\ufffd" for char in text)


def _print_table(told: Recording) -> None:
    from msgspec import UnsetType
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from toolkit.errors import redact_url

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("#", "half", "method"):
        table.add_column(title, justify="right" if title == "#" else "left")
    table.add_column("URL", overflow="fold")
    for title in ("status", "chunks", "bytes", "ms"):
        table.add_column(title, justify="right")
    for number, entry in enumerate(told.entries, 1):
        content = entry.response.content
        chunks = "-" if isinstance(content.chunks, UnsetType) else str(len(content.pieces()))
        status = str(entry.response.status) if entry.response.status > 0 else "none"
        row: tuple[Any, ...] = (
            str(number),
            "" if isinstance(entry.pageref, UnsetType) else "page",
            Text(_harmless(entry.request.method)),
            Text(_harmless(redact_url(entry.request.url))),
            Text(f"{status} cut" if entry.error else status, style="red" if entry.error else ""),
            chunks,
            str(len(content.body())),
            f"{max(entry.time, 0):.0f}",
        )
        table.add_row(*row)
    console = Console()
    if not console.is_terminal:
        console.width = 200  # a pipe has no width: keep each row on its line
    if told.comment:
        console.print(Text(_harmless(told.comment)))
    console.print(table)
