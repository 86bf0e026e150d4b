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
    from toolkit.browser.host_system import ThisSystem
    from toolkit.browser.install import install as install_browser
    from toolkit.cli.exit_codes import ExitCode
    from toolkit.cli.runner import start_runner

    with start_runner() as runner:
        result = install_browser(check=check, report=echo, system=ThisSystem(runner.run))
    if result.outcome == "missing":
        raise click.exceptions.Exit(ExitCode.ERROR)
