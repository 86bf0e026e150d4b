"""`toolkit session import`: stores a session that another program, machine or CI system has."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from toolkit.cli.options import SessionOptions, session_options
from toolkit.cli.output import echo
from toolkit.session.formats.format_table import NAMES

if TYPE_CHECKING:
    from toolkit.cli.stored_sessions import StoredSession
    from toolkit.providers.base import Provider
    from toolkit.session.browser_session import BrowserSession
    from toolkit.stores.base import Store


@click.command("import", short_help="Keep a session that another program or machine has.")
@click.argument("provider")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True), default="-")
@click.option("--format", "form", type=click.Choice(NAMES), help="What it looks like, if not given.")
@session_options
def session_import(provider: str, file: str, form: Any, options: SessionOptions) -> None:
    """Keep the session in FILE, or on stdin, as that of PROVIDER, in place of the one that is there.

    Only what belongs to the provider's own site is taken, and only if everything is there that the site needs. The
    account and the deployment are those that the session tells, unless you name them.
    """
    from toolkit.cli.runner import start_runner
    from toolkit.cli.session_location_notes import note_memory_store
    from toolkit.cli.session_summary import validity
    from toolkit.cli.status_line import notify
    from toolkit.cli.stored_sessions import StoredSession
    from toolkit.client.imported_session_validation import validate_session
    from toolkit.errors import SessionError, SessionExpired
    from toolkit.providers import registry
    from toolkit.session.browser_headers import origin_of
    from toolkit.session.browser_session import STORAGES
    from toolkit.session.formats.conversion import parse
    from toolkit.stores.choose import open_store

    kind, store, source = registry.find(provider), open_store(options.store), "stdin" if file == "-" else file
    text, name = _read_text(file, source), kind.name
    with start_runner() as runner:
        site = kind(runner.run(_choose_base_url(kind, options, store, text, form)))
        origin = origin_of(site.page)
        session = parse(text, form, provider=name, origin=origin)
        session, foreign, unusable = validate_session(session, site, source, now=time.time())
        # Nothing at all is an error even where the site needs none of it.
        if not (session.cookies or session.headers or any(getattr(session, field) for field in STORAGES)):
            raise SessionError(f"{source} holds nothing of {origin}, so there is nothing to import.", provider=name)
        if session.expired(time.time()):
            raise SessionExpired(f"{source} holds a session that has expired; nothing is changed.", provider=name)
        stored = StoredSession(site, options.account or session.account, store)
        replaced = runner.run(_replace_stored(stored, session))
    note_memory_store(store)
    _note_omissions(stored, session, foreign, unusable)
    account = stored.key.account
    echo(f"{name}: imported a session for {origin}, account {account}, {validity(session)}")
    if replaced is not None:
        identity = f" of {replaced.identity}" if replaced.identity else ""
        notify(f"note: it replaces the session{identity} that was there ({validity(replaced)})")


def _read_text(file: str, source: str) -> str:
    """Returns the text of `file`, or of stdin if that is `-`. `source` names it in errors."""
    if file == "-" and (sys.stdin is None or sys.stdin.isatty()):
        raise click.UsageError("There is nothing to import: name a file, or pipe it in.")
    raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise click.UsageError(f"What {source} has is not UTF-8 text (byte {error.start}).") from None


async def _choose_base_url(
    kind: type[Provider], options: SessionOptions, store: Store, text: str, form: Any
) -> str | None:
    """Returns the base URL of the deployment that an imported session is for; None means the public site.

    That is the one of the options, else the one that `text` names, else the public site if it works, else the only
    deployment with a stored session. Raises `UsageError` if there is none of these.
    """
    from toolkit.cli.deployment_choice import ONLY_DEPLOYMENT, find_only_deployment, note_deployment
    from toolkit.errors import UsageError
    from toolkit.session.formats.conversion import parse_origin

    if options.base_url is not None:
        return options.base_url
    if origin := parse_origin(text, form):
        return origin if origin != kind.public_site() else None
    if kind.url and kind.working:
        return None
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


def _note_omissions(stored: StoredSession, session: BrowserSession, foreign: list[str], unusable: list[str]) -> None:
    """Notes what the import does not have, and what was left out of it."""
    from toolkit.cli.status_line import notify

    if not session.user_agent:
        notify(
            "note: it tells no user agent: calls go out without a browser's until the session is renewed; "
            f"`toolkit session check {stored.cli_args}` asks the site whether it takes it so"
        )
    if unusable:
        notify(f"note: left out, since the site's page would not have or send it: {', '.join(unusable)}")
    if foreign:
        notify(f"note: left out, since it is of other sites: {', '.join(foreign)}")
