"""The machine as `install` uses it: starts browsers, runs commands, checks the download host, identifies the system."""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Protocol

from toolkit.browser.profiles import Profile
from toolkit.browser.try_start import StartedBrowser, try_start

DOWNLOAD_HOST = "https://cdn.playwright.dev"
PROBE_SECONDS = 3.0


class System(Protocol):
    """What `install` asks of the machine that it runs on. Tests give another one."""

    def start(self, profile: Profile) -> StartedBrowser:
        """Start the browser of `profile` and close it again. Raises `BrowserError`, and `BrowserMissing` for none."""

    def can_download(self, browser: str) -> bool:
        """Whether the host from which Playwright downloads `browser` answers."""

    def run(self, command: Sequence[str]) -> bool:
        """Run a command, with its output passed through. Returns whether it succeeded."""

    def root_prefix(self) -> tuple[str, ...] | None:
        """What to put before a command so that it runs as root and asks nothing; None where that is not possible."""

    def is_debian(self) -> bool:
        """Whether this is Debian, Ubuntu, or a system derived from them."""


class ThisSystem:
    """The machine that this process runs on. `run_coroutine` runs the coroutine that starts a browser."""

    def __init__(
        self, run_coroutine: Callable[[Coroutine[Any, Any, StartedBrowser]], StartedBrowser] = asyncio.run
    ) -> None:
        self._run_coroutine = run_coroutine

    def start(self, profile: Profile) -> StartedBrowser:
        return self._run_coroutine(try_start(profile))

    def can_download(self, browser: str) -> bool:
        return is_reachable(download_host(browser, os.environ))

    def run(self, command: Sequence[str]) -> bool:
        try:
            return subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode == 0
        except OSError:  # no such program
            return False

    def root_prefix(self) -> tuple[str, ...] | None:
        if sys.platform == "win32":
            return None
        if os.geteuid() == 0:
            return ()
        sudo = shutil.which("sudo")
        if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0:
            return (sudo, "-n")
        return None

    def is_debian(self) -> bool:
        try:
            release = platform.freedesktop_os_release()
        except OSError:
            return False
        return not {"debian", "ubuntu"}.isdisjoint([release.get("ID"), *release.get("ID_LIKE", "").split()])


def download_host(browser: str, environ: Mapping[str, str]) -> str:
    """The URL from which Playwright downloads `browser` (https://playwright.dev/python/docs/browsers#download-from-artifact-repository)."""
    own = environ.get(f"PLAYWRIGHT_{browser.upper()}_DOWNLOAD_HOST")
    return own or environ.get("PLAYWRIGHT_DOWNLOAD_HOST") or DOWNLOAD_HOST


def is_reachable(url: str, seconds: float = PROBE_SECONDS) -> bool:
    """Whether anything answers at `url` within `seconds`, through the environment's proxy where there is one.

    Any HTTP status counts, and so does a certificate that Python does not trust: Playwright has its own list.
    """
    answered = threading.Event()

    def ask() -> None:
        try:
            # a new opener, because the shared one keeps the proxies of its first use
            opener = urllib.request.build_opener()
            opener.open(urllib.request.Request(url, method="HEAD"), timeout=seconds).close()
        except urllib.error.HTTPError as error:
            error.close()
        except (OSError, ValueError) as error:  # ValueError: the environment has a proxy or host that is no URL
            if "CERTIFICATE_VERIFY_FAILED" not in str(error):
                return
        answered.set()

    # A thread, because nothing limits how long resolving a name takes.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    return answered.is_set()
