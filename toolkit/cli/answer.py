"""Printing an answer as it arrives."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from toolkit.cli.terminal import clear_status, printable, show_status

if TYPE_CHECKING:
    from toolkit.client.client import Client

Messages = list[dict[str, Any]]


async def print_answer(client: Client, messages: Messages, settings: dict[str, Any], as_json: bool) -> str:
    """Print one answer as it arrives, and return its text."""
    from toolkit.chats.events import Queued, Text
    from toolkit.errors import ToolkitError

    name = client.provider.name
    terminal, unicode = sys.stdout.isatty(), sys.stdout.encoding.lower().startswith("utf")
    answer = ""
    show_status(f"waiting for {name}")
    try:
        async with client.chat(messages, **settings) as stream:
            async for event in stream.events():
                answer += event.text if isinstance(event, Text) else ""
                if isinstance(event, Queued) and not as_json:
                    show_status(f"waiting for {name}: place {event.position} of {event.size} in its queue")
                    continue
                clear_status()
                if as_json:
                    document = {"type": type(event).__name__.lower(), **event._asdict()}
                    click.echo(json.dumps(document, ensure_ascii=not unicode))
                elif isinstance(event, Text):
                    click.echo(printable(event.text) if terminal else event.text, nl=False)
    except ToolkitError:
        if answer and not as_json and terminal:
            click.echo()
        raise
    finally:
        clear_status()
    if not as_json and not answer.endswith("\n"):
        click.echo()
    return answer
