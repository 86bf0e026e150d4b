"""`toolkit recording`: the group of the commands that look into recordings."""

from __future__ import annotations

import click

from toolkit.cli.command_table import LazyCommands
from toolkit.cli.options import debug_option


@click.group(commands=LazyCommands("recording"))
@debug_option
def recording() -> None:
    """Look into recordings (HAR files), and check them."""
