"""`toolkit models`: which models a provider offers, asked at its site and remembered for an hour."""

from __future__ import annotations

import hashlib
import json
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from toolkit.cli.options import Target, target_options

if TYPE_CHECKING:
    from pathlib import Path

    from toolkit.stores.base import Key


@click.command(short_help="List the models that a provider offers.")
@click.argument("provider")
@click.option("--refresh", is_flag=True, help="Ask the site, also where it was asked within the last hour.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@lambda command: target_options(command, replay=False)
def models(provider: str, refresh: bool, as_json: bool, target: Target) -> None:
    """List the models that PROVIDER offers, its default first: what the site says where it has a list, else those that
    are known."""
    from toolkit.cli.connect import connect
    from toolkit.cli.run import start_runner
    from toolkit.cli.terminal import notify, printable

    with start_runner() as work, work.async_with(connect(provider, target)) as there:
        client = there.client
        names = [] if refresh else _remembered(client.key)
        if not names:
            names = list(work.run(client.models(refresh=True)))
            if client.provider.lists_models:
                _remember(client.key, names)
            else:
                notify(f"note: {client.provider.name} has no list of its models, these are known" if names else
                     f"note: {client.provider.name} has no list of its models, and none are known")  # fmt: skip
    if as_json:
        click.echo(json.dumps(names, indent=1))
        return
    for name in names:
        click.echo(printable(name))


def _file(key: Key) -> Path:
    from toolkit.files.state_folder import cache_folder

    digest = hashlib.sha256("\0".join(key).encode()).hexdigest()
    return cache_folder() / "models" / f"{digest[:32]}.json"


def _remembered(key: Key) -> list[str]:
    """The names that were told for `key` within the last hour; none where that is not so, or cannot be read."""
    from toolkit.providers.models import CACHE_SECONDS

    with suppress(OSError, ValueError, TypeError, KeyError):
        kept = json.loads(_file(key).read_bytes())
        if 0 <= time.time() - kept["asked_at"] < CACHE_SECONDS:
            return [str(name) for name in kept["models"]]
    return []


def _remember(key: Key, names: list[str]) -> None:
    """Keep `names`, where that can be."""
    from toolkit.files.atomic import write_atomic
    from toolkit.files.state_folder import make_private_folder

    file = _file(key)
    with suppress(OSError):
        make_private_folder(file.parent)
        write_atomic(file, json.dumps({"asked_at": time.time(), "models": names}).encode())
