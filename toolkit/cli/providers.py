"""`toolkit providers`: which there are, and what is stored for each."""

from __future__ import annotations

import click

from toolkit.cli.options import debug_option


@click.command(short_help="List the providers, and the sessions that are kept.")
@debug_option
def providers() -> None:
    """List the providers: site, models, whether a login is needed, and the sessions that are kept."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from toolkit import providers
    from toolkit.cli.table import state
    from toolkit.cli.terminal import printable
    from toolkit.cli.work import working
    from toolkit.stores.file import FileStore

    with working() as work:
        kept = work.run(FileStore().sessions())
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("provider", "site", "models", "login", "session"):
        table.add_column(title, overflow="fold")
    for name in providers.names():
        kind = providers.find(name)
        site = kind().site
        row = (
            name,
            site if kind.working else f"{site} (closed)",
            "\n".join(kind.models) or "-",
            "needed" if kind.needs_auth else "no",
            "\n".join(state(session, site) for session in kept.values() if session.provider == name) or "none",
        )
        table.add_row(*(Text(printable(cell)) for cell in row))  # as it is: [...] in an address is no markup
    console = Console()
    if not console.is_terminal:
        console.width = 200  # a pipe has no width: keep each row on its line
    console.print(table)
    console.print("closed: the public site is gone; --base-url names another deployment of the same software.")
