"""`toolkit doctor`: what is wrong here, and what to do about it."""

from __future__ import annotations

import json
from pathlib import Path

import click

from toolkit.cli.options import BROWSER, STORE, debug_option

TITLES = ("about", "state", "found", "what to do")


@click.command(short_help="Check browser, store, proxy, clock and sessions; say what to do.")
@click.argument("providers", nargs=-1, metavar="[PROVIDER]...")
@click.option("--online", is_flag=True, help="Ask the sites, too: whether they take the sessions, and for their time.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@BROWSER[1]
@STORE
@debug_option
def doctor(providers: tuple[str, ...], online: bool, as_json: bool, browsers: Path | None, store: str | None) -> int:
    """Check what the toolkit needs, and the sessions of PROVIDER (of all, if none is named): the profiles, the browser,
    the store and who can read it, the proxy, the clock. Each check takes a limited time. Exit code 1 where anything is
    wrong; a note is no such thing.
    """
    import msgspec

    from toolkit.cli.report import ERROR
    from toolkit.cli.run import start_runner
    from toolkit.cli.table import print_table
    from toolkit.cli.terminal import status
    from toolkit.cli.unreadable import collect_unreadable
    from toolkit.doctor.examination import examine
    from toolkit.doctor.storage import unreadable_sessions

    with start_runner() as work, collect_unreadable() as failures, status("looking"):
        findings = work.run(examine(providers, store=store, browsers_file=browsers, online=online))
    findings += unreadable_sessions(failures)
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(findings), indent=1))
    else:
        print_table(TITLES, [(one.about, one.state, one.what, one.todo) for one in findings])
    return ERROR if any(one.state == "wrong" for one in findings) else 0
