"""`toolkit recording`: the group of the commands for recordings that are there already."""

from __future__ import annotations

import click

from toolkit.cli.command_table import LazyCommands
from toolkit.cli.options import debug_option


@click.group(commands=LazyCommands("recording"))
@debug_option
def recording() -> None:
    """Show, check, adopt and redact recordings (HAR files)."""
