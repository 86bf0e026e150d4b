"""`toolkit login`: a person logs in, in a window or a tab, and the session is kept."""

from __future__ import annotations

import click

from toolkit.cli.options import Target, target_options


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
    from toolkit.cli.connect import connect
    from toolkit.cli.notes import note_memory_store
    from toolkit.cli.run import start_runner
    from toolkit.cli.table import validity
    from toolkit.cli.terminal import printable
    from toolkit.stores.choose import open_store

    with start_runner() as work, work.async_with(connect(provider, target)) as there:
        with there.explain_visit_errors(target.replay):
            session = work.run(there.client.login(seconds=timeout, cdp=cdp))
        who = f" as {session.identity}" if session.identity else ""
        kept = "" if there.network is None else " (replayed, not kept)"
        name = there.client.provider.name
        if there.network is None:
            note_memory_store(open_store(target.store))
        click.echo(printable(f"{name}: logged in{who} at {session.origin}, {validity(session)}{kept}"))
