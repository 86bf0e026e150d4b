"""The blocks of the pages that are made from the program: `python -m tests.readme.generated` writes them anew."""

from __future__ import annotations

import re
from collections.abc import Callable

from click.testing import CliRunner

import toolkit.errors
from tests.readme.blocks import FILES
from toolkit.cli.app import toolkit as command

WIDTH = 100  # columns of a help text: as wide as the command ever makes one


def chat_help() -> str:
    """What `toolkit chat --help` prints."""
    arguments = ["chat", "--help"]
    return CliRunner().invoke(command, arguments, prog_name="toolkit", terminal_width=WIDTH).output


def error_tree() -> str:
    """The tree in the docstring of `toolkit.errors`."""
    document = toolkit.errors.__doc__ or ""
    lines = [line[4:] for line in document.splitlines() if line.startswith("    ")]
    return "\n".join([*lines, ""])


# The section of each block, and what makes it.
GENERATED: dict[str, Callable[[], str]] = {
    "answers.md#Errors": error_tree,
    "command-line.md#Chat": chat_help,
}


def main() -> None:
    for name, make in GENERATED.items():
        page, _, heading = name.partition("#")
        before, line, after = FILES[page].read_text(encoding="utf-8").partition(f"\n## {heading}\n")
        block = f"```text\n{make()}```"
        after = re.sub(r"^```text\n.*?^```$", lambda _: block, after, count=1, flags=re.MULTILINE | re.DOTALL)  # noqa: B023
        FILES[page].write_text(before + line + after, encoding="utf-8")


if __name__ == "__main__":
    main()
