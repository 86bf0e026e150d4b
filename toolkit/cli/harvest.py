"""`toolkit harvest`: visit a provider's site now, and keep the session."""

from __future__ import annotations

import click

from toolkit.cli.options import Where, where_options


@click.command(short_help="Visit a provider's site with a browser, and keep the session.")
@click.argument("provider")
@where_options
def harvest(provider: str, where: Where) -> None:
    """Visit PROVIDER's site with a browser, and keep the session that results.

    With a profile that has a window (--profile headed) you can log in there by hand. With --replay nothing is kept.
    """
    from toolkit.cli.connect import connected
    from toolkit.cli.notes import note_forgetting
    from toolkit.cli.table import until
    from toolkit.cli.terminal import printable
    from toolkit.cli.work import working
    from toolkit.stores.choose import open_store

    with working() as work, work.inside(connected(provider, where)) as there:
        with there.visiting(where.replay):
            session = work.run(there.client.harvest())
        names = ", ".join(cookie.name for cookie in session.cookies) or "none"
        keys = ", ".join(key for items in session.local_storage.values() for key in items) or "none"
        if there.network is None:
            note_forgetting(open_store(where.store))
        kept = "" if there.network is None else " (replayed, not kept)"
        for line in (
            f"{there.client.provider.name}: a session for {session.origin}, {until(session)}{kept}",
            f"  cookies: {names}",
            f"  storage: {keys}",
            f"  agent:   {session.user_agent}",
        ):
            click.echo(printable(line))
