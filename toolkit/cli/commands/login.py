"""`toolkit login`: lets a person log in, in a window or a tab, and stores the session."""

from __future__ import annotations

import click

from toolkit.cli.options import Target, target_options
from toolkit.cli.output import echo


@click.command(short_help="Log in by hand, in a window, and keep the session.")
@click.argument("provider")
@click.option(
    "--timeout", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS", help="How long to wait for you."
)
@click.option(
    "--cdp",
    metavar="URL",
    help="Use the Chrome that you have open, started with --remote-debugging-port: http://127.0.0.1:9222. "
    "It gets one tab, which is closed again, and only what belongs to this provider's site is taken.",
)
@target_options
def login(provider: str, timeout: float | None, cdp: str | None, target: Target) -> None:
    """Log in at PROVIDER's site in a window that opens, or (--cdp) in a tab of the Chrome that you have open, and keep
    the session.

    It is noticed when you are signed in. The session is then checked without the browser and kept in place of the one
    that was there; where anything goes wrong, that one stays. From then on no browser is needed until it expires.
    """
    from toolkit.cli.client_from_options import open_client
    from toolkit.cli.runner import start_runner
    from toolkit.cli.session_location_notes import note_memory_store
    from toolkit.cli.session_summary import validity
    from toolkit.stores.choose import open_store

    with start_runner() as runner, runner.async_with(open_client(provider, target)) as opened:
        with opened.explain_visit_errors(target.replay):
            session = runner.run(opened.client.login(seconds=timeout, cdp=cdp))
        if opened.network is None:
            note_memory_store(open_store(target.store))
        name = opened.client.provider.name
        identity = f" as {session.identity}" if session.identity else ""
        replayed = "" if opened.network is None else " (replayed, not kept)"
        echo(f"{name}: logged in{identity} at {session.origin}, {validity(session)}{replayed}")
