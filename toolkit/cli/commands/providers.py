"""`toolkit providers`: lists the providers, and what is stored for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import click

from toolkit.cli.options import debug_option
from toolkit.cli.output import echo
from toolkit.cli.table import Column

if TYPE_CHECKING:
    from toolkit.providers.base import Provider
    from toolkit.session.browser_session import BrowserSession


class _Row(NamedTuple):
    """A provider, or one of another package that cannot be used, with the reason in place of its site. There is a line
    for each of the `models` and `sessions`."""

    name: str
    site: str
    models: tuple[str, ...] = ("-",)
    login: str = "-"
    sessions: tuple[str, ...] = ("-",)


COLUMNS: tuple[Column[_Row], ...] = (
    Column("provider", lambda row: row.name),
    Column("site", lambda row: row.site),
    Column("models", lambda row: row.models),
    Column("login", lambda row: row.login),
    Column("session", lambda row: row.sessions),
)


@click.command(short_help="List the providers, and the sessions that are kept.")
@debug_option
def providers() -> None:
    """List the providers: site, models, whether a login is needed, and the sessions that are kept."""
    from toolkit.cli.runner import start_runner
    from toolkit.cli.session_location_notes import note_environment_sessions
    from toolkit.cli.table import print_table
    from toolkit.providers import registry
    from toolkit.stores.choose import open_store

    with start_runner() as runner:
        note_environment_sessions()
        sessions = runner.run(open_store().sessions()).values()
    rows = []
    for name in registry.names():
        own = [session for session in sessions if session.provider == name]
        rows.append(_provider_row(name, registry.find(name), own))
    for broken in registry.broken():
        rows.append(_Row(broken.name, f"cannot be used: {broken.problem} ({broken.source.removeprefix('the ')})"))
    print_table(COLUMNS, rows)
    echo("closed: the public site is gone; --base-url names another deployment of the same software.")
    echo("--base-url: there is no public site; it names the deployment that is meant.")


def _provider_row(name: str, kind: type[Provider], sessions: list[BrowserSession]) -> _Row:
    from toolkit.cli.session_summary import summarize

    public_site = kind.public_site()
    site = public_site or "--base-url"
    return _Row(
        name,
        site if kind.working else f"{site} (closed)",
        models=kind.known_models or ("-",),
        login="needed" if kind.needs_auth else "if it asks" if kind.harvest.can_detect_login else "no",
        sessions=tuple(summarize(session, public_site) for session in sessions) or ("none",),
    )
