"""`toolkit harvest`: visits a provider's site now, and stores the session."""

from __future__ import annotations

import click

from toolkit.cli.options import Target, target_options
from toolkit.cli.output import echo


@click.command(short_help="Visit a provider's site with a browser, and keep the session.")
@click.argument("provider")
@target_options
def harvest(provider: str, target: Target) -> None:
    """Visit PROVIDER's site with a browser, and keep the session that results.

    With a profile that has a window (--profile headed) you can log in there by hand. With --replay nothing is kept.
    """
    from toolkit.cli.client_from_options import open_client
    from toolkit.cli.runner import start_runner
    from toolkit.cli.session_location_notes import note_memory_store
    from toolkit.cli.session_summary import validity
    from toolkit.stores.choose import open_store

    with start_runner() as runner, runner.async_with(open_client(provider, target)) as opened:
        with opened.explain_visit_errors(target.replay):
            session = runner.run(opened.client.harvest())
        if opened.network is None:
            note_memory_store(open_store(target.store))
        cookies = ", ".join(cookie.name for cookie in session.cookies) or "none"
        storages = (*session.local_storage.values(), *session.session_storage.values())
        databases = (str(one.get("name")) for stored in session.indexed_db.values() for one in stored)
        storage = ", ".join([*(key for items in storages for key in items), *databases]) or "none"
        replayed = "" if opened.network is None else " (replayed, not kept)"
        for line in (
            f"{opened.client.provider.name}: a session for {session.origin}, {validity(session)}{replayed}",
            f"  cookies: {cookies}",
            f"  storage: {storage}",
            f"  agent:   {session.user_agent}",
        ):
            echo(line)
