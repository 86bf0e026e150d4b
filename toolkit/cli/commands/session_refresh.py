"""`toolkit session refresh`: renews a stored session with a browser without a window."""

from __future__ import annotations

from pathlib import Path

import click

from toolkit.cli.options import SessionOptions, browsers_option, profile_option, session_options, trace_option
from toolkit.cli.output import echo


@click.command("refresh", short_help="Renew a session, without a window.")
@click.argument("provider")
@profile_option
@browsers_option
@trace_option
@session_options
def session_refresh(provider: str, profile: str | None, browsers: Path | None, options: SessionOptions) -> None:
    """Visit PROVIDER's site with a browser without a window, and keep the renewed session.

    Where the site wants a login, the session stays as it was, and the exit code is 3.
    """
    from toolkit.cli.runner import start_runner
    from toolkit.cli.session_summary import validity
    from toolkit.cli.status_line import notify, status
    from toolkit.cli.stored_sessions import StoredSession
    from toolkit.client.client import Client

    with start_runner() as runner:
        stored = runner.run(StoredSession.find(provider, options))
        runner.run(stored.load())  # raises if there is none
        client = Client(
            stored.provider,
            account=stored.key.account,
            store=stored.store,
            profile=profile,
            browsers=browsers,
            say=notify,
        )
        with status(f"visiting {client.provider.page}"):
            session = runner.run(client.refresh())
        echo(f"{client.provider.name}: renewed the session for {session.origin}, {validity(session)}")
