"""Keeps a terminal from writing what is typed into an answer that is being drawn.

What is typed meanwhile waits in the terminal's queue, and stands at the next prompt.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

MARK_PASTES, MARK_NO_PASTES = "\x1b[?2004h", "\x1b[?2004l"  # xterm's bracketed paste mode

_LOCAL_FLAGS, _CONTROL_CHARACTERS = 3, 6  # where `termios.tcgetattr` has them

# The terminal's settings to go back to, while they are others. Module state, since a process has one terminal.
_before: list[Any] | None = None
_marks_pastes = False


@contextmanager
def no_echo(*, by_key: bool, mark_pastes: bool) -> Iterator[None]:
    """Turns the terminal's echo off during the block. Ctrl-C stays what it is.

    `by_key` also turns off its own editing of lines, for a reader that edits them itself: otherwise it would hold no
    line longer than 4095 bytes. `mark_pastes` has it mark what is pasted meanwhile, for a reader that knows the marks.
    Does nothing where stdin is no terminal of POSIX.
    """
    global _before, _marks_pastes
    settings = _settings()
    if settings is None:
        yield
        return
    _before, _marks_pastes = settings, mark_pastes
    try:
        _apply(_quiet(settings, by_key=by_key))
        if mark_pastes:
            _write(MARK_PASTES)
        yield
    finally:
        restore_echo()


def restore_echo() -> None:
    """Gives the terminal its settings back, where it does not have them yet: a signal can end a block at any moment."""
    global _before
    if _before is not None:
        if _marks_pastes:
            _write(MARK_NO_PASTES)
        _apply(_before)
        _before = None  # only now, since a signal can come before


def _settings() -> list[Any] | None:
    if sys.platform == "win32" or sys.stdin is None:
        return None
    import termios

    with suppress(OSError, ValueError, termios.error):
        return termios.tcgetattr(sys.stdin.fileno())
    return None


def _quiet(settings: list[Any], *, by_key: bool) -> list[Any]:
    import termios

    quiet = list(settings)
    quiet[_LOCAL_FLAGS] &= ~(termios.ECHO | (termios.ICANON if by_key else 0))
    if by_key:
        quiet[_CONTROL_CHARACTERS] = characters = list(settings[_CONTROL_CHARACTERS])
        characters[termios.VMIN], characters[termios.VTIME] = 1, 0
    return quiet


def _apply(settings: list[Any]) -> None:
    """Sets them at once, and keeps what is typed but not read."""
    import termios

    with suppress(OSError, ValueError, termios.error):  # the terminal is gone
        termios.tcsetattr(sys.stdin.fileno(), termios.TCSANOW, settings)


def _write(marks: str) -> None:
    with suppress(OSError, ValueError):
        sys.stdout.write(marks)
        sys.stdout.flush()
