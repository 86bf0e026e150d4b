"""`toolkit models`: lists the models of a provider, from its site at most once an hour."""

from __future__ import annotations

import hashlib
import json
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from toolkit.cli.options import Target, live_target_options
from toolkit.cli.output import echo, echo_json
from toolkit.cli.timeout_option import short_timeout_option

if TYPE_CHECKING:
    from pathlib import Path

    from toolkit.chats.deadlines import Deadlines
    from toolkit.cli.runner import Runner
    from toolkit.client.client import Client
    from toolkit.stores.base import Key


@click.command(short_help="List the models that a provider offers.")
@click.argument("provider")
@click.option("--refresh", is_flag=True, help="Ask the site, also where it was asked within the last hour.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@short_timeout_option
@live_target_options
def models(provider: str, refresh: bool, as_json: bool, deadlines: Deadlines | None, target: Target) -> None:
    """List the models that PROVIDER offers, its default first: what the site says where it has a list, else those that
    are known."""
    from toolkit.cli.client_from_options import open_client
    from toolkit.cli.runner import start_runner

    with start_runner() as runner, runner.async_with(open_client(provider, target, deadlines=deadlines)) as opened:
        cached = [] if refresh else _load_cached(opened.client.key)
        names = cached or _ask_site(runner, opened.client)
    if as_json:
        echo_json(names)
        return
    for name in names:
        echo(name)


def _ask_site(runner: Runner, client: Client) -> list[str]:
    """Returns the models that the site lists, and caches them; those that are known, with a note, if it has no list."""
    from toolkit.cli.status_line import notify

    names = list(runner.run(client.models(refresh=True)))
    if client.provider.lists_models:
        _cache(client.key, names)
    else:
        known = "these are known" if names else "and none are known"
        notify(f"note: {client.provider.name} has no list of its models, {known}")
    return names


def _cache_file(key: Key) -> Path:
    from toolkit.files.state_folder import cache_folder

    digest = hashlib.sha256("\0".join(key).encode()).hexdigest()
    return cache_folder() / "models" / f"{digest[:32]}.json"


def _load_cached(key: Key) -> list[str]:
    """Returns the models that the site listed within the last hour; none if there are none, or they cannot be read."""
    from toolkit.files.access import read_file
    from toolkit.providers.model_lists import CACHE_SECONDS

    with suppress(OSError, ValueError, TypeError, KeyError):
        document = json.loads(read_file(_cache_file(key)))
        if 0 <= time.time() - document["asked_at"] < CACHE_SECONDS:
            return [str(name) for name in document["models"]]
    return []


def _cache(key: Key, names: list[str]) -> None:
    """Writes `names` to the cache. A folder that cannot be written to is no error."""
    from toolkit.files.atomic import write_atomic
    from toolkit.files.state_folder import make_private_folder

    file = _cache_file(key)
    with suppress(OSError):
        make_private_folder(file.parent)
        write_atomic(file, json.dumps({"asked_at": time.time(), "models": names}).encode())
