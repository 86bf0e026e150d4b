"""The folder for temporary files of the driver and its browsers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.conftest import running_browsers
from toolkit.browser.driver import driver
from toolkit.browser.launch import launch
from toolkit.browser.profiles import Profile
from toolkit.browser.temp import PREFIX, own_folder

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="has no locks for folders")

HOLD = """
from toolkit.browser.temp import own_folder
with own_folder() as folder:
    (folder / "profile").mkdir()
    print(folder, flush=True)
    input()
"""


@pytest.fixture
def temp(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where temporary files go meanwhile; a short path."""
    with tempfile.TemporaryDirectory(prefix="tk-") as folder:
        monkeypatch.setenv("TMPDIR", folder)
        monkeypatch.setattr(tempfile, "tempdir", None)
        yield Path(folder)


def test_a_folder_lasts_as_long_as_its_owner(temp: Path) -> None:
    """Another one is made beside it; when its owner is killed the next one removes it, and nothing else."""
    (temp / "toolkit-of-mine").mkdir()
    (temp / f"{PREFIX}link").symlink_to(temp / "toolkit-of-mine")
    with subprocess.Popen([sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        theirs = Path(os.fsdecode(owner.stdout.readline().strip()))
        with own_folder() as ours:
            assert ours is not None
            assert ours.parent == theirs.parent == temp
            assert (theirs / "profile").is_dir()
        assert not ours.exists()
        owner.send_signal(signal.SIGKILL)
    assert theirs.exists()
    with own_folder() as ours:
        assert not theirs.exists()
    assert sorted(path.name for path in temp.iterdir()) == ["toolkit-of-mine", f"{PREFIX}link"]


def test_a_path_that_is_too_long_for_a_socket_is_not_taken(temp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There the browser gets no folder of ours, for it would not start."""
    monkeypatch.setattr(tempfile, "tempdir", str(temp / ("long" * 10)))
    with own_folder() as ours:
        assert ours is None


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
async def test_driver_and_browser_use_it(temp: Path) -> None:
    """Whatever they keep while they run is in there, and is gone with it."""
    async with driver() as playwright:
        browser = await launch(playwright, Profile())
        (name,) = os.listdir(temp)
        assert any(kept.startswith("playwright") for kept in os.listdir(temp / name))
        assert any(name in part for line in running_browsers() for part in line)
        await browser.close()
    assert os.listdir(temp) == []
