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

# For the help: what each format is for, and which ones an environment variable may hold.
FORMATS_HELP = "\n".join(f"{one.name:<13}  {one.help}" for one in WRITABLE)
VARIABLE_FORMATS = " and ".join(one.name for one in WRITABLE if one.is_json)
NOT_REPLACEABLE = "The file to write to is none that can be replaced; leave -o away to write to stdout."


@click.command(
    "export",
    short_help="Write a session for other programs or machines.",
    help=f"""Write the session of PROVIDER to stdout or into a file. It is a secret: who has it is signed in as you.

\b
{FORMATS_HELP}

{VARIABLE_FORMATS}, as they are or in base64, are what TOOLKIT_SESSION_PROVIDER takes in CI.""",
)
@click.argument("provider")
@click.option("--format", "form", type=click.Choice(NAMES), default=NAMES[0], help=f"{NAMES[0]} if not given.")
@click.option(
    "--output", "-o", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="A file, for you alone."
)
@session_options
def session_export(provider: str, form: Any, output: Path | None, options: SessionOptions) -> None:
    from toolkit.cli.runner import start_runner
    from toolkit.cli.status_line import notify
    from toolkit.cli.stored_sessions import StoredSession
    from toolkit.session.formats.conversion import omissions, serialize

    if output is not None and output.exists() and not output.is_file():
        raise click.UsageError(NOT_REPLACEABLE)
    now = time.time()
    with start_runner() as runner:
        stored = runner.run(StoredSession.find(provider, options))
        session = runner.run(stored.load())
    page = stored.provider.page
    text = serialize(session, form, page=page, now=now)
    if omitted := omissions(session, form, page=page, now=now):
        notify(f"note: left out, since {form} has no place for it: {', '.join(omitted)}")
    if session.expired(now):
        notify("note: the session has expired")
    _write(text, output)


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
