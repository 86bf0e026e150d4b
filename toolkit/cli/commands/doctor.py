"""`toolkit doctor`: examines this machine and the sessions, and says what is wrong and what to do about it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from toolkit.cli.options import browsers_option, debug_option, store_option
from toolkit.cli.output import echo_json
from toolkit.cli.table import Column

if TYPE_CHECKING:
    from toolkit.doctor.check_result import CheckResult


COLUMNS: tuple[Column[CheckResult], ...] = (
    Column("about", lambda finding: finding.about, key="about"),
    Column("state", lambda finding: finding.state, key="state"),
    Column("found", lambda finding: finding.what, key="what"),
    Column("what to do", lambda finding: finding.todo, key="todo"),
)


@click.command(short_help="Check browser, store, proxy, clock and sessions; say what to do.")
@click.argument("providers", nargs=-1, metavar="[PROVIDER]...")
@click.option("--online", is_flag=True, help="Ask the sites, too: whether they take the sessions, and for their time.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=30.0,
    metavar="SECONDS",
    help="How long to wait for the sites in all, with --online; by default 30 s.",
)
@browsers_option
@store_option
@debug_option
def doctor(
    providers: tuple[str, ...], online: bool, as_json: bool, timeout: float, browsers: Path | None, store: str | None
) -> int:
    """Check what the toolkit needs, and the sessions of PROVIDER (of all, if none is named): the profiles, the browser,
    the store and who can read it, the proxy, the clock. Each check takes a limited time. Exit code 1 where anything is
    wrong; a note is no such thing.
    """
    from toolkit.cli.exit_codes import ExitCode
    from toolkit.cli.runner import start_runner
    from toolkit.cli.status_line import status
    from toolkit.cli.table import json_object, print_table
    from toolkit.cli.unreadable_session_collector import collect_unreadable
    from toolkit.doctor.all_checks import run_all_checks
    from toolkit.doctor.store import unreadable_sessions

    with start_runner() as runner, collect_unreadable() as failures, status("looking"):
        checks = run_all_checks(providers, store=store, browsers_file=browsers, online=online, online_seconds=timeout)
        findings = runner.run(checks)
    findings += unreadable_sessions(failures)
    if as_json:
        echo_json([json_object(COLUMNS, finding) for finding in findings])
    else:
        print_table(COLUMNS, findings)
    return ExitCode.ERROR if any(finding.state == "wrong" for finding in findings) else ExitCode.DONE
