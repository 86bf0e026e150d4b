"""Playwright's driver: a start and an end that take no longer than their limits, whatever the program does."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.browser.conftest import command_line, descendants, program
from tests.sites.asking import SECONDS, until
from toolkit.browser import driver as driver_module
from toolkit.browser.closing import close_browser
from toolkit.browser.driver import driver, memory_limit_hint
from toolkit.browser.launch import launch
from toolkit.browser.profiles import Profile
from toolkit.errors import DriverFailed

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")


@pytest.fixture(autouse=True)
def little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ABANDON_SECONDS", "STOP_SECONDS"):
        monkeypatch.setattr(driver_module, name, 0.2)
    monkeypatch.setattr(driver_module, "KILL_SECONDS", float(SECONDS))
    monkeypatch.setattr("toolkit.browser.closing.CLOSE_SECONDS", 0.2)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def environment(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace")
    except OSError:  # it has just ended
        return ""


@pytest.fixture
def mute_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Takes the place of the driver's program, reads what it is told, and never says anything."""
    mute = program(tmp_path / "node", '#!/bin/sh\nread never < "$0.pipe"\n')
    os.mkfifo(f"{mute}.pipe")
    monkeypatch.setenv("PLAYWRIGHT_NODEJS_PATH", str(mute))
    return mute


async def test_a_driver_that_does_not_start_is_given_up(mute_program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within its limit; and nothing of it is left."""
    monkeypatch.setattr(driver_module, "START_SECONDS", 0.3)
    before = descendants()
    with pytest.raises(DriverFailed, match=r"did not start within 0\.3 s"):
        async with driver():
            pass
    await until(lambda: descendants() <= before)


async def test_the_start_of_a_driver_can_be_cancelled(mute_program: Path) -> None:
    """Long before its limit."""
    before = descendants()
    starting = asyncio.ensure_future(driver().__aenter__())
    await until(lambda: len(descendants() - before) > 1)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    await until(lambda: descendants() <= before)


@contextmanager
def files_left(number: int) -> Iterator[None]:
    """This process can open so many files, and no more."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    held: list[int] = []
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
        with suppress(OSError):
            while True:
                held.append(os.open(os.devnull, os.O_RDONLY))
        for handle in held[:number]:
            os.close(handle)
        yield
    finally:
        for handle in held[number:]:
            os.close(handle)
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


async def test_a_driver_without_files_left_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    """With what helps, which is no installation; and asyncio does not log what the error tells."""
    with files_left(3), pytest.raises(DriverFailed, match=r"too many open files.*`ulimit -n`") as caught:
        async with driver():
            pass
    assert "toolkit install" not in str(caught.value)
    del caught
    gc.collect()
    assert [record.getMessage() for record in caplog.records if record.name == "asyncio"] == []


async def test_a_driver_that_ends_at_once_says_so_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """So does one whose program is not there."""
    for path in (program(tmp_path / "ends", "#!/bin/sh\nexit 3\n"), tmp_path / "absent"):
        monkeypatch.setenv("PLAYWRIGHT_NODEJS_PATH", str(path))
        with pytest.raises(DriverFailed, match=r"ended with code 3|No such file"):
            async with driver():
                pass
        gc.collect()
    assert [record.getMessage() for record in caplog.records if record.name == "asyncio"] == []


@pytest.mark.parametrize("stopped", [lambda line: "run-driver" in line, lambda line: True], ids=["driver", "all"])
async def test_what_is_stopped_is_killed_in_the_end(stopped: Callable[[str], bool]) -> None:
    """The driver, or the browser with it: neither gets a signal to end, nor reads that it is to."""
    before = descendants()
    async with asyncio.timeout(SECONDS), driver() as playwright:
        browser = await launch(playwright, Profile())
        started = descendants() - before
        for pid in filter(lambda pid: stopped(command_line(pid)), started):
            os.kill(pid, signal.SIGSTOP)
        await close_browser(browser)
    await until(lambda: not any(map(is_alive, started)))  # what has lost its parent descends from us no more


SECRETS = {
    "TOOLKIT_STORE_KEY": "s3cr3t-key",
    "TOOLKIT_SESSION_AURA": "s3cr3t-session",
    "TOOLKIT_STORE": "redis://ada:s3cr3t-redis@127.0.0.1:1/0",
    "HTTPS_PROXY": "http://ada:s3cr3t-proxy@127.0.0.1:1",
    "all_proxy": "socks5://ada:s3cr3t-proxy@127.0.0.1:1",
}


@pytest.mark.parametrize("replaced", [True, False], ids=["asks us", "asks nobody"])
@pytest.mark.parametrize("profile", [Profile(), Profile(env={"MINE": "1"})], ids=["plain", "with variables"])
async def test_neither_the_driver_nor_a_browser_gets_our_secrets(
    monkeypatch: pytest.MonkeyPatch, profile: Profile, replaced: bool
) -> None:
    """Also with a Playwright that builds the environment in a way of its own; and this process keeps them."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    if not replaced:
        monkeypatch.setattr("playwright._impl.transport.get_driver_env", lambda: dict(os.environ))
    before = descendants()
    async with driver() as playwright:
        browser = await launch(playwright, profile)
        told = [environment(pid) for pid in descendants() - before]
        await browser.close()
    assert len(told) > 2
    assert not [one for one in told if "s3cr3t" in one]
    assert any("HTTPS_PROXY=http://127.0.0.1:1\0" in one for one in told)
    assert {name: os.environ[name] for name in SECRETS} == SECRETS


def test_a_limit_of_the_address_space_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is too low for Node, with how much it is."""
    import resource

    monkeypatch.setattr(resource, "getrlimit", lambda _: (150_000 * 1024, resource.RLIM_INFINITY))
    assert "146 MiB of address space (`ulimit -v`)" in memory_limit_hint()
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert memory_limit_hint() == ""
