"""What the tests of the browser's room share: an eye on the processes below this one."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Playwright

from toolkit.browser import managed_browser, sandbox

ONLY_FORKED = 0x40  # PF_FORKNOEXEC of Linux: its command line is still its parent's


@pytest.fixture
def fresh_process_memory() -> Iterator[None]:
    """As if this process had launched nothing and warned of nothing yet."""
    before = (set(sandbox._already_warned), set(sandbox._without_sandbox))
    sandbox._already_warned.clear()
    sandbox._without_sandbox.clear()
    yield
    for now, then in zip((sandbox._already_warned, sandbox._without_sandbox), before, strict=True):
        now.clear()
        now.update(then)


@pytest.fixture
def one_driver(driver: Playwright, monkeypatch: pytest.MonkeyPatch) -> None:
    """Managers use the driver that these tests have, and start none: for what does not depend on whose it is."""

    @asynccontextmanager
    async def started(roots: bytes | None = None) -> AsyncIterator[Playwright]:
        assert roots is None
        yield driver

    monkeypatch.setattr(managed_browser, "driver", started)


@pytest.fixture
def browser_processes() -> Callable[[], list[list[str]]]:
    """A call that gives the command lines of the browsers that run below this process."""
    if not sys.platform.startswith("linux"):
        pytest.skip("looks into /proc")
    return running_browsers


def program(path: Path, text: str = "#!/bin/sh\n") -> Path:
    """A program at `path`, a shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def running_browsers() -> list[list[str]]:
    """Command lines of the running browsers (not their helpers) that descend from this process."""
    lines = []
    for pid in descendants():
        try:
            flags = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[6])
            if not flags & ONLY_FORKED:
                lines.append(Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0"))
        except (OSError, ProcessLookupError):
            continue  # it ended while we looked
    return [line for line in lines if "--remote-debugging-pipe" in line]


def command_line(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().decode().replace("\0", " ")


def descendants(but: Collection[int] = ()) -> set[int]:
    """The processes that descend from this one and have not ended; `but` are left out, with what descends from them."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
        except (OSError, ProcessLookupError):
            continue  # it ended while we looked
        if state != "Z":
            parents[int(folder.name)] = int(parent)

    def ours(pid: int) -> bool:
        while pid > 1 and pid != os.getpid() and pid not in but:
            pid = parents.get(pid, 0)
        return pid == os.getpid()

    return {pid for pid in parents if pid != os.getpid() and ours(pid)}
