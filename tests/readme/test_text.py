"""The README and its pages are true: commands are the ones that CI runs, what is named is there, each block is run."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from pathlib import Path

import pytest

from tests.benchmarks.readme import RESULTS, table
from tests.cli.test_help import COMMANDS
from tests.readme.blocks import FILES, PAGES, PROVIDER, README, ROOT, blocks, headings, section, sections
from tests.readme.picture import PICTURE
from tests.readme.reader import reading
from toolkit.providers import registry

TESTS = (*(ROOT / "tests" / "readme").glob("test_*.py"), ROOT / "tests" / "real" / "test_readme.py")
LONGEST = 14_000  # bytes
SCREEN = 60  # lines
TASKS = ("Log in", "Chat", "Use it from other programs", "Test in CI", "Your own site")


def read_sections() -> set[str]:
    """The sections that tests name in order to read them, so not those whose text they look at by `section`."""
    found = set(PROVIDER)
    for file in TESTS:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        looked_at = {
            id(node.args[0]) for node in ast.walk(tree) if isinstance(node, ast.Call) and is_section(node.func)
        }
        names = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in looked_at]
        found |= {node.value for node in names if isinstance(node.value, str)}
    return found & set(sections())


def is_section(function: ast.expr) -> bool:
    return isinstance(function, ast.Name) and function.id == section.__name__


def test_each_section_with_blocks_is_read() -> None:
    """What of a section no test runs fails the test that reads the section; so each has to be read by one."""
    assert {block.section for block in blocks()} - read_sections() == set(), "these blocks are run by nobody"


async def test_a_block_that_nobody_runs_fails(tmp_path: Path) -> None:
    """Whatever is fenced is a block, and a reader who leaves one out has not read the section."""
    fences = sum(len(re.findall(r"^ *(```|~~~)", page, re.MULTILINE)) for page in PAGES.values())
    assert fences == 2 * len(blocks())
    with pytest.raises(AssertionError, match="run by nobody"):
        async with reading(blocks()[-1].section, tmp_path, {}):
            pass


def test_ci_runs_the_readmes_test_command_word_for_word() -> None:
    """What a reader is told to type is what has to be green."""
    demo, test = (block.text.strip() for block in blocks() if block.section == "README.md#Try it")
    assert test in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert demo.endswith("toolkit chat aura --replay")
    assert test.endswith("pytest")
    assert "\n" not in demo + test


def test_the_readme_stays_short() -> None:
    """What few need has a page of its own; a task fits on a screen."""
    assert len(README.encode()) <= LONGEST
    for task in TASKS:
        assert len(section(f"README.md#{task}").splitlines()) <= SCREEN, task


def test_the_readme_links_every_page() -> None:
    """In its list of them, in which nothing else of the folder is."""
    linked = re.findall(r"\]\(\.github/docs/([\w.-]+)\)", section("README.md#Reference"))
    assert sorted(linked) == sorted(set(PAGES) - {"README.md"})


def test_the_readme_shows_the_picture() -> None:
    """Before its first section, with words for those who cannot see it."""
    assert re.search(rf"!\[[^]]{{40,}}\]\({PICTURE.relative_to(ROOT)}\)", section("README.md#toolkit"))


def test_the_readme_names_every_provider() -> None:
    """The table has a row for each, with its login, and its models where they are always the same."""
    table = re.findall(r"^\| `.*$", section("README.md#Which sites"), re.M)
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in table]
    assert [row[0] for row in rows] == [f"`{name}`" for name in registry.names()]
    for name, (_, _, login, models) in zip(registry.names(), rows, strict=True):
        provider = registry.find(name)
        assert (login == "yes") == provider.needs_auth
        assert tuple(re.findall(r"`(.+?)`", models)) == provider.known_models


def test_the_readme_names_every_variable() -> None:
    """Those that a person can set; what one process of ours sets for another is no business of theirs."""
    named = set(re.findall(r"TOOLKIT_[A-Z_]+", section("configuration.md#Variables")))
    read = set()
    for file in (ROOT / "toolkit").rglob("*.py"):
        read |= set(re.findall(r"\"(TOOLKIT_[A-Z_]+)\"", file.read_text(encoding="utf-8")))
    assert read - {"TOOLKIT_CA_SPKI"} == {name.rstrip("_") for name in named}


def test_nothing_else_lies_at_the_top() -> None:
    """The top level holds five things, and dot-files."""
    kept = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    made = {"build", "dist", "test-results"}
    assert kept - made == {"README.md", "browsers.json", "pyproject.toml", "tests", "toolkit"}


@pytest.mark.parametrize("name", PAGES)
def test_each_option_exists(name: str) -> None:
    """Those that the text names are the command's, or somebody else's that are known here."""
    others = {
        "--help",
        "--record-mode",
        "--toolkit-max-age",
        "--toolkit-record-mode",
        "--remote-debugging-port",
        "--user-data-dir",
        "--without-pip",
        "--python",
    }
    parameters = [parameter for command in COMMANDS.values() for parameter in command.params]
    known = {name for one in parameters for name in (*one.opts, *one.secondary_opts)}
    named = {
        option for code in re.findall(r"`([^`\n]+)`", PAGES[name]) for option in re.findall(r"--[a-z][a-z-]+", code)
    }
    assert named - others - known == set()


@pytest.mark.parametrize("name", PAGES)
def test_each_link_leads_somewhere(name: str) -> None:
    """To a heading, or to a file that the package of the sources has too, so that it leads there for its readers."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    included = [ROOT / path.lstrip("/") for path in project["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]]
    for link in re.findall(r"\]\((?!https://)([^)]+)\)", PAGES[name]):
        target, _, anchor = link.partition("#")
        path = (FILES[name].parent / target).resolve() if target else FILES[name]
        assert path.exists(), link
        assert any(path.is_relative_to(place) for place in included), link
        if anchor:
            assert anchor in headings(PAGES[path.name]), link


def test_every_extra_is_on_the_page() -> None:
    """That on the installation has a row for each that `pyproject.toml` has."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    rows = re.findall(r"^\| `([a-z-]+)` \|", section("installation.md#Extras"), re.MULTILINE)
    assert sorted(rows) == sorted(project["optional-dependencies"])


def test_the_figures_are_those_of_one_run() -> None:
    """The table of speed is made from what the benchmarks have written, and every bar in it is one of theirs."""
    assert table(json.loads(RESULTS.read_text(encoding="utf-8"))) in section("speed.md#One run")
