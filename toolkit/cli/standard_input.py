"""What is piped into a command."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress

import click


def is_terminal() -> bool:
    """Whether a person types there."""
    return sys.stdin is not None and sys.stdin.isatty()


def read_text() -> str:
    """Returns all of stdin as text, empty if there is no stdin. Raises `click.UsageError` if it is not UTF-8."""
    raw = sys.stdin.buffer.read() if sys.stdin is not None else b""
    try:
        return raw.decode("utf-8-sig").strip()  # whatever encoding the terminal has: files are in this one
    except UnicodeDecodeError as error:
        raise click.UsageError(f"What stdin has is not UTF-8 text (byte {error.start}).") from None


def has_unread_bytes() -> bool:
    """Whether something was piped in, from a program or a file, that nobody has read. Never waits; False where the
    system cannot tell."""
    if sys.stdin is None or os.name != "posix":
        return False
    import array
    import fcntl
    import termios

    with suppress(OSError, ValueError):
        number = sys.stdin.fileno()
        mode = os.fstat(number).st_mode
        if stat.S_ISREG(mode):
            return os.fstat(number).st_size > os.lseek(number, 0, os.SEEK_CUR)
        if stat.S_ISFIFO(mode):
            waiting = array.array("i", [0])
            fcntl.ioctl(number, termios.FIONREAD, waiting)
            return waiting[0] > 0
    return False
