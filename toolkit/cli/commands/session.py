"""`toolkit session`: the sessions that are kept. Its commands have files beside this one."""

from __future__ import annotations

import click

from toolkit.cli.commands.session_files import export_session, import_session
from toolkit.cli.commands.session_show import list_sessions, show
from toolkit.cli.commands.session_upkeep import check, refresh, rm
from toolkit.cli.options import debug_option


@click.group()
@debug_option
def session() -> None:
    """Look at the sessions that are kept, renew them, share them."""


for command in (list_sessions, show, check, refresh, export_session, import_session, rm):
    session.add_command(command)
