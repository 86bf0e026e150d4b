"""Prints to stdout and stderr: the one way for every text, so that none of others steers a terminal.

An answer is printed by its writers (`plain_answer`, `answer_display`), which make its text printable themselves.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import Any

import click

from toolkit.cli.printable_text import printable, printable_json, printable_line

DUMB_TERMINALS = ("dumb", "unknown")  # values of TERM

# Whether stdout, a pipe or a file, ends in the middle of a line. Module state, since a process has one stdout.
_line_is_open = False


def echo(*lines: str, err: bool = False, **style: Any) -> None:
    """Prints each of `lines` on a line of its own, whatever it holds. `style` is that of `click.style`."""
    for line in lines or ("",):
        _print(printable_line(line), err=err, **style)


def echo_text(text: str, *, err: bool = False, nl: bool = True, **style: Any) -> None:
    """Prints a text that can have several lines, and a line's end if `nl`."""
    _print(printable(text), err=err, nl=nl, **style)


def echo_json(document: Any, *, indent: int | None = 1) -> None:
    """Prints a JSON document to stdout; without `indent`, on one line."""
    unicode = sys.stdout.encoding.lower().startswith("utf")
    _print(printable_json(document, indent=indent, ascii_only=not unicode))


def echo_bytes(data: bytes) -> None:
    """Prints bytes to stdout as they are, but to a terminal as text."""
    if sys.stdout.isatty():
        echo_text(data.decode("utf-8", "replace"))
    else:
        click.echo(data, nl=False)  # noqa: TID251 - no terminal


def echo_raw(text: str) -> None:
    """Prints a text to stdout, which is no terminal, as it is."""
    click.echo(text, nl=False, color=True)  # noqa: TID251 - `color` has click leave alone what looks like colours


def colours() -> bool | None:
    """Returns click's argument `color`: False where `NO_COLOR` is set (https://no-color.org) or the terminal takes no
    codes, else None, its choice."""
    return False if os.environ.get("NO_COLOR") or os.environ.get("TERM") in DUMB_TERMINALS else None


def leave_line_open() -> None:
    """Notes that an answer that broke off has left stdout, a pipe or a file, in the middle of a line."""
    global _line_is_open
    _line_is_open = True


def begin_line() -> None:
    """Begins a line on stderr, if what it prints next would otherwise be shown behind an answer that broke off."""
    global _line_is_open
    if _line_is_open and (sys.stderr.isatty() or _are_one_file()):
        echo(err=True)
    _line_is_open = False


def _are_one_file() -> bool:
    """Whether stdout and stderr are one pipe or file, as with `2>&1`."""
    with suppress(OSError, ValueError):
        out, err = os.fstat(sys.stdout.fileno()), os.fstat(sys.stderr.fileno())
        return (out.st_dev, out.st_ino) == (err.st_dev, err.st_ino)
    return False


def _print(text: str, *, err: bool = False, nl: bool = True, **style: Any) -> None:
    styled = click.style(text, **style) if style else text
    click.echo(styled, err=err, nl=nl, color=colours())  # noqa: TID251 - this is the one place
