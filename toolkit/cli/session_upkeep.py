"""`toolkit session check`, `refresh` and `rm`: are they still good, make them so, forget them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from toolkit.cli.options import BROWSER, Which, which_options

if TYPE_CHECKING:
    from toolkit.client import Client
    from toolkit.health import Health
    from toolkit.stores import Key, Store


@click.command(short_help="Ask the sites whether they still take the sessions.")
@click.argument("provider", required=False)
@which_options
def check(provider: str | None, which: Which) -> int:
    """Ask the site of PROVIDER whether it still takes the session; without PROVIDER, of all that are kept.

    No browser is opened. Exit code 3 where one needs a login, 1 where the site cannot tell.
    """
    from toolkit.cli.terminal import printable, waiting
    from toolkit.cli.work import working

    with working() as work:
        if provider is None:
            return work.run(_check_all(which))
        client = work.run(_client(provider, which))
        with waiting(f"asking {client.provider.site}"):
            health = work.run(_checked(client))
        click.echo(printable(f"{client.provider.name}: {_told(health)}"))
        return 0


@click.command(short_help="Renew a session, without a window.")
@click.argument("provider")
@BROWSER[0]
@BROWSER[1]
@BROWSER[2]
@which_options
def refresh(provider: str, profile: str | None, browsers: Path | None, which: Which) -> None:
    """Visit PROVIDER's site with a browser without a window, and keep the renewed session.

    Where the site wants a login, the session stays as it was, and the exit code is 3.
    """
    from toolkit.cli.stored import Stored
    from toolkit.cli.table import until
    from toolkit.cli.terminal import printable, tell, waiting
    from toolkit.cli.work import working
    from toolkit.client import Client

    with working() as work:
        stored = work.run(Stored.of(provider, which))
        work.run(stored.session())
        client = Client(
            stored.provider,
            account=stored.key.account,
            store=stored.store,
            profile=profile,
            browsers=browsers,
            say=tell,
        )
        with waiting(f"visiting {client.provider.page}"):
            session = work.run(client.refresh())
        click.echo(printable(f"{client.provider.name}: renewed the session for {session.origin}, {until(session)}"))


@click.command(short_help="Forget a session.")
@click.argument("provider")
@click.option("--all", "every", is_flag=True, help="All of the provider: every deployment, every account.")
@which_options
def rm(provider: str, every: bool, which: Which) -> None:
    """Forget the session of PROVIDER. The site is not told: to end the session there, log out."""
    from toolkit import providers
    from toolkit.cli.stored import Stored
    from toolkit.cli.terminal import printable
    from toolkit.cli.work import working
    from toolkit.errors import SessionError
    from toolkit.stores.choose import open_store

    if every and (which.account or which.base_url):
        raise click.UsageError("--all is every account and deployment: it goes with neither --account nor --base-url.")
    name = providers.find(provider).name
    with working() as work:
        store = open_store(which.store)
        if every:
            keys = [key for key in work.run(store.sessions()) if key.provider == name]
        else:
            keys = [work.run(Stored.of(provider, which)).key]
        removed = [key for key in keys if work.run(_removed(store, key))]
    for key in removed:
        click.echo(printable(f"{key.provider}: removed the session for {key.origin}, account {key.account}"))
    if not removed:
        raise SessionError("There is no such session.", provider=name, hint="`toolkit session list` shows all.")


async def _removed(store: Store, key: Key) -> bool:
    async with store.lock(key, "write"):
        return await store.delete(key)


async def _client(provider: str, which: Which) -> Client:
    """A client of the session that is meant; without `--store` that can be one of the environment."""
    from toolkit import providers
    from toolkit.cli.deployment import deployment_of_call
    from toolkit.client import Client

    kind, account = providers.find(provider), which.account or "default"
    base_url = await deployment_of_call(kind, which.base_url, account, which.store)
    return Client(kind, base_url=base_url, account=account, store=which.store)


async def _checked(client: Client) -> Health:
    async with client:
        return await client.check()


async def _check_all(which: Which) -> int:
    """Check every session that is kept, tell each, and give the exit code."""
    from toolkit import providers
    from toolkit.cli.notes import variables
    from toolkit.cli.report import ERROR, LOGIN
    from toolkit.cli.stored import all_stored
    from toolkit.cli.terminal import clear, printable, show
    from toolkit.cli.unopened import unopened
    from toolkit.client import Client
    from toolkit.errors import LoginRequired, ToolkitError
    from toolkit.stores.choose import open_store

    store, codes = open_store(which.store), set()
    with unopened() as failures:
        kept = await all_stored(which)
    for key in kept:
        show(f"asking {key.origin}")
        try:
            kind = providers.find(key.provider)
            base_url = key.origin if key.origin != kind.public_site() else None
            told, code = _told(await _checked(Client(kind, base_url=base_url, account=key.account, store=store))), 0
        except ToolkitError as error:
            told = f"{error.what} {error.hint}".rstrip()
            code = LOGIN if isinstance(error, LoginRequired) else ERROR
        codes.add(code)
        clear()
        click.echo(printable(f"{key.provider} {key.origin} {key.account}: {told}"))
    if failures:
        codes.add(ERROR)  # which the notes have told
    if not codes:
        given = next((name for name in providers.names() if variables(name)), None)
        if given is not None:
            other = f"`toolkit session check {given}` asks about the other."
            raise LoginRequired("There is no stored session.", hint=other)
        raise LoginRequired("There is no session.", hint="`toolkit login PROVIDER` makes one.")
    return LOGIN if LOGIN in codes else max(codes)


def _told(health: Health) -> str:
    from toolkit.cli.table import moment

    who = f", signed in as {health.identity}" if health.identity else ""
    until = f", good until {moment(health.expires_at)}" if health.expires_at is not None else ", no expiry known"
    return f"{health.state}{who}{until}"
