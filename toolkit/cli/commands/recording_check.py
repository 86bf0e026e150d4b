"""`toolkit recording check`: checks that recordings hold no secrets, and do not tell who was signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from toolkit.cli.options import debug_option
from toolkit.cli.output import echo

if TYPE_CHECKING:
    pass


@click.command("check", short_help="Check that recordings hold no secrets and nobody's name.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@debug_option
def recording_check(files: tuple[str, ...]) -> int:
    """Check that FILEs are recordings, hold no secrets, and tell of nobody; exit code 1 where one does not pass.

    E-mail addresses are found but for those at example.com and its like, of functions (support@), and in scripts.
    Findings name the place, never the value. Made for pre-commit hooks and CI.
    """
    from toolkit.cli.exit_codes import ExitCode
    from toolkit.cli.recorded_provider import find_probe
    from toolkit.recording.check import check

    failed = 0
    for file in files:
        findings = check(file, find_probe=find_probe)
        for finding in findings:
            text = f"{file}: {finding.kind} in {finding.place}" if finding.place else finding.kind
            echo(text, fg="red", err=True)
        failed += bool(findings)
    echo(f"{len(files) - failed} of {len(files)} recordings pass")
    return ExitCode.ERROR if failed else ExitCode.DONE
