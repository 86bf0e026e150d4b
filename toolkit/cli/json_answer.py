"""Prints the events of an answer, and the error that ends one, as JSON objects, each on a line of its own."""

from __future__ import annotations

import sys
from typing import Any

import click

from toolkit.chats.event_json import event_to_json
from toolkit.chats.events import ChatEvent
from toolkit.cli.output import echo_json
from toolkit.cli.status_line import clear_status


class JSONAnswer:
    """Prints each event as it comes."""

    status_display = None  # the status line is on stderr, as always

    def __init__(self) -> None:
        self._to_terminal = sys.stdout.isatty()

    @property
    def has_room_for_status(self) -> bool:
        """Whether a status line can be shown: on a terminal it would be among the events."""
        return not self._to_terminal

    def write(self, event: ChatEvent) -> None:
        if self._to_terminal:
            clear_status()
        _print(event_to_json(event))

    def refresh(self) -> None:
        """Does nothing: all is printed already."""

    def end(self, *, complete: bool) -> None:
        """Does nothing: each event has a line of its own."""


def print_error(error: Exception) -> None:
    """Prints the error that has ended an answer: its class, what it says, and the text that had come."""
    from toolkit.cli.error_report import error_message
    from toolkit.cli.safe_traceback import describe_error
    from toolkit.errors import ToolkitError

    text = ""
    if isinstance(error, ToolkitError):
        message, text = error_message(error), error.text
    elif isinstance(error, click.ClickException):
        message = error.format_message()
    else:
        message = describe_error(error)
    _print({"type": "error", "error": type(error).__name__, "message": message, "text": text})


def print_interruption(text: str) -> None:
    """Prints that a signal, such as Ctrl-C, has ended an answer, of which `text` had come."""
    _print({"type": "error", "error": "Interrupted", "message": "interrupted", "text": text})


def _print(document: dict[str, Any]) -> None:
    echo_json(document, indent=None)
