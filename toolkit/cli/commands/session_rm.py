"""`toolkit session rm`: removes stored sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from toolkit.cli.options import SessionOptions, session_options
from toolkit.cli.output import echo

if TYPE_CHECKING:
    from toolkit.stores.base import Key, Store


@click.command("rm", short_help="Forget a session.")
@click.argument("provider")
@click.option("--all", "every", is_flag=True, help="All of the provider: every deployment, every account.")
@session_options
def session_rm(provider: str, every: bool, options: SessionOptions) -> None:
    """Forget the session of PROVIDER. The site is not told: to end the session there, log out."""
    from toolkit.cli.runner import start_runner
    from toolkit.cli.stored_sessions import StoredSession
    from toolkit.errors import SessionError
    from toolkit.providers import registry
    from toolkit.stores.choose import open_store

    if every and (options.account or options.base_url):
        raise click.UsageError("--all is every account and deployment: it goes with neither --account nor --base-url.")
    name = registry.find(provider).name
    with start_runner() as runner:
        store, others = open_store(options.store), ""
        if every:
            keys = [key for key in runner.run(store.sessions()) if key.provider == name]
        else:
            stored = runner.run(StoredSession.find(provider, options))
            keys, others = [stored.key], runner.run(stored.others_hint())
        removed = [key for key in keys if runner.run(_remove(store, key))]
    for key in removed:
        echo(f"{key.provider}: removed the session for {key.origin}, account {key.account}")
    if not removed:
        hint = (others[:1].upper() + others[1:]) or "`toolkit session list` shows all."
        raise SessionError("There is no such session.", provider=name, hint=hint)


async def _remove(store: Store, key: Key) -> bool:
    """Removes a session, and returns whether there was one."""
    async with store.lock(key, "write"):
        return await store.delete(key)
