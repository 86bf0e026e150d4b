"""`toolkit install`: finds a browser that Playwright can drive, or installs one."""

from __future__ import annotations

import click

from toolkit.cli.options import debug_option
from toolkit.cli.output import echo


@click.command()
@click.option("--check", is_flag=True, help="Only report; change nothing.")
@debug_option
def install(check: bool) -> None:
    """Find a browser that Playwright can drive, or install one."""
    from toolkit.browser.install import install as install_browser
    from toolkit.cli.exit_codes import ExitCode
    from toolkit.cli.log_output import show_log

    with show_log():
        result = install_browser(check=check, report=echo)
    if result.outcome == "missing":
        raise click.exceptions.Exit(ExitCode.ERROR)
