"""`toolkit session`: the group of the commands about stored sessions."""

from __future__ import annotations

import click

from toolkit.cli.command_table import commands_of
from toolkit.cli.options import debug_option


@click.group()
@debug_option
def session() -> None:
    """Look at the sessions that are kept, renew them, share them."""


for name, entry in commands_of("session").items():
    session.add_command(entry.load(), name)
