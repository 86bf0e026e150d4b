"""Runs commands one after another on one terminal: `python -m tests.cli.one_by_one FILE`, a JSON list of their
arguments. (Where there is no terminal, `tests.cli.forked` runs them.)

Each runs in a process of its own, which is forked from this one. So the toolkit is loaded once for all of them, which
takes longer than most of what they do. Before what a command says there is a line, `mark` of its number.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import toolkit.cli.client_from_options  # noqa: F401 - what is loaded once: most of the toolkit, and aiohttp
from toolkit.cli import main


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


if __name__ == "__main__":
    for number, arguments in enumerate(json.loads(Path(sys.argv[1]).read_bytes())):
        print(mark(number), flush=True)
        if (pid := os.fork()) == 0:
            sys.argv = ["toolkit", *arguments]
            main()
        os.waitpid(pid, 0)
