"""`toolkit recording show`: lists the exchanges of a recording, the frames of a WebSocket, or prints one body."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from toolkit.cli.options import debug_option
from toolkit.cli.output import echo_bytes, echo_json

if TYPE_CHECKING:
    from toolkit.har.model import Entry


@click.command("show", short_help="List the exchanges of a recording.")
@click.argument("file")
@click.option("--body", "-b", type=click.IntRange(1), metavar="N", help="Print the body of answer N, as it was.")
@click.option("--request", "-r", type=click.IntRange(1), metavar="N", help="Print the body of request N, as it was.")
@click.option("--frames", "-f", type=click.IntRange(1), metavar="N", help="List the frames of N, a WebSocket.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list, with the frames of WebSockets.")
@debug_option
def recording_show(file: str, body: int | None, request: int | None, frames: int | None, as_json: bool) -> None:
    """List the exchanges of FILE; queries are not shown, since they may hold secrets.

    The page half (what a page fetched) is marked "page", the calls of a client are not. Sizes are of the bodies, in
    bytes; times are from the request to the end of the answer. The chunks of a WebSocket are its frames.
    """
    from toolkit.cli.recording_columns import (
        EXCHANGE_COLUMNS,
        FRAME_COLUMNS,
        exchange_json,
        frame_rows,
        frames_caption,
        rows_of,
    )
    from toolkit.cli.table import print_table
    from toolkit.recording.files import load

    recording = load(file)
    if sum(one is not None for one in (body, request, frames)) > 1:
        raise click.UsageError("One of them at a time: --body, --request or --frames.")
    if number := body or request or frames:
        if number > len(recording.entries):
            raise click.UsageError(f"There is no exchange {number}: {file} has {len(recording.entries)}.")
        entry = recording.entries[number - 1]
        if frames is None:
            echo_bytes(_request_body(entry) if request is not None else entry.response.content.body())
        elif entry.is_socket:
            print_table(FRAME_COLUMNS, frame_rows(entry), caption=frames_caption(entry))
        else:
            raise click.UsageError(f"Exchange {number} is no WebSocket: it has a body.")
    elif as_json:
        echo_json([exchange_json(row) for row in rows_of(recording.entries)])
    else:
        print_table(EXCHANGE_COLUMNS, rows_of(recording.entries), caption=recording.comment or "")


def _request_body(entry: Entry) -> bytes:
    from msgspec import UnsetType

    posted = entry.request.post_data
    return b"" if isinstance(posted, UnsetType) else posted.body()
