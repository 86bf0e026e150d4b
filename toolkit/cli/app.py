"""The command `toolkit` itself, and the outermost handler, which turns every error into a message and an exit code."""

from __future__ import annotations

import os
import sys

import click

from toolkit.cli.command_table import commands_of
from toolkit.cli.error_report import report_error
from toolkit.cli.exit_codes import ExitCode, exit_codes_help
from toolkit.cli.options import debug_option
from toolkit.cli.output import echo

HELP = """Visit a chat site once with a real browser, then call it with no browser running.

Get started, offline, with a recorded answer:

\b
    toolkit install
    toolkit chat aura --replay
"""


class _TableGroup(click.Group):
    """The commands of the table, in its order. The one that runs is loaded; `--help` loads all, for their summaries."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(commands_of(""))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = commands_of("").get(cmd_name)
        return entry.load() if entry is not None else None


@click.group(
    cls=_TableGroup,
    help=HELP,
    epilog=exit_codes_help(),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="provider-toolkit", prog_name="toolkit", message="%(prog)s %(version)s")
@debug_option
def toolkit() -> None: ...


def run_command_line() -> int:
    """Runs the command line of this process, and returns the exit code."""
    if sys.stdout is None:  # the parent process has closed it
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - for as long as the process lives
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # an answer can have characters that the terminal has not
    if hasattr(sys.stdin, "reconfigure"):
        sys.stdin.reconfigure(errors="surrogateescape")  # as arguments are read: `check_encoding` then says it
    try:
        # Otherwise click would take * and ? in a prompt for names of files on Windows.
        code = toolkit.main(prog_name="toolkit", standalone_mode=False, windows_expand_args=False)
    except click.Abort:  # Ctrl-C outside of a `Runner`, where nothing has to be closed
        echo("interrupted", err=True)
        return ExitCode.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the outermost place: everything becomes a message and an exit code
        code = report_error(error)
        _discard_unwritable_output()
    return code if isinstance(code, int) else ExitCode.DONE


def _discard_unwritable_output() -> None:
    """Throws away what stdout still buffers if it cannot be written.

    Otherwise Python would try again when the process ends, and complain.
    """
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
