"""The README for those who have nothing yet: its commands that install, word for word, in a clone of the repository."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
from playwright.async_api import Playwright

from tests.browser.person import by_hand, type_into
from tests.cli.test_login import headed, window_of
from tests.cli.test_replayed_chat import answer
from tests.readme.blocks import PROVIDER, ROOT
from tests.readme.reader import reading
from tests.sites.mysite import ANSWER, PASSWORD, USER, application

MADE = (".venv", ".git", "*_cache", "__pycache__", "build", "dist", "test-results")
SECONDS = 540  # pip fetches packages


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree as it is cloned, without what is made in it."""
    return shutil.copytree(ROOT, tmp_path_factory.mktemp("near") / "toolkit", ignore=shutil.ignore_patterns(*MADE))


def newcomer() -> dict[str, str]:
    """An environment in which nothing is installed, and pip finds packages as ever. What runs is what pip installs from
    the clone, not the tree that other tests run."""
    own = str(Path(sys.executable).parent)
    path = os.pathsep.join(folder for folder in os.environ["PATH"].split(os.pathsep) if folder != own)
    kept = {name: value for name, value in os.environ.items() if name == "HOME" or name.startswith("PIP_")}
    return kept | {"PATH": path, "PYTHONPATH": ""}


async def test_the_first_command(clone: Path) -> None:
    """An environment, a browser, and an answer, by one line."""
    async with reading("README.md#Try it", clone, {}) as reader:
        process = await reader.start(reader.take("sh", "--replay").text, newcomer())
        assert (await reader.end(process, SECONDS)).endswith(answer() + "\n")
        reader.take("sh", "pytest")  # `.ci/run` runs it, and is held to its words


async def test_the_providers_page(clone: Path, driver: Playwright, display: str) -> None:
    """In a new folder beside the clone: the package is installed, its login typed into a window; it answers, is
    recorded, and keeps the contract."""
    folder = clone.parent / "mysite"
    folder.mkdir()
    async with reading(PROVIDER, folder, {"chat.example.org": application()}) as reader:
        for block in [block for block in reader.left if block.file]:
            reader.write(block.language, block.text)
        browsers = {"TOOLKIT_BROWSERS": headed(reader.toolkit, display)}
        process = await reader.start(reader.take("sh", "toolkit login mysite").text, newcomer() | browsers)
        async with window_of(process, reader.toolkit, driver, "/login", SECONDS) as page:
            await type_into(display, page, "[name=email]", USER)
            await type_into(display, page, "[name=password]", PASSWORD)
            await by_hand(display, "key", "Return")
            printed = await reader.end(process, SECONDS)
    assert f"logged in as {USER} at https://chat.example.org" in printed
    assert printed.count("".join(ANSWER)) == 2
    assert "1 passed" in printed
