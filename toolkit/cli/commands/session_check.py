"""`toolkit session check`: asks the sites whether they still take the stored sessions."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from toolkit.cli.option_names import with_option_names
from toolkit.cli.options import SessionOptions, session_options
from toolkit.cli.output import echo
from toolkit.cli.timeout_option import short_timeout_option

if TYPE_CHECKING:
    from toolkit.chats.deadlines import Deadlines
    from toolkit.client.client import Client
    from toolkit.client.session_health import Health
    from toolkit.errors import LoginRequired
    from toolkit.stores.base import Key, Store


@click.command("check", short_help="Ask the sites whether they still take the sessions.")
@click.argument("provider", required=False)
@short_timeout_option
@session_options
def session_check(provider: str | None, deadlines: Deadlines | None, options: SessionOptions) -> int:
    """Ask the site of PROVIDER whether it still takes the session; without PROVIDER, of all that are kept.

    No browser is opened, and a site that takes too long is given up (--timeout). Exit code 3 where one needs a login, 1
    where the account waits for its approval or the site cannot tell.
    """
    from toolkit.cli.runner import start_runner
    from toolkit.cli.status_line import status

    with start_runner() as runner:
        if provider is None:
            return runner.run(_check_all(options, deadlines))
        client = runner.run(_client(provider, options, deadlines))
        with status(f"asking {client.provider.site}"):
            health = runner.run(_check(client))
        echo(f"{client.provider.name}: {_describe(health)}")
        return _exit_code(health)


async def _client(provider: str, options: SessionOptions, deadlines: Deadlines | None) -> Client:
    """Returns a client for the session that is meant; without `--store` it can be one of the environment."""
    from toolkit.cli.deployment_choice import resolve_call_base_url
    from toolkit.client.client import Client
    from toolkit.providers import registry

    kind, account = registry.find(provider), options.account or "default"
    base_url = await resolve_call_base_url(kind, options.base_url, account, options.store)
    return Client(kind, base_url=base_url, account=account, store=options.store, deadlines=deadlines)


async def _check(client: Client) -> Health:
    async with client:
        return await client.check()


async def _check_all(options: SessionOptions, deadlines: Deadlines | None) -> int:
    """Checks all stored sessions at the same time, and prints a line for each. Returns the exit code of the worst.

    A login that is needed is worse than any other error. Raises `LoginRequired` if there is no session at all.
    """
    from toolkit.cli.exit_codes import ExitCode
    from toolkit.cli.status_line import clear_status, show_status
    from toolkit.cli.stored_sessions import accounts_hint, load_sessions
    from toolkit.cli.unreadable_session_collector import collect_unreadable
    from toolkit.stores.choose import open_store

    store, codes = open_store(options.store), set()
    with collect_unreadable() as failures:
        sessions = await load_sessions(options)
    checks = {key: asyncio.ensure_future(_check_stored(key, store, deadlines)) for key in sessions}
    for key, check in checks.items():
        show_status(f"asking {key.origin}")
        text, code = await check
        codes.add(code)
        clear_status()
        echo(f"{key.provider} {key.origin} {key.account}: {text}")
    if failures:
        codes.add(ExitCode.ERROR)  # the log has said why they cannot be opened
    if not codes:
        raise _no_session(await accounts_hint(options))
    return ExitCode.LOGIN_NEEDED if ExitCode.LOGIN_NEEDED in codes else max(codes)


async def _check_stored(key: Key, store: Store, deadlines: Deadlines | None) -> tuple[str, int]:
    """Checks one stored session, and returns what to print and the exit code."""
    from toolkit.cli.exit_codes import ExitCode
    from toolkit.client.client import Client
    from toolkit.errors import LoginRequired, ToolkitError
    from toolkit.providers import registry

    try:
        kind = registry.find(key.provider)
        base_url = key.origin if key.origin != kind.public_site() else None
        client = Client(kind, base_url=base_url, account=key.account, store=store, deadlines=deadlines)
        health = await _check(client)
    except ToolkitError as error:
        code = ExitCode.LOGIN_NEEDED if isinstance(error, LoginRequired) else ExitCode.ERROR
        return with_option_names(f"{error.what} {error.hint}".rstrip()), code
    return _describe(health), _exit_code(health)


def _no_session(others: str) -> LoginRequired:
    """Returns the error for a store without sessions of those that are meant. Its hint names a session of the
    environment, if there is one, and is `others` where that names accounts that have one."""
    from toolkit.cli.session_location_notes import session_variables
    from toolkit.errors import LoginRequired
    from toolkit.providers import registry

    provider = next((name for name in registry.names() if session_variables(name)), None)
    if others:
        return LoginRequired("There is no session of that account:", hint=others)
    if provider is None:
        return LoginRequired("There is no session.", hint="`toolkit login PROVIDER` makes one.")
    hint = f"`toolkit session check {provider}` asks about the other."
    return LoginRequired("There is no stored session.", hint=hint)


def _exit_code(health: Health) -> int:
    from toolkit.cli.exit_codes import ExitCode
    from toolkit.client.session_health import PENDING

    return ExitCode.ERROR if health.state == PENDING else ExitCode.DONE


def _describe(health: Health) -> str:
    from toolkit.cli.time_format import format_time
    from toolkit.client.session_health import PENDING
    from toolkit.errors import AccountPending

    identity = f", signed in as {health.identity}" if health.identity else ""
    expiry = f", good until {format_time(health.expires_at)}" if health.expires_at is not None else ", no expiry known"
    todo = f". {AccountPending.hint}" if health.state == PENDING else ""
    return f"{health.state}{identity}{expiry}{todo}"
