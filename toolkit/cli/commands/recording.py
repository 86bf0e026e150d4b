"""`toolkit recording`: the group of the commands that look into recordings."""

from __future__ import annotations

import click

from toolkit.cli.command_table import commands_of
from toolkit.cli.options import debug_option


@click.group()
@debug_option
def recording() -> None:
    """Look into recordings (HAR files), and check them."""


for name, entry in commands_of("recording").items():
    recording.add_command(entry.load(), name)
