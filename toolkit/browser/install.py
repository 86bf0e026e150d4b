"""`toolkit install`: makes sure that a browser is there that Playwright can drive, and that it starts.

`install` is the order of the steps; what touches the machine is in `toolkit.browser.host_system`. Does not try what
cannot succeed: where the download host does not answer, there is no download.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from toolkit.browser.host_system import System, ThisSystem
from toolkit.browser.profiles import Profile
from toolkit.browser.try_start import StartedBrowser
from toolkit.errors import BrowserError, DriverFailed

DRIVER_PACKAGES = ("libatomic1", "libstdc++6")  # what Playwright's Node needs and a minimal Debian does not have
APT_SECONDS = 5  # for a mirror to answer; apt's own limit is 30 s for each mirror

Report = Callable[[str], None]


class InstallResult(msgspec.Struct, frozen=True, kw_only=True):
    """What `install` found or did. `path` and `version` are the browser's; None where none was found or installed."""

    outcome: Literal["found", "installed", "missing"]
    path: str | None = None
    version: str | None = None


def install(
    *, check: bool = False, report: Report, profile: Profile | None = None, system: System | None = None
) -> InstallResult:
    """Find a browser for `profile` (by default a plain one), or install one unless `check`.

    `report` is called with each line of text about what happens. A browser that cannot be installed is no exception:
    the outcome is "missing", and `report` got what to do by hand. Must not be called inside a running event loop.
    """
    profile = profile or Profile()
    system = system or ThisSystem()
    for driver_repaired in (False, True):
        try:
            return _report_browser(system.start(profile), "found", report)
        except DriverFailed as error:
            report(error.what)
            if error.hint and error.hint != DriverFailed.hint:  # what helps is no installation
                report(error.hint)
                return InstallResult(outcome="missing")
            if check or driver_repaired or not _apt_get(DRIVER_PACKAGES, system=system, report=report):
                report(f"By hand: install what it lacks (Debian: `sudo apt-get install {' '.join(DRIVER_PACKAGES)}`).")
                return InstallResult(outcome="missing")
        except BrowserError as error:
            report(error.what)
            break
    if check:
        report(f"To install one: toolkit install. Or by hand: {by_hand(profile.browser)}")
        return InstallResult(outcome="missing")
    if profile.executable_path is None:  # a program that the profile names is not ours to install
        for install_browser in (_download, _install_with_apt):
            if install_browser(profile, system, report):
                try:
                    return _report_browser(system.start(profile), "installed", report)
                except BrowserError as error:
                    report(f"It was installed, but does not work: {error.what}")
    report(f"No browser was installed. By hand: {by_hand(profile.browser)}")
    return InstallResult(outcome="missing")


def by_hand(browser: str) -> str:
    """The text that says what a person can do where `install` could not."""
    download = f"run `python -m playwright install {browser}` where downloads work (or behind HTTPS_PROXY)"
    if browser != "chromium":
        return f"{download}."
    return (
        f"{download}; or install Chromium, Google Chrome or Microsoft Edge as your system does (Debian: `sudo apt-get "
        "install chromium`); or name a browser's program as `executable_path` in browsers.json."
    )


def _download(profile: Profile, system: System, report: Report) -> bool:
    """Have Playwright download its own browser. Returns whether it did."""
    if profile.channel is not None and profile.channel not in ("chromium", "chrome-for-testing"):
        return False  # for other channels Playwright's installer asks for root's password
    if not system.can_download(profile.browser):
        report("Playwright's download host does not answer.")
        return False
    # --with-deps calls apt-get through sudo, which may ask for a password. Most systems have the libraries anyway.
    installer = [sys.executable, "-m", "playwright", "install"]
    commands = [[*installer, profile.browser]]
    if system.is_debian() and system.root_prefix() is not None:
        commands.insert(0, [*installer, "--with-deps", profile.browser])
    report("Downloading Playwright's browser.")
    return any(system.run(command) for command in commands)


def _install_with_apt(profile: Profile, system: System, report: Report) -> bool:
    """Install Debian's Chromium, with the headless shell where there is one. Returns whether it was installed."""
    if profile.browser != "chromium" or profile.channel is not None:
        return False
    # The shell is faster than the browser without a window, but not every release has the package.
    return _apt_get(("chromium", "chromium-headless-shell"), ("chromium",), system=system, report=report)


def _apt_get(*choices: Sequence[str], system: System, report: Report) -> bool:
    """Install the first of `choices`, each of them Debian packages, that can be installed. Returns whether one was."""
    if not system.is_debian():
        return False
    root = system.root_prefix()
    if root is None:
        report("apt-get is not tried: it needs root, or sudo without a password.")
        return False
    limits = [f"-oAcquire::{scheme}::Timeout={APT_SECONDS}" for scheme in ("http", "https")]
    apt = [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-oAcquire::Retries=0", *limits]
    report(f"Installing {' and '.join(choices[0])} with apt-get.")
    # With package lists that are missing or old, apt installs nothing, or a browser with known security holes. The
    # result of the update is ignored, because a source that we do not need may be what fails.
    system.run([*apt, "update"])
    return any(system.run([*apt, "install", "-y", "--no-install-recommends", *packages]) for packages in choices)


def _report_browser(started: StartedBrowser, outcome: Literal["found", "installed"], report: Report) -> InstallResult:
    report(f"{outcome.capitalize()} {started.name} {started.version} ({started.path}).")
    return InstallResult(outcome=outcome, path=started.path, version=started.version)
