"""The group of commands, and the outermost place, where everything becomes a message and an exit code."""

from __future__ import annotations

import os
import sys
from importlib import import_module

import click

from toolkit.cli.options import debug_option
from toolkit.cli.report import INTERRUPTED, report_error

HELP = """Visit a chat site once with a real browser, then call it with no browser running.

Get started, offline, with a recorded answer:

\b
    toolkit install
    toolkit chat aura --replay
"""
EPILOG = "Exit codes: 0 done, 1 error, 2 usage, 3 login needed, 4 rate limited, 130 interrupted."


COMMANDS = (
    *("chat", "login", "harvest", "session", "providers", "models", "record", "recording", "replay", "install"),
    "doctor",
)  # in the order of their use


class _Group(click.Group):
    """Its commands are the modules of their names beside this one; only the one that runs is loaded."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"toolkit.cli.commands.{cmd_name}"), cmd_name)
        return command


@click.group(
    cls=_Group,
    help=HELP,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="provider-toolkit", prog_name="toolkit", message="%(prog)s %(version)s")
@debug_option
def toolkit() -> None: ...


def command_line() -> int:
    """Run the command line; returns the exit code."""
    if sys.stdout is None:  # closed by whoever started us
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - for as long as the process lives
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # an answer is printed on any terminal, whatever it can show
    try:
        # On Windows click would take a prompt's * and ? for names of files.
        code = toolkit.main(prog_name="toolkit", standalone_mode=False, windows_expand_args=False)
    except click.Abort:  # Ctrl-C where nothing had to be tidied up
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the outermost place: everything becomes a message and an exit code
        code = report_error(error)
        _give_up_stdout()
    return code if isinstance(code, int) else 0


def _give_up_stdout() -> None:
    """Where what is left cannot be written, throw it away: Python would try again at its end, and complain."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
