"""x"""

import click


@click.command("drift")
def recording_drift() -> None:
    """x"""
