"""Output on a terminal: text without control characters, notes, and one status line that says what is waited for."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.live import Live
    from rich.spinner import Spinner

# The control characters (C0 but for tab and line feed, DEL, C1) become U+FFFD, carriage returns vanish.
_CONTROLS = {code: "\ufffd" for code in (*range(32), *range(127, 160)) if chr(code) not in "\t\n"} | {ord("\r"): None}

# The status line that is on stderr now, and its text, which is remembered also where no line can be shown. Module
# state, since a process has one stderr.
_live: Live | None = None
_status_text = ""


def printable(text: str) -> str:
    """Replaces the control characters in `text`, with which a site could move the cursor or change colours or title."""
    return text.translate(_CONTROLS)


def colours() -> bool | None:
    """Returns click's argument `color`: False where `NO_COLOR` is set (https://no-color.org), else None, its choice."""
    return False if os.environ.get("NO_COLOR") else None


def notify(text: str) -> None:
    """Prints a line to stderr, above the status line if there is one."""
    text = printable(text)
    if _live is None:
        click.echo(text, err=True)
    else:
        from rich.text import Text

        _live.console.print(Text(text), soft_wrap=True)


def show_status(text: str) -> None:
    """Shows `text` as the status line, in place of the one before. If stderr is no terminal, shows nothing."""
    global _live, _status_text
    _status_text = text
    if _live is not None:
        _live.update(_spinner(text))
    elif sys.stderr is not None and sys.stderr.isatty():
        from rich.console import Console
        from rich.live import Live

        console = Console(stderr=True)
        if console.is_interactive:  # a dumb terminal cannot erase a line
            _live = Live(_spinner(text), console=console, transient=True, redirect_stdout=False, redirect_stderr=False)
            _live.start()


def clear_status() -> None:
    """Erases the status line. To be called before anything is printed to stdout."""
    global _live, _status_text
    if _live is not None:
        _live.stop()
    _live, _status_text = None, ""


@contextmanager
def status(text: str) -> Iterator[None]:
    """Shows `text` as the status line during the block, and afterwards the status before it again."""
    before = _status_text
    show_status(text)
    try:
        yield
    finally:
        show_status(before) if before else clear_status()


def _spinner(text: str) -> Spinner:
    from rich.spinner import Spinner
    from rich.text import Text

    return Spinner("dots", Text(printable(text), overflow="ellipsis", no_wrap=True))
