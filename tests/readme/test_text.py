"""The README is true: its commands are the ones that CI runs, what it names is there, and each block is run."""

from __future__ import annotations

import re

from tests.readme.blocks import ROOT, blocks, section
from toolkit import providers

TESTS = (*(ROOT / "tests" / "readme").glob("test_*.py"), ROOT / "tests" / "real" / "test_readme.py")


def test_each_section_with_blocks_is_read() -> None:
    """What of a section no test runs fails the test that reads the section; so each has to be read by one."""
    read = {name for file in TESTS for name in re.findall(r"reading\(\s*\"([^\"]+)\"", file.read_text("utf-8"))}
    assert {block.section for block in blocks()} - read == set(), "these blocks are run by nobody"


def test_ci_runs_the_readmes_test_command_word_for_word() -> None:
    """What a reader is told to type is what has to be green."""
    demo, test = (block.text.strip() for block in blocks() if block.section == "Try it")
    assert test in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert demo.endswith("toolkit chat aura --replay")
    assert test.endswith("pytest")
    assert "\n" not in demo + test


def test_the_readme_names_every_provider() -> None:
    """The table has a row for each."""
    assert re.findall(r"^\| `(\w+)` \|", section("Providers"), re.MULTILINE) == list(providers.names())


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
