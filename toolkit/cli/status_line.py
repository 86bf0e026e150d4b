"""The one status line on stderr, which says what is waited for, and the notes above it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from toolkit.cli.output import echo
from toolkit.cli.printable_text import printable_line

if TYPE_CHECKING:
    from typing import TextIO

    from rich.live import Live


class StatusDisplay(Protocol):
    """Draws on the terminal, and the status line below that. `live` is None while nothing is drawn that changes."""

    live: Live | None

    def show_status(self, text: str) -> None: ...


# The status line that is on stderr now, and its text, which is remembered also where no line can be shown. Module
# state, since a process has one stderr.
_live: Live | None = None
_status_text = ""

# The answer that is on the terminal now, if one is drawn there: it then shows the status line, below itself.
_display: StatusDisplay | None = None


def notify(text: str) -> None:
    """Prints a line to stderr, above the status line and what still changes of an answer."""
    text = printable_line(text)
    live = _display.live if _display is not None else _live
    if live is None or not _is_terminal(sys.stderr):
        echo(text, err=True)
    else:
        from rich.text import Text

        live.console.print(Text(text), soft_wrap=True)


def show_status(text: str) -> None:
    """Shows `text` as the status line, in place of the one before, with the time for which it has been shown.

    If stderr is no terminal, shows nothing.
    """
    global _live, _status_text
    if text == _status_text:
        return
    _status_text = text
    if _display is not None:
        _display.show_status(printable_line(text))
    elif _live is not None:
        from toolkit.cli.status_spinner import StatusLine

        _live.update(StatusLine(printable_line(text)))
    elif _is_terminal(sys.stderr):
        from rich.console import Console
        from rich.live import Live

        from toolkit.cli.status_spinner import StatusLine

        console = Console(stderr=True)
        if console.is_interactive:  # a dumb terminal cannot erase a line
            line = StatusLine(printable_line(text))
            _live = Live(line, console=console, transient=True, redirect_stdout=False, redirect_stderr=False)
            _live.start()


def clear_status() -> None:
    """Erases the status line. To be called before anything is printed to stdout."""
    global _live, _status_text
    if _display is not None and _status_text:
        _display.show_status("")
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


@contextmanager
def status_below(display: StatusDisplay | None) -> Iterator[None]:
    """Has `display`, if there is one, show the status line during the block."""
    global _display
    clear_status()
    _display = display
    try:
        yield
    finally:
        clear_status()
        _display = None


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()
