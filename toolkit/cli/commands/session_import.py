"""`toolkit session import`: stores a session that another program, machine or CI system has."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from toolkit.cli.handed_in_text import STDIN, HandedIn, read_bytes, source_name
from toolkit.cli.options import SessionOptions, session_options
from toolkit.cli.output import echo
from toolkit.session.formats.format_table import NAMES

if TYPE_CHECKING:
    from toolkit.cli.stored_sessions import StoredSession
    from toolkit.client.imported_session_validation import ValidatedSession
    from toolkit.providers.base import Provider
    from toolkit.session.browser_session import BrowserSession
    from toolkit.stores.base import Store

MAX_NAMED = 20  # parts that a note names; a HAR of a day has hundreds of other sites


@click.command("import", short_help="Keep a session that another program or machine has.")
@click.argument("provider")
@click.argument("file", type=HandedIn(secret="bearer"), default="-")
@click.option("--format", "form", type=click.Choice(NAMES), help="What it looks like, if not given.")
@click.option(
    "--bearer", is_flag=True, is_eager=True, help="It is an API key. The site is asked first whether it takes it."
)
@session_options
def session_import(provider: str, file: str, form: Any, bearer: bool, options: SessionOptions) -> None:
    """Keep the session in FILE, in the environment variable env:NAME, or on stdin, as that of PROVIDER, in place of the
    one that is there.

    FILE is what `toolkit session export` writes, a Playwright storage state, a list of cookies as browsers' extensions
    and drivers write it, a cookies.txt, a HAR, or what DevTools copy as cURL, PowerShell or fetch (Node.js); also in
    gzip or base64.

    Only what belongs to the provider's own site is taken, and only if everything is there that the site needs. The
    account and the deployment are those that the session tells, unless you name them.
    """
    from toolkit.cli.runner import start_runner
    from toolkit.cli.session_location_notes import note_memory_store
    from toolkit.cli.stored_sessions import StoredSession
    from toolkit.client.imported_session_validation import validate_session
    from toolkit.errors import SessionError, SessionExpired
    from toolkit.providers import registry
    from toolkit.session.browser_headers import origin_of
    from toolkit.session.browser_session import STORAGES
    from toolkit.session.formats.conversion import parse, parse_alone
    from toolkit.stores.choose import open_store

    kind, store, source = registry.find(provider), open_store(options.store), source_name(file)
    if bearer:
        if form is not None:
            raise click.UsageError("--bearer is for an API key, which has no --format.")
        _import_key(kind, file, options, store)
        return
    text, name = _read_text(file), kind.name
    with start_runner() as runner:
        site = kind(runner.run(_choose_base_url(kind, options, store, parse_alone(text, form))))
        origin = origin_of(site.page)
        parsed = parse(text, form, provider=name, origin=origin)
        validated = validate_session(parsed, site, source, now=time.time())
        session = validated.session
        # Nothing at all is an error even where the site needs none of it.
        has_storage = any(getattr(session, field) for field in STORAGES)
        if not (session.cookies or session.headers or has_storage or session.api_key):
            raise SessionError(f"{source} holds nothing of {origin}, so there is nothing to import.", provider=name)
        if session.expired(time.time()):
            raise SessionExpired(f"{source} holds a session that has expired; nothing is changed.", provider=name)
        stored = StoredSession(site, options.account or session.account, store)
        replaced = runner.run(_replace_stored(stored, session))
    note_memory_store(store)
    _note_omissions(stored, validated)
    _tell_imported(stored, session, replaced)


def _import_key(kind: type[Provider], file: str, options: SessionOptions, store: Store) -> None:
    """Keeps the API key in `file`, once the site takes it."""
    from toolkit.cli.runner import start_runner
    from toolkit.cli.session_location_notes import note_memory_store
    from toolkit.cli.standard_input import is_terminal
    from toolkit.cli.status_line import status
    from toolkit.cli.stored_sessions import StoredSession
    from toolkit.client.api_key_import import session_of_key
    from toolkit.session.api_key import read_key
    from toolkit.session.browser_session import BrowserSession

    typed = file == STDIN and is_terminal()
    key = read_key(click.prompt("API key", hide_input=True, err=True) if typed else _read_text(file), source_name(file))
    with start_runner() as runner:
        unknown = BrowserSession(provider="", origin="")
        provider = kind(runner.run(_choose_base_url(kind, options, store, unknown)))
        with status(f"asking {provider.site}"):
            session = runner.run(session_of_key(provider, key, options.account or "default"))
        stored = StoredSession(provider, options.account, store)
        replaced = runner.run(_replace_stored(stored, session))
    note_memory_store(store)
    _tell_imported(stored, session, replaced)


def _tell_imported(stored: StoredSession, session: BrowserSession, replaced: BrowserSession | None) -> None:
    """Says what is kept now, and what is not any more."""
    from toolkit.cli.session_summary import validity
    from toolkit.cli.status_line import notify

    what = "an API key" if session.api_key is not None else "a session"
    where = f"{stored.key.origin}, account {stored.key.account}"
    echo(f"{stored.key.provider}: imported {what} for {where}, {validity(session)}")
    if replaced is not None:
        was = "API key" if replaced.api_key is not None else "session"
        identity = f" of {replaced.identity}" if replaced.identity else ""
        notify(f"note: it replaces the {was}{identity} that was there ({validity(replaced)})")


def _read_text(file: str) -> str:
    """Returns the text that is handed in as `file`. Raises `SessionError` if it is in no known encoding."""
    from toolkit.session.formats.encoded_text import decode_bytes

    return decode_bytes(read_bytes(file))


async def _choose_base_url(
    kind: type[Provider], options: SessionOptions, store: Store, session: BrowserSession
) -> str | None:
    """Returns the base URL of the deployment that an imported session is for; None means the public site.

    That is the one of the options, else the one that `session` names, else the public site if it works, else the only
    one that the session has something of, else the only deployment with a stored session. Raises `UsageError` if there
    is none of these, or several.
    """
    from toolkit.cli.deployment_choice import ONLY_DEPLOYMENT, find_only_deployment, note_deployment
    from toolkit.cli.unreadable_session_collector import collect_unreadable
    from toolkit.client.imported_session_deployment import find_deployments
    from toolkit.errors import UsageError

    if options.base_url is not None:
        return options.base_url
    if session.origin:
        return session.origin if session.origin != kind.public_site() else None
    if kind.url and kind.working:
        return None
    with collect_unreadable():
        known = sorted(key.origin for key in await store.sessions() if key.provider == kind.name)
    origins = find_deployments(session, kind, known)
    if len(origins) > 1:
        raise UsageError(
            f"This has something of several deployments: {', '.join(origins)}.",
            provider=kind.name,
            hint="Name the one that is meant: --base-url URL.",
        )
    if origins:
        return origins[0] if note_deployment(kind, origins[0], "as its cookies tell") else None
    if not (origin := await find_only_deployment(kind, options.account, store)):
        raise UsageError(
            "This does not tell which deployment it is for.", provider=kind.name, hint="Name it: --base-url URL."
        )
    return note_deployment(kind, origin, ONLY_DEPLOYMENT)


async def _replace_stored(stored: StoredSession, session: BrowserSession) -> BrowserSession | None:
    """Stores `session`, and returns the one that it replaces, or None.

    It gets a later time of harvest than that one, if it has not: clients that use the replaced session change to the
    stored one only if it is newer.
    """
    from msgspec.structs import replace

    async with stored.store.lock(stored.key, "write"):
        before = await stored.store.load(stored.key)
        is_newer = session.harvested_at > (before.harvested_at if before is not None else 0)
        harvested_at = session.harvested_at if is_newer else time.time()
        await stored.store.save(stored.key, replace(session, account=stored.key.account, harvested_at=harvested_at))
    return before


def _note_omissions(stored: StoredSession, validated: ValidatedSession) -> None:
    """Notes what the import does not have, and what was left out of it."""
    from toolkit.cli.status_line import notify

    if not (validated.session.user_agent or validated.session.api_key):
        notify(
            "note: it tells no user agent: calls go out without a browser's until the session is renewed; "
            f"`toolkit session check {stored.cli_args}` asks the site whether it takes it so"
        )
    left_out = {
        "": validated.unread,
        ", since the site's page would not have or send it": validated.unusable,
        ", since it is of other sites": validated.foreign_hosts,
    }
    for reason, parts in left_out.items():
        if parts:
            more = f", and {len(parts) - MAX_NAMED} more" if len(parts) > MAX_NAMED else ""
            notify(f"note: left out{reason}: {', '.join(parts[:MAX_NAMED])}{more}")
