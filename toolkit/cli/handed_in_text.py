"""What somebody hands in as a file, on stdin, or in an environment variable: sessions and keys, which are secrets."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

VARIABLE = "env:"  # before the name of one, as in browsers.json
STDIN = "-"


class HandedIn(click.Path):
    """The type of an argument that names a file, `-` for stdin, or `env:NAME`.

    `secret` is the eager flag with which a text that names nothing may be the secret itself, so that no error repeats
    it.
    """

    name = "file"

    def __init__(self, secret: str) -> None:
        super().__init__(exists=True, dir_okay=False, allow_dash=True)
        self._secret = secret

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, str) and value.startswith(VARIABLE):
            return value
        if ctx is not None and ctx.params.get(self._secret) and value != STDIN and not os.path.exists(value):
            self.fail("There is no such file. What is secret is never itself on the command line.", param, ctx)
        return super().convert(value, param, ctx)


def source_name(place: str) -> str:
    """What messages call `place`, a value of `HandedIn`."""
    return "stdin" if place == STDIN else place.removeprefix(VARIABLE)


def read_bytes(place: str) -> bytes:
    """Returns what is at `place`, a value of `HandedIn`. Raises `click.UsageError` where nothing is handed in."""
    if place.startswith(VARIABLE):
        if not (text := os.environ.get(source_name(place))):
            raise click.UsageError(f"The environment variable {source_name(place)} is not set.")
        return text.encode("utf-8", "surrogateescape")
    if place != STDIN:
        return Path(place).read_bytes()
    if sys.stdin is None or sys.stdin.isatty():
        raise click.UsageError("There is nothing to import: name a file, or pipe it in.")
    return sys.stdin.buffer.read()
