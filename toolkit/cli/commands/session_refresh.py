"""`toolkit session refresh`: renews a stored session, without a window."""

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
    """Renew the session of PROVIDER without a window, and keep what results.

    The site's own call for that comes first, if the provider knows one, then the command in TOOLKIT_RENEW_COMMAND, then
    a visit with a browser. Where the site wants a login, the session stays as it was, and the exit code is 3.
    """
    from toolkit.cli.runner import start_runner
    from toolkit.cli.session_summary import validity
    from toolkit.cli.status_line import notify, status
    from toolkit.cli.stored_sessions import StoredSession
    from toolkit.client.client import Client
    from toolkit.session.expiry import has_end_moved

    with start_runner() as runner:
        stored = runner.run(StoredSession.find(provider, options))
        sessions = runner.run(stored.store.sessions())
        if not any((each.provider, each.account) == (stored.key.provider, stored.key.account) for each in sessions):
            runner.run(stored.load())  # which says what there is
        client = Client(
            stored.provider,
            account=stored.key.account,
            store=stored.store,
            profile=profile,
            browsers=browsers,
            say=notify,
        )
        with status(f"renewing the session for {client.provider.page}"):
            session = runner.run(client.refresh())  # of the address that the site has itself
        before = sessions.get(client.key)
        if before is not None and has_end_moved(before, session, client.provider.harvest):
            what = "renewed the session for"
        else:
            what = "the site still takes, but has not renewed, the session for"
        echo(f"{client.provider.name}: {what} {session.origin}, {validity(session)}")
