"""`toolkit session`: the group of the commands about stored sessions."""

from __future__ import annotations

import click

from toolkit.cli.command_table import LazyCommands
from toolkit.cli.options import debug_option


@click.group(commands=LazyCommands("session"))
@debug_option
def session() -> None:
    """Look at the sessions that are kept, renew them, share them."""
