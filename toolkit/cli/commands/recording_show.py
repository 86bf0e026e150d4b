"""`toolkit recording show`: lists the exchanges of a recording, or prints one body."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import click

from toolkit.cli.options import debug_option
from toolkit.cli.output import echo_bytes
from toolkit.cli.table import Column

if TYPE_CHECKING:
    from toolkit.har.model import Entry


class _Row(NamedTuple):
    """An exchange, and its number in the recording, from 1 on."""

    number: int
    entry: Entry


def _half(row: _Row) -> str:
    return "page" if isinstance(row.entry.pageref, str) else ""


def _url(row: _Row) -> str:
    from toolkit.errors import redact_url

    return redact_url(row.entry.request.url)


def _status(row: _Row) -> str:
    status = str(row.entry.response.status) if row.entry.response.status > 0 else "none"
    return f"{status} cut" if row.entry.error else status


def _chunks(row: _Row) -> str:
    from msgspec import UnsetType

    content = row.entry.response.content
    return "-" if isinstance(content.chunks, UnsetType) else str(len(content.pieces()))


COLUMNS: tuple[Column[_Row], ...] = (
    Column("#", lambda row: str(row.number), justify="right", overflow="ellipsis"),
    Column("half", _half, overflow="ellipsis"),
    Column("method", lambda row: row.entry.request.method, overflow="ellipsis"),
    Column("URL", _url),
    Column("status", _status, justify="right", overflow="ellipsis", style=lambda row: "red" if row.entry.error else ""),
    Column("chunks", _chunks, justify="right", overflow="ellipsis"),
    Column("bytes", lambda row: str(len(row.entry.response.content.body())), justify="right", overflow="ellipsis"),
    Column("ms", lambda row: f"{max(row.entry.time, 0):.0f}", justify="right", overflow="ellipsis"),
)


@click.command("show", short_help="List the exchanges of a recording.")
@click.argument("file")
@click.option("--body", "-b", type=click.IntRange(1), metavar="N", help="Print the body of answer N, as it was.")
@click.option("--request", "-r", type=click.IntRange(1), metavar="N", help="Print the body of request N, as it was.")
@debug_option
def recording_show(file: str, body: int | None, request: int | None) -> None:
    """List the exchanges of FILE; queries are not shown, since they may hold secrets.

    The page half (what a page fetched) is marked "page", the calls of a client are not. Sizes are of the bodies, in
    bytes; times are from the request to the end of the answer.
    """
    from toolkit.cli.table import print_table
    from toolkit.recording.files import load

    recording = load(file)
    if body is not None and request is not None:
        raise click.UsageError("One body at a time: --body or --request.")
    if number := body or request:
        if number > len(recording.entries):
            raise click.UsageError(f"There is no exchange {number}: {file} has {len(recording.entries)}.")
        entry = recording.entries[number - 1]
        echo_bytes(_request_body(entry) if request is not None else entry.response.content.body())
    else:
        rows = (_Row(number, entry) for number, entry in enumerate(recording.entries, 1))
        print_table(COLUMNS, rows, caption=recording.comment or "")


def _request_body(entry: Entry) -> bytes:
    from msgspec import UnsetType

    posted = entry.request.post_data
    return b"" if isinstance(posted, UnsetType) else posted.body()
