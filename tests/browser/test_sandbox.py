"""Chromium's sandbox: on wherever there can be one, for real, as a user other than root."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from toolkit.browser.installed_browsers import InstalledBrowser
from toolkit.browser.profiles import Profile
from toolkit.browser.sandbox import wants_sandbox

SYSTEM = InstalledBrowser(name="Chromium", source="system", path="/usr/bin/chromium")
NOBODY = 65534


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Chromium refuses root there only")
@pytest.mark.usefixtures("fresh_process_memory")
def test_root_starts_without_and_is_told_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As root there is no first attempt with a sandbox, unless the profile insists; one warning for the process."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert not wants_sandbox(Profile(), SYSTEM)
    assert not wants_sandbox(Profile(), SYSTEM)
    assert wants_sandbox(Profile(sandbox=True), SYSTEM)
    assert not wants_sandbox(Profile(browser="firefox", sandbox=True), SYSTEM)
    assert [record.name for record in caplog.records] == ["toolkit"]


CHILD = """
import asyncio, logging, os, sys
from playwright.async_api import async_playwright
from tests.browser.conftest import running_browsers
from toolkit.browser.launch import launch
from toolkit.browser.profiles import Profile
from toolkit.errors import BrowserError
import encodings.idna, toolkit.browser.installed_browsers

async def main():
    logging.basicConfig(format="warned: %(message)s", stream=sys.stdout)
    async with async_playwright() as playwright:
        for sandbox in (None, None, False, True):
            try:
                browser = await launch(playwright, Profile(sandbox=sandbox))
            except BrowserError as error:
                print(sandbox, "error", error)
                continue
            (line,) = running_browsers()
            print(sandbox, "off" if "--no-sandbox" in line else "on")
            await browser.close()

asyncio.run(main())
"""

# Becomes somebody else, who may read what root may: the tests can lie in a folder that is root's alone.
BECOME = f"""
import os, sys
if "refuse" in sys.argv:
    with open("/proc/sys/user/max_user_namespaces", "w") as limit:
        limit.write("0")
caps = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
who = ["--reuid={NOBODY}", "--regid={NOBODY}", "--clear-groups"]
os.execvp("setpriv", ["setpriv", *who, *caps, sys.executable, "-c", sys.argv[1]])
"""


def child(*arguments: str) -> list[str]:
    """The command that starts the browsers as a user other than root."""
    root = os.geteuid() == 0
    return [sys.executable, "-c", *((BECOME, CHILD, *arguments) if root else (CHILD,))]


@pytest.fixture
def their_home() -> Iterator[dict[str, str]]:
    """An environment with a home that a user other than root may write; pytest's own folders are root's alone."""
    home = tempfile.mkdtemp(prefix="toolkit-home-")
    if os.geteuid() == 0:
        os.chown(home, NOBODY, NOBODY)
    yield {**os.environ, "HOME": home, "XDG_CACHE_HOME": "", "XDG_CONFIG_HOME": "", "PYTHONDONTWRITEBYTECODE": "1"}
    shutil.rmtree(home)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_without_root_the_sandbox_is_on_where_there_can_be_one(their_home: dict[str, str]) -> None:
    """Where this system lets a plain user have namespaces, Chromium has its sandbox and nothing is said.

    Where it does not, the browser starts without and that is said once; insisting fails.
    """
    plain = NOBODY if os.geteuid() == 0 else None
    namespaces = subprocess.run(["unshare", "--user", "true"], user=plain, capture_output=True, check=False)
    result = subprocess.run(child(), env=their_home, capture_output=True, text=True, check=True)
    if namespaces.returncode == 0:
        assert result.stdout.splitlines() == ["None on", "None on", "False off", "True on"]
    else:
        assert_started_without(result.stdout.splitlines())


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_where_namespaces_are_refused_it_starts_without(their_home: dict[str, str]) -> None:
    """On a system that refuses them to plain users, the browser starts without, says so once, and insisting fails."""
    everybody = Path("/proc/self/uid_map").read_text().split() == ["0", "0", "4294967295"]
    if os.geteuid() != 0 or not everybody:
        pytest.skip("only the machine's own root can make such a system")
    if subprocess.run(["unshare", "--user", "true"], capture_output=True, check=False).returncode:
        pytest.skip("this system is such a one itself, so the test before this has shown it")
    # A user namespace of its own, in which no further one may be made; it needs its users before it starts Python.
    process = subprocess.Popen(
        ["unshare", "--user", "sh", "-c", 'echo ready; read go; exec "$@"', "sh", *child("refuse")],
        env=their_home,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        for kind in ("uid_map", "gid_map"):
            Path(f"/proc/{process.pid}/{kind}").write_text("0 0 65536")
        out, _ = process.communicate("\n")
    assert process.returncode == 0
    assert_started_without(out.splitlines())


def assert_started_without(lines: list[str]) -> None:
    assert lines[0].startswith("warned: Chromium runs without its sandbox")
    assert lines[1:4] == ["None off", "None off", "False off"]
    assert lines[4].startswith("True error The browser cannot have its sandbox here")
    assert len(lines) == 5
