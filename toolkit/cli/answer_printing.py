"""Prints an answer while it arrives."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from toolkit.cli.terminal import clear_status, printable, show_status

if TYPE_CHECKING:
    from toolkit.chats.events import ChatEvent
    from toolkit.client.client import Client

Messages = list[dict[str, Any]]


async def print_answer(client: Client, messages: Messages, arguments: dict[str, Any], as_json: bool) -> str:
    """Asks `messages`, prints the answer to stdout while it arrives, and returns its text.

    `arguments` are further ones of `Client.chat`. With `as_json`, each event is printed as a JSON object on a line of
    its own. Places in a queue are otherwise shown on stderr only, while the client waits.
    """
    from toolkit.chats.events import Queued, Text
    from toolkit.errors import ToolkitError

    name = client.provider.name
    to_terminal = sys.stdout.isatty()
    answer = ""
    show_status(f"waiting for {name}")
    try:
        async with client.chat(messages, **arguments) as stream:
            async for event in stream.events():
                answer += event.text if isinstance(event, Text) else ""
                if isinstance(event, Queued) and not as_json:
                    show_status(f"waiting for {name}: place {event.position} of {event.size} in its queue")
                    continue
                clear_status()
                if as_json:
                    _print_json(event)
                elif isinstance(event, Text):
                    click.echo(printable(event.text) if to_terminal else event.text, nl=False)
    except ToolkitError:
        if answer and not as_json and to_terminal:
            click.echo()  # so that the error is on a line of its own
        raise
    finally:
        clear_status()
    if not as_json and not answer.endswith("\n"):
        click.echo()
    return answer


def _print_json(event: ChatEvent) -> None:
    from toolkit.chats.event_json import event_to_json

    unicode = sys.stdout.encoding.lower().startswith("utf")
    click.echo(json.dumps(event_to_json(event), ensure_ascii=not unicode))
