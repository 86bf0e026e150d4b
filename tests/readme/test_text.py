"""The README is true: its commands are the ones that CI runs, what it names is there, and each block is run."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.benchmarks.readme import RESULTS, table
from tests.cli.test_help import COMMANDS
from tests.readme.blocks import README, ROOT, blocks, section
from tests.readme.reader import reading
from toolkit.providers import registry

TESTS = (*(ROOT / "tests" / "readme").glob("test_*.py"), ROOT / "tests" / "real" / "test_readme.py")


def test_each_section_with_blocks_is_read() -> None:
    """What of a section no test runs fails the test that reads the section; so each has to be read by one."""
    read = {name for file in TESTS for name in re.findall(r"reading\(\s*\"([^\"]+)\"", file.read_text("utf-8"))}
    assert {block.section for block in blocks()} - read == set(), "these blocks are run by nobody"


async def test_a_block_that_nobody_runs_fails(tmp_path: Path) -> None:
    """Whatever is fenced is a block, and a reader who leaves one out has not read the section."""
    assert len(re.findall(r"^ *(```|~~~)", README, re.MULTILINE)) == 2 * len(blocks())
    with pytest.raises(AssertionError, match="run by nobody"):
        async with reading(blocks()[-1].section, tmp_path, {}):
            pass


def test_ci_runs_the_readmes_test_command_word_for_word() -> None:
    """What a reader is told to type is what has to be green."""
    demo, test = (block.text.strip() for block in blocks() if block.section == "Try it")
    assert test in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert demo.endswith("toolkit chat aura --replay")
    assert test.endswith("pytest")
    assert "\n" not in demo + test


def test_the_readme_names_every_provider() -> None:
    """The table has a row for each, with its login, and its models where they are always the same."""
    rows = [
        [cell.strip() for cell in row.split("|")[1:-1]] for row in re.findall(r"^\| `.*$", section("Providers"), re.M)
    ]
    assert [row[0] for row in rows] == [f"`{name}`" for name in registry.names()]
    for name, (_, _, login, models) in zip(registry.names(), rows, strict=True):
        provider = registry.find(name)
        assert (login == "yes") == provider.needs_auth
        assert tuple(re.findall(r"`(.+?)`", models)) == provider.known_models


def test_the_readme_names_every_variable() -> None:
    """Those that a person can set; what one process of ours sets for another is no business of theirs."""
    named = set(re.findall(r"TOOLKIT_[A-Z_]+", section("Configuration")))
    read = set()
    for file in (ROOT / "toolkit").rglob("*.py"):
        read |= set(re.findall(r"\"(TOOLKIT_[A-Z_]+)\"", file.read_text(encoding="utf-8")))
    assert read - {"TOOLKIT_CA_SPKI"} == {name.rstrip("_") for name in named}


def test_nothing_else_lies_at_the_top() -> None:
    """The top level holds five things, and dot-files."""
    kept = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    made = {"build", "dist", "test-results"}
    assert kept - made == {"README.md", "browsers.json", "pyproject.toml", "tests", "toolkit"}


def test_each_option_exists() -> None:
    """Those that the text names are the command's, or somebody else's that are known here."""
    others = {"--help", "--record-mode", "--remote-debugging-port", "--user-data-dir", "--without-pip", "--python"}
    known = {name for command in COMMANDS.values() for parameter in command.params for name in parameter.opts}
    named = {name for code in re.findall(r"`([^`\n]+)`", README) for name in re.findall(r"--[a-z][a-z-]+", code)}
    assert named - others - known == set()


def test_each_link_leads_somewhere() -> None:
    """To a heading of the text, or to a file."""
    headings = {
        re.sub(r"[^\w -]", "", text).lower().replace(" ", "-") for text in re.findall(r"^#+ (.+)$", README, re.M)
    }
    for target in re.findall(r"\]\((?!https://)([^)]+)\)", README):
        assert target.removeprefix("#") in headings if target.startswith("#") else (ROOT / target).exists(), target


def test_the_figures_are_those_of_one_run() -> None:
    """The table of speed is made from what the benchmarks have written, and every bar in it is one of theirs."""
    assert table(json.loads(RESULTS.read_text(encoding="utf-8"))) in section("Speed")
