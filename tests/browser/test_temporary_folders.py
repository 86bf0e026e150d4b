"""The folder for temporary files of the driver and its browsers."""

from __future__ import annotations

import ast
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import running_browsers
from tests.sites.asking import SECONDS
from toolkit.browser import temporary_folder_cleanup
from toolkit.browser.driver import driver
from toolkit.browser.launch import launch
from toolkit.browser.profiles import Profile
from toolkit.browser.temporary_folders import PREFIX, is_python_interpreter, temporary_folder

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="has no locks for folders")

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")

HOLD = """
from toolkit.browser.temporary_folders import temporary_folder
with temporary_folder() as folder:
    (folder / "profile").mkdir()
    print(folder, flush=True)
    input()
"""
FORK = """
import os, signal
from toolkit.browser.temporary_folders import temporary_folder
with temporary_folder():
    child = os.fork()
    if not child:
        signal.pause()
os.kill(child, signal.SIGKILL)
os.waitpid(child, 0)
try:
    os.waitpid(-1, os.WNOHANG)
except ChildProcessError:
    print("no child is left")
"""
LEAVE = """
import os, sys
from toolkit.browser.temporary_folders import temporary_folder
with temporary_folder() as folder:
    (folder / "profile").mkdir()
    child = os.fork()
    if not child:
        sys.exit()
    os.waitpid(child, 0)
    print((folder / "profile").exists(), flush=True)
    print(folder, flush=True)
    input()
"""
WORK = "import os; input(); open(os.environ['TMPDIR'] + '/late', 'x'); print(os.listdir(os.environ['TMPDIR']))"


PIPES: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}


def cleanup_processes(folder: Path) -> list[int]:
    """The processes that wait to remove it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended
            line = (process / "cmdline").read_bytes().split(b"\0")
            if os.fsencode(folder) in line and os.fsencode(temporary_folder_cleanup.__file__) in line:
                found.append(int(process.name))
    return found


def the_cleanup_process(folder: Path) -> int:
    """The one that there is: a process has no command line yet while it is being started."""
    while not (found := cleanup_processes(folder)):
        os.sched_yield()
    (pid,) = found
    return pid


@pytest.fixture
def temp(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where temporary files go meanwhile; a short path."""
    with tempfile.TemporaryDirectory(prefix="tk-") as folder:
        monkeypatch.setenv("TMPDIR", folder)
        monkeypatch.setattr(tempfile, "tempdir", None)
        yield Path(folder)


@linux
def test_a_folder_lasts_as_long_as_its_owner(temp: Path) -> None:
    """Another one is made beside it; when its owner and the cleanup process are killed the next one removes it, and
    nothing else."""
    (temp / "toolkit-of-mine").mkdir()
    (temp / f"{PREFIX}link").symlink_to(temp / "toolkit-of-mine")
    with subprocess.Popen([sys.executable, "-c", HOLD], **PIPES) as owner:
        assert owner.stdout is not None
        theirs = Path(os.fsdecode(owner.stdout.readline().strip()))
        with temporary_folder() as ours:
            assert ours is not None
            assert ours.parent == theirs.parent == temp
            assert (theirs / "profile").is_dir()
        assert not ours.exists()
        for process in (the_cleanup_process(theirs), owner.pid):
            os.kill(process, signal.SIGKILL)
    assert theirs.exists()
    with temporary_folder() as ours:
        assert not theirs.exists()
    assert sorted(path.name for path in temp.iterdir()) == ["toolkit-of-mine", f"{PREFIX}link"]


@linux
def test_a_cleanup_process_comes_after_an_owner_that_is_killed(temp: Path) -> None:
    """When nobody works in the folder any more it is removed, and the cleanup process is gone as well."""
    with subprocess.Popen([sys.executable, "-c", HOLD], **PIPES) as owner:
        assert owner.stdout is not None
        folder = Path(os.fsdecode(owner.stdout.readline().strip()))
        ending = os.pidfd_open(the_cleanup_process(folder))
        environ = {**os.environ, "TMPDIR": str(folder)}
        with subprocess.Popen([sys.executable, "-c", WORK], env=environ, **PIPES) as worker:
            owner.kill()
            owner.wait()
            told, _ = worker.communicate(b"\n")
            assert sorted(ast.literal_eval(told.decode())) == ["late", "profile"]
    assert select.select([ending], [], [], SECONDS)[0]
    os.close(ending)
    assert os.listdir(temp) == []


@linux
def test_an_owner_that_ends_leaves_no_cleanup_process(temp: Path) -> None:
    """It is ended, and no zombie remains; a child that was forked meanwhile keeps nobody waiting."""
    run = subprocess.run([sys.executable, "-c", FORK], capture_output=True, text=True, check=True)
    assert run.stdout == "no child is left\n"
    assert os.listdir(temp) == []


@linux
def test_a_fork_that_ends_takes_nothing_away(temp: Path) -> None:
    """Neither the folder that its parent works in, nor the cleanup process of that."""
    with subprocess.Popen([sys.executable, "-c", LEAVE], **PIPES, text=True) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "True\n"
        folder = Path(owner.stdout.readline().rstrip())
        assert the_cleanup_process(folder)
        owner.communicate("\n")
    assert not folder.exists()


def test_a_cleanup_process_leaves_what_is_not_its_owners(temp: Path) -> None:
    """A link of that name, or a folder that somebody else has locked since."""
    fcntl = pytest.importorskip("fcntl")
    other = temp / "other"
    other.mkdir()
    link, locked = temp / f"{PREFIX}link", temp / f"{PREFIX}locked"
    link.symlink_to(other)
    locked.mkdir()
    handle = os.open(locked, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    for folder in (link, locked):
        subprocess.run(
            [sys.executable, temporary_folder_cleanup.__file__, str(folder)], stdin=subprocess.DEVNULL, check=True
        )
    os.close(handle)
    assert other.exists()
    assert locked.exists()


def test_only_python_is_started_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A frozen program would be started again, and a server that runs Python too."""
    assert is_python_interpreter()
    assert is_python_interpreter("/usr/bin/pypy3")
    assert not is_python_interpreter("/usr/sbin/uwsgi")
    assert not is_python_interpreter("")
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert not is_python_interpreter()


def test_a_path_that_is_too_long_for_a_socket_is_not_taken(temp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There the browser gets no folder of ours, for it would not start."""
    monkeypatch.setattr(tempfile, "tempdir", str(temp / ("long" * 10)))
    with temporary_folder() as ours:
        assert ours is None


@linux
async def test_driver_and_browser_use_it(temp: Path) -> None:
    """Whatever they keep while they run is in there, and is gone with it."""
    async with driver() as playwright:
        browser = await launch(playwright, Profile())
        (name,) = os.listdir(temp)
        assert any(kept.startswith("playwright") for kept in os.listdir(temp / name))
        assert any(name in part for line in running_browsers() for part in line)
        await browser.close()
    assert os.listdir(temp) == []
