"""`toolkit session list`: lists the stored sessions, without their secrets."""

from __future__ import annotations

import time

import click

from toolkit.cli.options import SessionOptions, session_options
from toolkit.cli.output import echo, echo_json


@click.command("list", short_help="List the sessions that are kept.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list; times are in seconds since 1970.")
@session_options
def session_list(as_json: bool, options: SessionOptions) -> None:
    """List the sessions that are kept: of which site and account, who is signed in, how old, how long good.

    The state tells what is stored (ok, expires soon, expired, login needed). `toolkit session check` asks the sites,
    and what they said last is told too (ok, pending, refused).
    """
    from toolkit.cli.runner import start_runner
    from toolkit.cli.session_binding_note import note_binding
    from toolkit.cli.session_columns import COLUMNS, SessionRow
    from toolkit.cli.stored_sessions import accounts_hint, load_sessions
    from toolkit.cli.table import json_object, print_table
    from toolkit.cli.unreadable_session_collector import collect_unreadable
    from toolkit.errors import StoreError

    with start_runner() as runner, collect_unreadable() as failures:
        sessions = runner.run(load_sessions(options))
        others = "" if sessions else runner.run(accounts_hint(options))
    if failures and not sessions:
        raise StoreError("There are sessions, and none of them can be opened.", hint="The notes above say why.")
    now = time.time()
    note_binding(sessions.items())
    rows = [SessionRow(key, session, now) for key, session in sessions.items()]
    if as_json:
        echo_json([json_object(COLUMNS, row) for row in rows])
    elif rows:
        print_table(COLUMNS, rows)
    elif others:
        echo(f"There are no sessions of that account: {others}", err=True)
    else:
        echo("There are no sessions. `toolkit login PROVIDER` and `toolkit harvest PROVIDER` make one.", err=True)
