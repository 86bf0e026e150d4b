"""`toolkit harvest`: visit a provider's site now, and keep the session."""

from __future__ import annotations

import click

from toolkit.cli.options import Target, target_options


@click.command(short_help="Visit a provider's site with a browser, and keep the session.")
@click.argument("provider")
@target_options
def harvest(provider: str, target: Target) -> None:
    """Visit PROVIDER's site with a browser, and keep the session that results.

    With a profile that has a window (--profile headed) you can log in there by hand. With --replay nothing is kept.
    """
    from toolkit.cli.connect import connect
    from toolkit.cli.notes import note_memory_store
    from toolkit.cli.run import start_runner
    from toolkit.cli.table import validity
    from toolkit.cli.terminal import printable
    from toolkit.stores.choose import open_store

    with start_runner() as work, work.async_with(connect(provider, target)) as there:
        with there.explain_visit_errors(target.replay):
            session = work.run(there.client.harvest())
        names = ", ".join(cookie.name for cookie in session.cookies) or "none"
        keys = ", ".join(key for items in session.local_storage.values() for key in items) or "none"
        if there.network is None:
            note_memory_store(open_store(target.store))
        kept = "" if there.network is None else " (replayed, not kept)"
        for line in (
            f"{there.client.provider.name}: a session for {session.origin}, {validity(session)}{kept}",
            f"  cookies: {names}",
            f"  storage: {keys}",
            f"  agent:   {session.user_agent}",
        ):
            click.echo(printable(line))
