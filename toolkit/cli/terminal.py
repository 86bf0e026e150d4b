"""What a terminal gets to see: text without control characters, and one line that says what is waited for."""

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

# What a site's text may not do to a terminal: control characters other than tab and line feed, and C1 ones.
_CONTROLS = {code: "\ufffd" for code in (*range(32), *range(127, 160)) if chr(code) not in "\t\n"} | {ord("\r"): None}


def printable(text: str) -> str:
    """`text` without what would move a terminal's cursor, change its colours or its title."""
    return text.translate(_CONTROLS)


def colours() -> bool | None:
    """What click is told about colours: none where `NO_COLOR` is set (https://no-color.org), else its own choice."""
    return False if os.environ.get("NO_COLOR") else None


_live: Live | None = None  # the line that is on stderr now: there is one stderr
_shown = ""


def notify(text: str) -> None:
    """Say something on stderr; a status line stays below it."""
    text = printable(text)
    if _live is None:
        click.echo(text, err=True)
    else:
        from rich.text import Text

        _live.console.print(Text(text), soft_wrap=True)


def show_status(text: str) -> None:
    """Show on stderr what is waited for, in place of what was there; nothing where that is not a terminal."""
    global _live, _shown
    _shown = text
    if _live is not None:
        _live.update(_spinner(text))
    elif sys.stderr is not None and sys.stderr.isatty():
        from rich.console import Console
        from rich.live import Live

        console = Console(stderr=True)
        if console.is_interactive:  # a dumb terminal cannot take a line back
            _live = Live(_spinner(text), console=console, transient=True, redirect_stdout=False, redirect_stderr=False)
            _live.start()


def clear_status() -> None:
    """Take that line away. To be called before anything goes to stdout."""
    global _live, _shown
    if _live is not None:
        _live.stop()
    _live, _shown = None, ""


@contextmanager
def status(text: str) -> Iterator[None]:
    """Show what is waited for while inside, and afterwards what was shown before."""
    before = _shown
    show_status(text)
    try:
        yield
    finally:
        show_status(before) if before else clear_status()


def _spinner(text: str) -> Spinner:
    from rich.spinner import Spinner
    from rich.text import Text

    return Spinner("dots", Text(printable(text), overflow="ellipsis", no_wrap=True))
