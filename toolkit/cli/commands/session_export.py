"""`toolkit session export`: writes a stored session for other programs, machines and CI systems."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import click

from toolkit.cli.options import SessionOptions, session_options
from toolkit.cli.output import echo_raw, echo_text
from toolkit.session.formats.format_table import NAMES, WRITABLE

# For the help: what each format is for.
FORMATS_HELP = "\n".join(f"{one.name:<13}  {one.help}" for one in WRITABLE)
# The sizes in bytes, in base64, from which a session does not go into a secret, and those who set the limit.
LIMITS = {
    48 * 1024: "GitHub takes 48 KB in a secret",  # https://docs.github.com/actions/reference/security/secrets
    128 * 1024: "Linux 128 KB in a variable",  # MAX_ARG_STRLEN, execve(2)
}
NEAR = 0.8  # of a limit: a session grows while it is in use
NOT_REPLACEABLE = "The file to write to is none that can be replaced; leave -o away to write to stdout."


@click.command(
    "export",
    short_help="Write a session for other programs or machines.",
    help=f"""Write the session of PROVIDER to stdout or into a file. It is a secret: who has it is signed in as you.

\b
{FORMATS_HELP}

All are what TOOLKIT_SESSION_PROVIDER takes in CI, as they are, in base64, or in base64 of gzip.""",
)
@click.argument("provider")
@click.option("--format", "form", type=click.Choice(NAMES), default=NAMES[0], help=f"{NAMES[0]} if not given.")
@click.option(
    "--output", "-o", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="A file, for you alone."
)
@click.option("--slim", is_flag=True, help="Leave out what the page has stored and PROVIDER does not need.")
@session_options
def session_export(provider: str, form: Any, output: Path | None, slim: bool, options: SessionOptions) -> None:
    from toolkit.cli.runner import start_runner
    from toolkit.cli.session_binding_note import note_binding
    from toolkit.cli.status_line import notify
    from toolkit.cli.stored_sessions import StoredSession
    from toolkit.session.formats.conversion import omissions, serialize
    from toolkit.session.slim_session import slim as slim_session

    if output is not None and output.exists() and not output.is_file():
        raise click.UsageError(NOT_REPLACEABLE)
    now = time.time()
    with start_runner() as runner:
        stored = runner.run(StoredSession.find(provider, options))
        session = runner.run(stored.load())
    page, recipe = stored.provider.page, stored.provider.harvest
    if slim:
        session = slim_session(session, recipe, now)
    text = serialize(session, form, page=page, now=now)
    if omitted := omissions(session, form, page=page, now=now):
        notify(f"note: left out, since {form} has no place for it: {', '.join(omitted)}")
    note_binding([(stored.key, session)])
    if session.expired(now):
        notify("note: the session has expired")
    if session.changed_at > 0 and any(recipe.needs_cookie(cookie.name) for cookie in session.cookies):
        notify(
            "note: the site has changed cookies of this session while it was in use: if it takes only the latest, "
            "one copy alone will live, so use it in one place"
        )
    if (size := note_on_size(len(text.encode()), slim)) is not None:
        notify(size)
    _write(text, output)


def note_on_size(length: int, slim: bool) -> str | None:
    """Returns a note on a session of `length` bytes that does not, or hardly, go into a secret; None for others."""
    encoded = (length + 2) // 3 * 4
    told = [what for limit, what in LIMITS.items() if encoded > NEAR * limit]
    if not told:
        return None
    ways = ["`| gzip | base64` makes it smaller"] + ([] if slim else ["--slim leaves out what is not needed"])
    return f"note: it has {encoded / 1024:.0f} KB in base64, and {' and '.join(told)}: {'; '.join(ways)}"


def _write(text: str, output: Path | None) -> None:
    """Writes an exported session to a private file, or to stdout, with a note that it is a secret if a person sees it.

    Raises `click.FileError` if the file cannot be written.
    """
    from toolkit.cli.status_line import notify
    from toolkit.files.atomic import write_atomic

    if output is not None:
        try:
            write_atomic(output, text.encode())
        except OSError as error:
            raise click.FileError(str(output), error.strerror) from error
        notify(f"written to {output}, for you alone")
    elif sys.stdout.isatty():
        notify("note: this is a secret: who has it is signed in as you")
        echo_text(text, nl=False)
    else:
        echo_raw(text)
