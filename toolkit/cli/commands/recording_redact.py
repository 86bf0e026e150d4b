"""`toolkit recording redact`: takes a recording through the rules of today."""

from __future__ import annotations

from pathlib import Path

import click

from toolkit.cli.options import debug_option, output_option
from toolkit.cli.output import echo
from toolkit.cli.redaction_options import RedactionOptions, redaction_options
from toolkit.cli.status_line import notify

SAVED_THINGS = "a list of what a person has saved"


@click.command("redact", short_help="Take secrets out of a recording, by the rules of today.")
@click.argument("file", type=click.Path(path_type=Path))
@output_option("Where the result goes, if not into the same file.", required=False)
@redaction_options
@debug_option
def recording_redact(file: Path, output: Path | None, redaction: RedactionOptions) -> None:
    """Take what counts as a secret today out of FILE, a recording that was made by older rules, or by fewer, and the
    lists of what a person has saved at the site out of what a page was answered.

    What the file was made with stays so: names that are no secrets (`--keep`), and who is signed in (`--keep-identity`)
    unless `--no-keep-identity` takes that out. Each change is told by its kind and place, never with a value. The file
    is replaced as a whole, or stays as it is where nothing changes or a secret cannot be taken out.
    """
    from toolkit.cli.recorded_provider import find_probe
    from toolkit.recording.files import load, save
    from toolkit.recording.redaction_changes import redaction_changes
    from toolkit.recording.saved_things import empty_saved_things
    from toolkit.redaction.redact import redact
    from toolkit.redaction.scan import Finding

    recording, emptied = empty_saved_things(load(file, compact=True))
    rules = redaction.rules(keep=recording.keep)
    made_by = recording.chat or recording.session
    probe = find_probe(made_by.provider) if made_by is not None else None
    redacted = redact(recording, rules=rules, probe=probe)
    if recording.keep_identity and not redacted.keep_identity:
        notify("note: what the tokens alone told of who is signed in is not known any more, and stays where it is")
    changes = [Finding(f"log.entries[{number}].response.content.text", SAVED_THINGS) for number in emptied]
    changes += redaction_changes(recording, redacted, rules, probe)
    if changes or output is not None:
        save(redacted, output or file)
    for change in changes:
        echo(f"{change.kind} in {change.place}")
    echo(f"{output or file}: {f'{len(changes)} places changed' if changes else 'there is nothing to change'}")
