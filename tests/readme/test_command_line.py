"""The page on the command line: its examples run, and its tables are those of the program."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from tests.conftest import absent
from tests.readme.blocks import section
from tests.readme.generated import chat_help
from tests.readme.reader import reading
from tests.sites.aura import AuraSite
from tests.sites.openwebui import MODELS, OpenWebUISite
from toolkit.cli.command_table import commands_of
from toolkit.cli.exit_codes import ExitCode

CHANGE = "git init -q && echo old > file && git add file && echo new > file"


async def test_the_examples(tmp_path: Path) -> None:
    """Where there is a session for one deployment of Open WebUI, and a change in a repository."""
    if shutil.which("git") is None:
        absent("There is no git.")
    webui, aura = OpenWebUISite(), AuraSite()
    apps = {"webui.example.org": webui.app(), "chat.example.org": aura.app()}
    async with reading("command-line.md#Examples", tmp_path, apps, forking=["toolkit"]) as reader:
        await reader.run(CHANGE)
        await reader.sign_in(webui)
        printed = await reader.shell("toolkit providers")
    assert "openwebui" in printed
    _, models = printed.split(f"{''.join(aura.answer)}\n" * 2)
    assert models.startswith(MODELS[0])
    assert models.endswith(f"{''.join(webui.answer)}\n")
    asked = [seen.body for seen in aura.calls("/api/chat")]
    assert asked[1]["prompt"] == "Write a commit message."
    assert "+new" in asked[1]["messages"][0]["content"]
    assert webui.problems + aura.problems == []


async def test_the_help_is_what_the_command_prints(tmp_path: Path) -> None:
    """Else `python -m tests.readme.generated` writes it anew."""
    async with reading("command-line.md#Chat", tmp_path, {}) as reader:
        assert reader.take("text", "Usage: toolkit chat").text == chat_help()


def test_every_command_is_in_the_table() -> None:
    rows = re.findall(r"^\| `toolkit ([a-z]+)` \|", section("command-line.md#Command line"), re.MULTILINE)
    assert sorted(rows) == sorted(commands_of(""))


def test_every_exit_code_is_in_the_table() -> None:
    rows = re.findall(r"^\| (\d+) \| ([a-z ]+)", section("command-line.md#Exit codes"), re.MULTILINE)
    codes = {int(code): meaning.strip() for code, meaning in rows}
    assert codes == {code.value: code.name.lower().replace("_", " ") for code in ExitCode}
