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
    from toolkit.cli.served_key import given_key, kept_key
    from toolkit.errors import UsageError
    from toolkit.gateway.access_key import key_file, make_key
    from toolkit.gateway.serve_file import find_file, load_settings

    file = find_file()
    given = given_key(load_settings(file) if file is not None else None)
    if given is not None and renew:
        raise UsageError(f"The server's key is that of {given[1]}.", hint="Change it there.")
    key = given[0] if given is not None else None if renew else kept_key()
    echo_text(key or make_key(key_file()))
