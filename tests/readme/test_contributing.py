"""The contributing guide is true: what it names is there, and it names every room."""

from __future__ import annotations

import re
from importlib.util import find_spec

import pytest

from tests.readme.blocks import README, ROOT
from tests.test_architecture import ROOMS

GUIDE = (ROOT / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")
CODE = re.findall(r"`([^`\n]+)`", GUIDE)
PATHS = sorted({word for code in CODE for word in code.split() if "/" in word})
MODULES = sorted({name for code in CODE for name in re.findall(r"python -m ([\w.]+)", code)})


def test_the_readme_links_it() -> None:
    assert "](.github/CONTRIBUTING.md)" in README


def test_paths_and_modules_are_found_in_it() -> None:
    """The two lists that the tests below go through are not empty by mistake."""
    assert "toolkit/client/client.py" in PATHS
    assert "tests.faults" in MODULES


@pytest.mark.parametrize("path", PATHS)
def test_each_path_exists(path: str) -> None:
    """From the top of the project; one with a `*` matches something."""
    assert list(ROOT.glob(path)), f"CONTRIBUTING.md names {path}, which is not there"


@pytest.mark.parametrize("name", MODULES)
def test_each_module_that_is_run_exists(name: str) -> None:
    assert find_spec(name) is not None


def test_every_room_has_its_line() -> None:
    """In the order in which they import each other, from the ground up."""
    rows = re.findall(r"^\| `toolkit/(\w+)(?:/|\.py)` \|", GUIDE, re.MULTILINE)
    assert rows == list(ROOMS)
