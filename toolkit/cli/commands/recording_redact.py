"""x"""

import click


@click.command("redact")
def recording_redact() -> None:
    """x"""
