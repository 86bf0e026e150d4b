"""The README is true: its commands are the ones that CI runs, and what it names is there."""

from __future__ import annotations

import re
from pathlib import Path

from toolkit import providers

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def commands() -> list[str]:
    """The one-line commands of the section "Try it"."""
    section = README.split("## Try it")[1].split("\n## ")[0]
    return [block.strip() for block in re.findall(r"```sh\n(.*?)```", section, re.DOTALL)]


def test_ci_runs_the_readmes_test_command_word_for_word() -> None:
    """What a reader is told to type is what has to be green."""
    demo, test = commands()
    assert test in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert demo.endswith("toolkit chat aura --replay")
    assert test.endswith("pytest")
    assert "\n" not in demo + test


def test_the_readme_names_every_provider() -> None:
    """The table has a row for each."""
    table = README.split("## Providers")[1].split("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == list(providers.names())


def test_the_readme_names_every_variable() -> None:
    """Those that a person can set; what one process of ours sets for another is no business of theirs."""
    named = set(re.findall(r"TOOLKIT_[A-Z_]+", README.split("## Configuration")[1].split("\n## ")[0]))
    read = set()
    for file in (ROOT / "toolkit").rglob("*.py"):
        read |= set(re.findall(r"\"(TOOLKIT_[A-Z_]+)\"", file.read_text(encoding="utf-8")))
    assert read - {"TOOLKIT_CA_SPKI"} == {name.rstrip("_") for name in named}


def test_nothing_else_lies_at_the_top() -> None:
    """The top level holds five things, and dot-files."""
    kept = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    made = {"build", "dist", "test-results"}
    assert kept - made == {"README.md", "browsers.json", "pyproject.toml", "tests", "toolkit"}


def test_python_blocks_are_whole() -> None:
    """Each can be pasted into a file as it stands."""
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(blocks) >= 5
    for block in blocks:
        compile(block, "README.md", "exec")
