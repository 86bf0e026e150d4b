"""What the help says: how to begin, what each option means, the exit codes, in lines that fit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tests.cli.conftest import Call
from toolkit.cli import commands as command_files
from toolkit.cli.app import toolkit
from toolkit.cli.command_table import COMMANDS as TABLE
from toolkit.cli.exit_codes import ExitCode
from toolkit.providers import registry


def commands(group: click.Group = toolkit, *path: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command with the words that call it."""
    yield path, group
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, *path, name)
        else:
            yield (*path, name), command


COMMANDS = dict(commands())


@pytest.mark.parametrize("width", [80, 100])
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_fits(call: Call, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], width: int) -> None:
    """No line is longer than the terminal, no summary of a command is cut, and stderr stays empty."""
    monkeypatch.setenv("COLUMNS", str(width))
    for option in ("--help", "-h"):
        result = call(*words, option)
        assert (result.code, result.err) == (0, "")
    assert max(map(len, result.out.splitlines())) <= width
    summaries = result.out.partition("Commands:")[2].partition("\n\n")[0]
    assert "..." not in summaries


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_everything_has_its_help(words: tuple[str, ...]) -> None:
    """Every command and every option, in sentences."""
    command = COMMANDS[words]
    assert command.help or command.callback is None
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help
            assert parameter.help.strip().endswith("."), parameter.name


def test_the_group_tells_how_to_begin(call: Call) -> None:
    """One example that works anywhere, the commands in the order of their use, and the exit codes."""
    text = call("--help").out
    assert "      toolkit install\n      toolkit chat aura --replay\n" in text
    assert text.index("  chat ") < text.index("  harvest ") < text.index("  providers ") < text.index("  install ")
    codes = {
        "done": ExitCode.DONE,
        "error": ExitCode.ERROR,
        "usage": ExitCode.USAGE,
        "login needed": ExitCode.LOGIN_NEEDED,
        "rate limited": ExitCode.RATE_LIMITED,
        "answer truncated": ExitCode.ANSWER_TRUNCATED,
        "recording exists": ExitCode.RECORDING_EXISTS,
        "interrupted": ExitCode.INTERRUPTED,
    }
    told = ", ".join(f"{code.value} {word}" for word, code in codes.items())
    assert f"Exit codes: {told}." in " ".join(text.split())


def test_the_table_has_every_command() -> None:
    """Each file of `commands/` has a line in the table, each line is a command, and help has them in that order."""
    files = {path.stem for path in Path(str(command_files.__file__)).parent.glob("*.py")} - {"__init__"}
    assert sorted(entry.module for entry in TABLE) == sorted(files)
    assert [entry.name for entry in TABLE] == [" ".join(words) for words in COMMANDS if words]


def test_the_version_is_one_line(call: Call) -> None:
    """`toolkit 1.2.3`, for people and programs."""
    assert re.fullmatch(r"toolkit \d+\.\d+\S*\n", call("--version").out)


def test_any_spelling_of_a_provider_will_do(call: Call) -> None:
    """Upper case, dashes: what a person types is understood."""
    assert registry.find("Open-Assistant").name == "openassistant"
