"""`toolkit session export` and `import`: sessions to and from other programs, machines and CI systems."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from toolkit.cli.options import SessionOptions, session_options
from toolkit.session.formats.table import NAMES, WRITABLE

if TYPE_CHECKING:
    from toolkit.cli.stored import StoredSession
    from toolkit.providers.base import Provider
    from toolkit.session.value import BrowserSession
    from toolkit.stores.base import Store

FORMATS = "\n".join(f"{one.name:<13}  {one.help}" for one in WRITABLE)
SECRET_FORMATS = " and ".join(one.name for one in WRITABLE if one.is_json)
NO_FILE = "The file to write to is none that can be replaced; leave -o away to write to stdout."


@click.command(
    "export",
    short_help="Write a session for other programs or machines.",
    help=f"""Write the session of PROVIDER to stdout or into a file. It is a secret: who has it is signed in as you.

\b
{FORMATS}

{SECRET_FORMATS}, as they are or in base64, are what TOOLKIT_SESSION_PROVIDER takes in CI.""",
)
@click.argument("provider")
@click.option("--format", "form", type=click.Choice(NAMES), default=NAMES[0], help=f"{NAMES[0]} if not given.")
@click.option(
    "--output", "-o", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="A file, for you alone."
)
@session_options
def export_session(provider: str, form: Any, output: Path | None, options: SessionOptions) -> None:
    from toolkit.cli.run import start_runner
    from toolkit.cli.stored import StoredSession
    from toolkit.cli.terminal import notify, printable
    from toolkit.files.atomic import write_atomic
    from toolkit.session.formats.conversion import omissions, serialize

    if output is not None and output.exists() and not output.is_file():
        raise click.UsageError(NO_FILE)
    now = time.time()
    with start_runner() as work:
        stored = work.run(StoredSession.find(provider, options))
        session = work.run(stored.load())
    page = stored.provider.page
    text = serialize(session, form, page=page, now=now)
    if lost := omissions(session, form, page=page, now=now):
        notify(f"note: left out, since {form} has no place for it: {', '.join(lost)}")
    if session.expired(now):
        notify("note: the session has expired")
    if output is not None:
        try:
            write_atomic(output, text.encode())
        except OSError as error:
            raise click.FileError(str(output), error.strerror) from error
        notify(f"written to {output}, for you alone")
    elif sys.stdout.isatty():
        notify("note: this is a secret: who has it is signed in as you")
        click.echo(printable(text), nl=False)
    else:
        click.echo(text.encode(), nl=False)


@click.command("import", short_help="Keep a session that another program or machine has.")
@click.argument("provider")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True), default="-")
@click.option("--format", "form", type=click.Choice(NAMES), help="What it looks like, if not given.")
@session_options
def import_session(provider: str, file: str, form: Any, options: SessionOptions) -> None:
    """Keep the session in FILE, or on stdin, as that of PROVIDER, in place of the one that is there.

    Only what belongs to the provider's own site is taken, and only if everything is there that the site needs. The
    account and the deployment are those that the session tells, unless you name them.
    """
    from toolkit.cli.notes import note_memory_store
    from toolkit.cli.run import start_runner
    from toolkit.cli.stored import StoredSession
    from toolkit.cli.table import validity
    from toolkit.cli.terminal import notify, printable
    from toolkit.client.session_validation import validate_session
    from toolkit.errors import SessionExpired
    from toolkit.providers import registry
    from toolkit.session.formats.conversion import parse
    from toolkit.session.headers import origin_of
    from toolkit.stores.choose import open_store

    kind, store, source = registry.find(provider), open_store(options.store), "stdin" if file == "-" else file
    text, name = _text(file, source), kind.name
    with start_runner() as work:
        site = kind(work.run(_deployment(kind, options, store, text, form)))
        origin = origin_of(site.page)
        session = parse(text, form, provider=name, origin=origin)
        session, foreign, unusable = validate_session(session, site, source, now=time.time())
        if session.expired(time.time()):
            raise SessionExpired(f"{source} holds a session that has expired; nothing is changed.", provider=name)
        stored = StoredSession(site, options.account or session.account, store)
        replaced = work.run(_keep(stored, session))
    note_memory_store(store)
    if not session.user_agent:
        notify(
            "note: it tells no user agent: calls go out without a browser's until the session is renewed; "
            f"`toolkit session check {stored.cli_args}` asks the site whether it takes it so"
        )
    if unusable:
        notify(f"note: left out, since the site's page would not have or send it: {', '.join(unusable)}")
    if foreign:
        notify(f"note: left out, since it is of other sites: {', '.join(foreign)}")
    account = stored.key.account
    click.echo(printable(f"{name}: imported a session for {origin}, account {account}, {validity(session)}"))
    if replaced is not None:
        whose = f" of {replaced.identity}" if replaced.identity else ""
        notify(f"note: it replaces the session{whose} that was there ({validity(replaced)})")


def _text(file: str, source: str) -> str:
    if file == "-" and (sys.stdin is None or sys.stdin.isatty()):
        raise click.UsageError("There is nothing to import: name a file, or pipe it in.")
    raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise click.UsageError(f"What {source} has is not UTF-8 text (byte {error.start}).") from None


async def _deployment(kind: type[Provider], options: SessionOptions, store: Store, text: str, form: Any) -> str | None:
    """The base URL for what is imported: the one that is named, told by `text`, or the only one that there is."""
    from toolkit.cli.deployment import note_site, only_site
    from toolkit.errors import UsageError
    from toolkit.session.formats.conversion import parse_origin

    if options.base_url is not None:
        return options.base_url
    if told := parse_origin(text, form):
        return told if told != kind.public_site() else None
    if kind.url and kind.working:
        return None
    if not (site := await only_site(kind, options.account, store)):
        raise UsageError(
            "This does not tell which deployment it is for.", provider=kind.name, hint="Name it: --base-url URL."
        )
    return note_site(kind, site, "the only deployment that you have a session for")


async def _keep(stored: StoredSession, session: BrowserSession) -> BrowserSession | None:
    """Keep `session`; returns the one that it replaces.

    To those who use the stored one now it has to be newer than that, or they would go on with theirs.
    """
    from msgspec.structs import replace

    async with stored.store.lock(stored.key, "write"):
        before = await stored.store.load(stored.key)
        newer = session.harvested_at > (before.harvested_at if before is not None else 0)
        made = session.harvested_at if newer else time.time()
        await stored.store.save(stored.key, replace(session, account=stored.key.account, harvested_at=made))
    return before
