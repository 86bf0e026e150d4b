"""Prints an answer as it is: to a pipe byte by byte, to a terminal without control characters."""

from __future__ import annotations

import sys

from toolkit.chats.events import ChatEvent, Reasoning, Text
from toolkit.cli.output import echo, echo_raw, echo_text, leave_line_open
from toolkit.cli.status_line import clear_status

REASONING_MARK = "(thinking) "


class PlainAnswer:
    """Prints each piece of text as it comes, and on a terminal the reasoning above it, dim and marked as such."""

    status_display = None  # the status line is on stderr, as always

    def __init__(self) -> None:
        self._to_terminal = sys.stdout.isatty()
        self._kind: type[ChatEvent] | None = None  # of what was printed last
        self._line_open = False  # whether the last line is to be ended

    @property
    def has_room_for_status(self) -> bool:
        """Whether a status line would be on a line of its own."""
        return not (self._to_terminal and self._line_open)

    def write(self, event: ChatEvent) -> None:
        """Prints a piece of text, and on a terminal of reasoning; all other events are nothing to print."""
        if not isinstance(event, Text) and not (isinstance(event, Reasoning) and self._to_terminal):
            return
        clear_status()
        text = event.text
        if self._to_terminal:
            text = self._begin(event) if type(event) is not self._kind else text
        self._kind = type(event)
        if isinstance(event, Reasoning):
            echo_text(text, nl=False, dim=True)
        elif self._to_terminal:
            echo_text(text, nl=False)
        else:
            echo_raw(text)
        if text:
            self._line_open = not text.endswith("\n")

    def _begin(self, event: Text | Reasoning) -> str:
        """Parts what follows from what came before. Returns the text, with a mark if it is reasoning."""
        if self._kind is not None:
            echo(*([""] * (2 if self._line_open else 1)))
        text = event.text.lstrip("\n") if self._kind is not None else event.text
        return REASONING_MARK + text if isinstance(event, Reasoning) else text

    def refresh(self) -> None:
        """Does nothing: all is printed already."""

    def end(self, *, complete: bool) -> None:
        """Ends the last line; in a pipe only that of a `complete` answer, since one that broke off is left as it is."""
        if self._line_open and (complete or self._to_terminal):
            echo()
        elif self._line_open:
            leave_line_open()
        self._line_open = False
