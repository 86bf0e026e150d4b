"""Our pytest plugin beside others that people have: none takes a name of another's, whichever is loaded first."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import python_path
from tests.testing.test_pytest_plugin import DEMOS, INI, PROMPT

# What to install, and the modules of the plugins. pytest-recording refuses to run beside pytest-vcr.
SETS = {
    "recording": (
        ("pytest-recording", "pytest-randomly", "syrupy"),
        ("pytest_recording.plugin", "pytest_randomly", "syrupy"),
    ),
    "vcr": (("pytest-vcr",), ("pytest_vcr",)),
}
HERE = ("pytest_playwright.pytest_playwright", "pytest_asyncio.plugin", "anyio.pytest_plugin")
OURS = "toolkit.testing.pytest_plugin"
SUITE = f"""
import pytest

@pytest.mark.recording("aura.har")
async def test_ours(toolkit_client):
    assert "blue" in await toolkit_client.chat({PROMPT!r}).text()

def test_options(pytestconfig):
    assert pytestconfig.getoption("--toolkit-record-mode") == "once"
    assert pytestconfig.getoption("--record-mode", None) == {{theirs!r}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """Where the packages of a set are installed, beside the environment of this run."""
    place = tmp_path_factory.mktemp("plugins")
    command = [getattr(sys, "_base_executable", sys.executable), "-m", "pip", "install", "-q", "--target", str(place)]
    made = subprocess.run([*command, *SETS[request.param][0]], capture_output=True, text=True, check=False)
    if made.returncode and not os.environ.get("CI"):
        pytest.skip(f"the plugins cannot be installed: {made.stderr.strip().splitlines()[-1:]}")
    assert made.returncode == 0, made.stderr
    return place


@pytest.mark.parametrize("first", [True, False], ids=["ours first", "ours last"])
@pytest.mark.parametrize(("folder", "name"), [(name, name) for name in SETS], indirect=["folder"], ids=[*SETS])
def test_no_name_of_ours_clashes(folder: Path, name: str, first: bool, pytester: pytest.Pytester) -> None:
    """Options, markers and fixtures of all of them can be used in one run, in which warnings are errors. Where
    pytest-recording is there, `--record-mode` is its own."""
    has_short = name == "recording"
    shutil.copy(DEMOS / "aura.har", pytester.path)
    pytester.makepyfile(SUITE.format(theirs="none" if has_short else None))
    pytester.makeini(INI)
    others = [*SETS[name][1], *HERE]
    plugins = [OURS, *others] if first else [*others, OURS]
    options = ["--toolkit-record-mode=once", *(["--record-mode=none"] if has_short else [])]
    command = [sys.executable, "-m", "pytest", *(word for plugin in plugins for word in ("-p", plugin)), *options]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": python_path(folder)}
    done = subprocess.run(command, cwd=pytester.path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout
