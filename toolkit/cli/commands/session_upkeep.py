"""`toolkit session check`, `refresh` and `rm`: are they still good, make them so, forget them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from toolkit.cli.options import BROWSER, SessionOptions, session_options

if TYPE_CHECKING:
    from toolkit.client.client import Client
    from toolkit.client.health import Health
    from toolkit.stores.base import Key, Store


@click.command(short_help="Ask the sites whether they still take the sessions.")
@click.argument("provider", required=False)
@session_options
def check(provider: str | None, options: SessionOptions) -> int:
    """Ask the site of PROVIDER whether it still takes the session; without PROVIDER, of all that are kept.

    No browser is opened. Exit code 3 where one needs a login, 1 where the site cannot tell.
    """
    from toolkit.cli.run import start_runner
    from toolkit.cli.terminal import printable, status

    with start_runner() as work:
        if provider is None:
            return work.run(_check_all(options))
        client = work.run(_client(provider, options))
        with status(f"asking {client.provider.site}"):
            health = work.run(_checked(client))
        click.echo(printable(f"{client.provider.name}: {_told(health)}"))
        return 0


@click.command(short_help="Renew a session, without a window.")
@click.argument("provider")
@BROWSER[0]
@BROWSER[1]
@BROWSER[2]
@session_options
def refresh(provider: str, profile: str | None, browsers: Path | None, options: SessionOptions) -> None:
    """Visit PROVIDER's site with a browser without a window, and keep the renewed session.

    Where the site wants a login, the session stays as it was, and the exit code is 3.
    """
    from toolkit.cli.run import start_runner
    from toolkit.cli.stored import StoredSession
    from toolkit.cli.table import validity
    from toolkit.cli.terminal import notify, printable, status
    from toolkit.client.client import Client

    with start_runner() as work:
        stored = work.run(StoredSession.find(provider, options))
        work.run(stored.load())
        client = Client(
            stored.provider,
            account=stored.key.account,
            store=stored.store,
            profile=profile,
            browsers=browsers,
            say=notify,
        )
        with status(f"visiting {client.provider.page}"):
            session = work.run(client.refresh())
        click.echo(printable(f"{client.provider.name}: renewed the session for {session.origin}, {validity(session)}"))


@click.command(short_help="Forget a session.")
@click.argument("provider")
@click.option("--all", "every", is_flag=True, help="All of the provider: every deployment, every account.")
@session_options
def rm(provider: str, every: bool, options: SessionOptions) -> None:
    """Forget the session of PROVIDER. The site is not told: to end the session there, log out."""
    from toolkit.cli.run import start_runner
    from toolkit.cli.stored import StoredSession
    from toolkit.cli.terminal import printable
    from toolkit.errors import SessionError
    from toolkit.providers import registry
    from toolkit.stores.choose import open_store

    if every and (options.account or options.base_url):
        raise click.UsageError("--all is every account and deployment: it goes with neither --account nor --base-url.")
    name = registry.find(provider).name
    with start_runner() as work:
        store = open_store(options.store)
        if every:
            keys = [key for key in work.run(store.sessions()) if key.provider == name]
        else:
            keys = [work.run(StoredSession.find(provider, options)).key]
        removed = [key for key in keys if work.run(_removed(store, key))]
    for key in removed:
        click.echo(printable(f"{key.provider}: removed the session for {key.origin}, account {key.account}"))
    if not removed:
        raise SessionError("There is no such session.", provider=name, hint="`toolkit session list` shows all.")


async def _removed(store: Store, key: Key) -> bool:
    async with store.lock(key, "write"):
        return await store.delete(key)


async def _client(provider: str, options: SessionOptions) -> Client:
    """A client of the session that is meant; without `--store` that can be one of the environment."""
    from toolkit.cli.deployment import resolve_call_base_url
    from toolkit.client.client import Client
    from toolkit.providers import registry

    kind, account = registry.find(provider), options.account or "default"
    base_url = await resolve_call_base_url(kind, options.base_url, account, options.store)
    return Client(kind, base_url=base_url, account=account, store=options.store)


async def _checked(client: Client) -> Health:
    async with client:
        return await client.check()


async def _check_all(options: SessionOptions) -> int:
    """Check every session that is kept, tell each, and give the exit code."""
    from toolkit.cli.notes import session_variables
    from toolkit.cli.report import ERROR, LOGIN
    from toolkit.cli.stored import load_sessions
    from toolkit.cli.terminal import clear_status, printable, show_status
    from toolkit.cli.unreadable import collect_unreadable
    from toolkit.client.client import Client
    from toolkit.errors import LoginRequired, ToolkitError
    from toolkit.providers import registry
    from toolkit.stores.choose import open_store

    store, codes = open_store(options.store), set()
    with collect_unreadable() as failures:
        kept = await load_sessions(options)
    for key in kept:
        show_status(f"asking {key.origin}")
        try:
            kind = registry.find(key.provider)
            base_url = key.origin if key.origin != kind.public_site() else None
            told, code = _told(await _checked(Client(kind, base_url=base_url, account=key.account, store=store))), 0
        except ToolkitError as error:
            told = f"{error.what} {error.hint}".rstrip()
            code = LOGIN if isinstance(error, LoginRequired) else ERROR
        codes.add(code)
        clear_status()
        click.echo(printable(f"{key.provider} {key.origin} {key.account}: {told}"))
    if failures:
        codes.add(ERROR)  # which the notes have told
    if not codes:
        given = next((name for name in registry.names() if session_variables(name)), None)
        if given is not None:
            other = f"`toolkit session check {given}` asks about the other."
            raise LoginRequired("There is no stored session.", hint=other)
        raise LoginRequired("There is no session.", hint="`toolkit login PROVIDER` makes one.")
    return LOGIN if LOGIN in codes else max(codes)


def _told(health: Health) -> str:
    from toolkit.cli.table import format_time

    who = f", signed in as {health.identity}" if health.identity else ""
    until = f", good until {format_time(health.expires_at)}" if health.expires_at is not None else ", no expiry known"
    return f"{health.state}{who}{until}"
