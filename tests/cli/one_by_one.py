"""Runs commands one after another: `python -m tests.cli.one_by_one FILE`, which is a JSON list of `Command`.

Each runs in a process of its own, which is forked from this one. So the toolkit is loaded once for all of them, which
takes longer than most of what they do. Before what a command says there is a line, `mark` of its number.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import msgspec

import toolkit.cli.client_from_options  # noqa: F401 - what is loaded once: most of the toolkit, and aiohttp
from toolkit.cli import main


class Command(msgspec.Struct):
    """The arguments of a command, its environment, and what it reads; None is what this process has."""

    args: list[str]
    env: dict[str, str] | None = None
    stdin: str | None = None


def mark(number: int) -> str:
    return f"<<<command {number}>>>"


def parted(said: str, count: int) -> list[str]:
    """What each of `count` commands has said, of all that was said."""
    parts = []
    for number in range(count):
        _, found, rest = said.partition(mark(number))
        assert found, f"command {number} was not run"
        parts.append(rest.partition(mark(number + 1))[0])
    return parts


def become(command: Command) -> None:
    sys.argv = ["toolkit", *command.args]
    if command.env is not None:
        os.environ.clear()
        os.environ.update(command.env)
    if command.stdin is not None:
        with tempfile.TemporaryFile() as file:
            file.write(command.stdin.encode())
            file.seek(0)
            os.dup2(file.fileno(), 0)
    main()


if __name__ == "__main__":
    for number, command in enumerate(msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=list[Command])):
        print(mark(number), flush=True)
        if (pid := os.fork()) == 0:
            become(command)
        os.waitpid(pid, 0)
