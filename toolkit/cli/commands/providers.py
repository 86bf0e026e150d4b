"""`toolkit providers`: which there are, and what is stored for each."""

from __future__ import annotations

import click

from toolkit.cli.options import debug_option


@click.command(short_help="List the providers, and the sessions that are kept.")
@debug_option
def providers() -> None:
    """List the providers: site, models, whether a login is needed, and the sessions that are kept."""
    from toolkit.cli.notes import note_environment_sessions
    from toolkit.cli.run import start_runner
    from toolkit.cli.table import print_table, summarize
    from toolkit.providers import registry
    from toolkit.stores.choose import open_store

    with start_runner() as work:
        note_environment_sessions()
        kept = work.run(open_store().sessions())
    rows = []
    for name in registry.names():
        kind = registry.find(name)
        public = kind.public_site()
        site = public or "--base-url"
        row = (
            name,
            site if kind.working else f"{site} (closed)",
            "\n".join(kind.known_models) or "-",
            "needed" if kind.needs_auth else "if it asks" if kind.harvest.can_detect_login else "no",
            "\n".join(summarize(session, public) for session in kept.values() if session.provider == name) or "none",
        )
        rows.append(row)
    rows += [
        (bad.name, f"cannot be used: {bad.problem} (package {bad.package})", "-", "-", "-") for bad in registry.broken()
    ]
    print_table(("provider", "site", "models", "login", "session"), rows)
    click.echo("closed: the public site is gone; --base-url names another deployment of the same software.")
    click.echo("--base-url: there is no public site; it names the deployment that is meant.")
