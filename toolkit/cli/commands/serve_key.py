"""`toolkit serve key`: shows the key that clients of the server show, or makes a new one."""

from __future__ import annotations

import click

from toolkit.cli.options import debug_option
from toolkit.cli.output import echo_text


@click.command("key", short_help="Show the server's key, or make a new one.")
@click.option("--renew", is_flag=True, help="Make a new one; the old one is not taken any more after a restart.")
@debug_option
def serve_key(renew: bool) -> None:
    """Print the key that clients have to show to `toolkit serve`."""
    from toolkit.gateway.access_key import key_file, load_key, make_key

    key = None if renew else load_key(key_file())
    echo_text(key or make_key(key_file()))
