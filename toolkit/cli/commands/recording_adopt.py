"""`toolkit recording adopt`: makes a recording of one that another program has made."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from toolkit.cli.options import base_url_option, check_encoding, debug_option, output_option
from toolkit.cli.output import echo
from toolkit.cli.redaction_options import RedactionOptions, redaction_options
from toolkit.cli.status_line import notify, status

if TYPE_CHECKING:
    from io import BufferedReader

    from toolkit.adoption.adopt import Adopted
    from toolkit.recording.foreign_har import ForeignHar

STDIN = "-"


@click.command("adopt", short_help="Take over a recording of another program.")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@output_option("A .har file; one that is there is replaced.")
@click.option("--provider", metavar="NAME", help="Whose call it is, where several may be meant.")
@base_url_option
@click.option("--page", is_flag=True, help="Keep all that the page fetched, so that a browser can be replayed to.")
@click.option("--comment", callback=check_encoding, metavar="TEXT", help="What the file says it was recorded from.")
@redaction_options
@debug_option
def recording_adopt(
    file: Path,
    output: Path,
    provider: str | None,
    base_url: str | None,
    page: bool,
    comment: str | None,
    redaction: RedactionOptions,
) -> None:
    """Make a recording of FILE, a HAR that another program has written; "-" is stdin.

    The developer tools of browsers, Playwright (also as .zip), mitmproxy and Charles write such files. The call of a
    provider is looked for in it. If there is one, the recording tells of which provider it is, what was asked and with
    which session, so that it replays as if `toolkit record` had made it; the answer is printed. Secrets are replaced
    before anything is written.
    """
    from toolkit.cli.recorded_provider import find_probe
    from toolkit.cli.runner import start_runner
    from toolkit.recording.check import check
    from toolkit.recording.files import save

    rules = redaction.rules()
    if file.exists() and output.exists() and file.samefile(output):
        raise click.UsageError(f"{file} stays as it is: name another file with -o.")
    har = _read(file)
    with start_runner() as runner, status("looking for the call"):
        adopted = runner.run(_adopt(har, provider, base_url, page, redaction, comment or _describe(har)))
    for note in adopted.notes:
        notify(f"note: {note}")
    save(adopted.recording, output)
    for finding in check(output, rules=rules, find_probe=find_probe):
        notify(f"warning: {finding.kind} in {finding.place}")
    _report(adopted, output)


def _read(file: Path) -> ForeignHar:
    from toolkit.recording.foreign_files import read_foreign_file
    from toolkit.recording.foreign_har import parse_foreign_har

    if str(file) != STDIN:
        return parse_foreign_har(str(file), *read_foreign_file(file))
    if sys.stdin is None or sys.stdin.isatty():
        raise click.UsageError("There is nothing on stdin: name a file, or pipe one in.")
    return parse_foreign_har("stdin", *read_foreign_file(file, cast("BufferedReader", sys.stdin.buffer)))


async def _adopt(
    har: ForeignHar,
    provider: str | None,
    base_url: str | None,
    page: bool,
    redaction: RedactionOptions,
    comment: str,
) -> Adopted:
    from toolkit.adoption.adopt import adopt
    from toolkit.providers import registry

    kinds = [registry.find(name) for name in ([provider] if provider is not None else registry.names())]
    return await adopt(har, kinds, base_url=base_url, page=page, rules=redaction.rules(), comment=comment)


def _describe(har: ForeignHar) -> str:
    return f"Adopted by `toolkit recording adopt` from a file of {har.creator or 'another program'}."


def _report(adopted: Adopted, output: Path) -> None:
    """Says what was made, and prints the answer as a line for the test."""
    from toolkit.cli.printable_text import python_literal

    recording, chat = adopted.recording, adopted.recording.chat
    whose = f", a call of {chat.provider}" if chat is not None else ""
    where = f" at {chat.base_url}" if chat is not None and chat.base_url else ""
    notify(f"note: adopted in {output}: {len(recording.entries)} exchanges{whose}{where}")
    if chat is not None and adopted.error is None:
        echo(f"answer={python_literal(adopted.answer)}")
