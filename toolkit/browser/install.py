"""`toolkit install`: make sure that there is a browser that Playwright can drive, and that it really starts.

The order of the steps is `install`, which asks a `System` for each of them; `ThisSystem` is the machine itself. Waits
for nothing that cannot come: where the download host does not answer, no download is tried.
"""

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
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, Protocol

import msgspec

from toolkit.browser.profiles import Profile
from toolkit.errors import BrowserError, BrowserMissing, DriverFailed

DOWNLOAD_HOST = "https://cdn.playwright.dev"
PROBE_SECONDS = 3.0
DRIVER_PACKAGES = ("libatomic1", "libstdc++6")  # what Playwright's Node needs and a minimal Debian does not have
APT_SECONDS = 5  # for a mirror to answer; apt's own limit is 30 s, for each of them

Report = Callable[[str], None]


class InstallResult(msgspec.Struct, frozen=True, kw_only=True):
    """What `install` found or did. `path` and `version` are those of the browser, None where there is none."""

    outcome: Literal["found", "installed", "missing"]
    path: str | None = None
    version: str | None = None


class StartedBrowser(msgspec.Struct, frozen=True, kw_only=True):
    """A browser that has been started and closed again. `window` says whether there is one that can have a window."""

    name: str
    path: str
    version: str
    window: bool = True


class System(Protocol):
    """The outside steps of `install`."""

    def start(self, profile: Profile) -> StartedBrowser:
        """Find the profile's browser and really launch it. Raises `BrowserError`, `BrowserMissing` for none."""

    def can_download(self, browser: str) -> bool:
        """Whether the host that Playwright downloads `browser` from answers."""

    def run(self, command: Sequence[str]) -> bool:
        """Run a command, its output passed through. Whether it succeeded."""

    def root_prefix(self) -> tuple[str, ...] | None:
        """What to put before a command so that it runs as root without asking; None where that is not allowed."""

    def is_debian(self) -> bool:
        """Whether this is Debian, Ubuntu, or made from them."""


def install(
    *, check: bool = False, report: Report, profile: Profile | None = None, system: System | None = None
) -> InstallResult:
    """Find a browser for `profile` (the default one where None), or install one unless `check`.

    `report` gets what happens, one line at a time. Not to be called from inside a running event loop. Raises nothing
    for a browser that cannot be had: that is the outcome "missing", and `report` has been told what to do by hand.
    """
    profile = profile or Profile()
    system = system or ThisSystem()
    for mended in (False, True):
        try:
            return _have(system.start(profile), "found", report)
        except DriverFailed as error:
            report(error.what)
            if check or mended or not _apt_get(DRIVER_PACKAGES, system=system, report=report):
                report(f"By hand: install what it lacks (Debian: `sudo apt-get install {' '.join(DRIVER_PACKAGES)}`).")
                return InstallResult(outcome="missing")
        except BrowserError as error:
            report(error.what)
            break
    if check:
        report(f"To install one: toolkit install. Or by hand: {by_hand(profile.browser)}")
        return InstallResult(outcome="missing")
    if profile.executable_path is None:  # which nothing that we could install would bring
        for step in (_download, _apt):
            if step(profile, system, report):
                try:
                    return _have(system.start(profile), "installed", report)
                except BrowserError as error:
                    report(f"It was installed, but does not work: {error.what}")
    report(f"No browser was installed. By hand: {by_hand(profile.browser)}")
    return InstallResult(outcome="missing")


def by_hand(browser: str) -> str:
    """What a person can do where `install` cannot help."""
    download = f"run `python -m playwright install {browser}` where downloads work (or behind HTTPS_PROXY)"
    if browser != "chromium":
        return f"{download}."
    return (
        f"{download}; or install Chromium, Google Chrome or Microsoft Edge as your system does (Debian: `sudo apt-get "
        "install chromium`); or name a browser's program as `executable_path` in browsers.json."
    )


def download_host(browser: str, environ: Mapping[str, str]) -> str:
    """Where Playwright downloads `browser` from (https://playwright.dev/python/docs/browsers#download-from-artifact-repository)."""
    own = environ.get(f"PLAYWRIGHT_{browser.upper()}_DOWNLOAD_HOST")
    return own or environ.get("PLAYWRIGHT_DOWNLOAD_HOST") or DOWNLOAD_HOST


def is_reachable(url: str, seconds: float = PROBE_SECONDS) -> bool:
    """Whether anything answers at `url` within that time, by the proxy of the environment where there is one.

    Any HTTP status will do, and so will a certificate that Python does not trust: Playwright has its own list.
    """
    answered = threading.Event()

    def ask() -> None:
        try:
            # an opener of our own: the shared one keeps the proxies that it saw first
            opener = urllib.request.build_opener()
            opener.open(urllib.request.Request(url, method="HEAD"), timeout=seconds).close()
        except urllib.error.HTTPError as error:
            error.close()
        except (OSError, ValueError) as error:  # ValueError: what the environment names is not a URL
            if "CERTIFICATE_VERIFY_FAILED" not in str(error):
                return
        answered.set()

    # A thread of its own, because nothing bounds how long a name takes to resolve.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    return answered.is_set()


class ThisSystem:
    """The machine that this runs on."""

    def start(self, profile: Profile) -> StartedBrowser:
        return asyncio.run(try_start(profile))

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


async def try_start(profile: Profile) -> StartedBrowser:
    """Find the browser of `profile` and really start it, without a window. Raises `BrowserError` and its like."""
    # Playwright is loaded here and not above, so that the command's help does not wait for it.
    from toolkit.browser.discovery import find_browser, install_hint, missing_message
    from toolkit.browser.driver import driver
    from toolkit.browser.launch import launch

    headless = msgspec.structs.replace(profile, headless=True)  # a machine that installs may have no display
    async with driver() as playwright:
        own = getattr(playwright, profile.browser).executable_path
        found = find_browser(headless, own)
        if found is None:
            raise BrowserMissing(missing_message(profile), hint=install_hint(profile))
        browser = await launch(playwright, headless)
        version = browser.version
        await browser.close()
    headed = find_browser(msgspec.structs.replace(profile, headless=False), own)
    window = headed is not None and not headed.shell
    return StartedBrowser(
        name=found.name, path=found.path or f"channel {found.channel}", version=version, window=window
    )


def _download(profile: Profile, system: System, report: Report) -> bool:
    if profile.channel is not None and profile.channel not in ("chromium", "chrome-for-testing"):
        return False  # Playwright's installer asks for the password of root for those
    if not system.can_download(profile.browser):
        report("Playwright's download host does not answer.")
        return False
    # --with-deps calls apt-get through sudo, which would ask; without them, most systems have what a browser needs
    installer = [sys.executable, "-m", "playwright", "install"]
    commands = [[*installer, profile.browser]]
    if system.is_debian() and system.root_prefix() is not None:
        commands.insert(0, [*installer, "--with-deps", profile.browser])
    report("Downloading Playwright's browser.")
    return any(system.run(command) for command in commands)


def _apt(profile: Profile, system: System, report: Report) -> bool:
    if profile.browser != "chromium" or profile.channel is not None:
        return False
    # not everywhere that there is the one is there the other, which is the quicker without a window
    return _apt_get(("chromium", "chromium-headless-shell"), ("chromium",), system=system, report=report)


def _apt_get(*choices: Sequence[str], system: System, report: Report) -> bool:
    """Install Debian packages, the first of `choices` that can be. Whether any could."""
    if not system.is_debian():
        return False
    root = system.root_prefix()
    if root is None:
        report("apt-get is not tried: it needs root, or sudo without a password.")
        return False
    limits = [f"-oAcquire::{scheme}::Timeout={APT_SECONDS}" for scheme in ("http", "https")]
    apt = [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-oAcquire::Retries=0", *limits]
    report(f"Installing {' and '.join(choices[0])} with apt-get.")
    # Lists that are missing or past bring no browser, or one with holes that are long known. That a source which has
    # nothing to do with this fails to update does not matter.
    system.run([*apt, "update"])
    return any(system.run([*apt, "install", "-y", "--no-install-recommends", *packages]) for packages in choices)


def _have(started: StartedBrowser, outcome: Literal["found", "installed"], report: Report) -> InstallResult:
    report(f"{outcome.capitalize()} {started.name} {started.version} ({started.path}).")
    return InstallResult(outcome=outcome, path=started.path, version=started.version)
