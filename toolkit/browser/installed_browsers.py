"""Finds the installed browser for a profile. Reads the file system only: starts and installs nothing.

Playwright's Chromium has two builds (https://playwright.dev/python/docs/browsers#chromium-headless-shell): the whole
browser, at `playwright.chromium.executable_path`, and a headless shell beside it, which a headless launch uses unless
the channel `chromium` is given. Either may be missing (`install --no-shell`, `--only-shell`). Debian packages both too.
A shell has no window, and starts and opens contexts in about half the time.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Literal

import msgspec

from toolkit.browser.known_browser_paths import KNOWN_BROWSERS, SNAP_CHROMIUM, Candidate, system_browsers
from toolkit.browser.profiles import Profile

PLAYWRIGHT_CHANNELS = ("chromium", "chrome-for-testing")  # channels that name Playwright's own whole Chromium

Source = Literal["executable_path", "channel", "playwright", "system"]

_WHOLE_KINDS = tuple(known.kind for known in KNOWN_BROWSERS if known.has_window)

# Why a browser was chosen, by `InstalledBrowser.source`.
_REASONS: dict[Source, str] = {
    "executable_path": "the profile names its program",
    "channel": "the profile names its channel",
    "playwright": "Playwright installed it",
    "system": "this system has it, and Playwright has installed none that comes first",
}


class InstalledBrowser(msgspec.Struct, frozen=True, kw_only=True):
    """An installed browser: launched by `path`, or by `channel` where Playwright finds the program itself.

    `source` is why it was chosen: the profile names its program or its channel, Playwright installed it, or this system
    has it.
    """

    name: str
    source: Source
    path: str | None = None
    channel: str | None = None

    @property
    def shell(self) -> bool:
        """Whether it is a headless shell, which can have no window."""
        return "headless" in (self.channel or os.path.basename(self.path or ""))

    def describe(self) -> str:
        """The browser and why it was chosen, for the log."""
        where = self.path or f"channel {self.channel}"
        return f"{self.name} ({where}), because {_REASONS[self.source]}"


def find_browser(
    profile: Profile, own: str | Path | None, *, system: Iterable[Candidate] | None = None, whole: bool = False
) -> InstalledBrowser | None:
    """The browser for `profile`; None where there is none.

    The order is: the profile's `executable_path`, its channel, Playwright's own, the system's Chromium, Chrome, Edge. A
    profile that names a program or a channel gets that or none. A headless profile gets Playwright's shell before
    Playwright's Chromium, and the system's shell before the system's browsers; with `whole`, it gets a shell only where
    there is no whole browser.

    `own` is the `executable_path` of Playwright's browser type, which may not exist. `system` are the candidates to
    try, by default those of this machine.
    """
    system = tuple(system_browsers() if system is None else system)
    if profile.executable_path is not None:
        path = shutil.which(os.path.expanduser(profile.executable_path))
        return InstalledBrowser(name=Path(path).name, source="executable_path", path=path) if path else None
    if profile.browser != "chromium":
        return _other_engine(profile, own)
    if profile.channel in PLAYWRIGHT_CHANNELS:
        return _playwright_chromium(own)
    if profile.channel in _WHOLE_KINDS:
        return _first_installed(system, (profile.channel,), source="channel")
    if profile.channel is not None:  # chrome-beta and such: Playwright knows the places
        return InstalledBrowser(name=profile.channel, source="channel", channel=profile.channel)
    own_whole, own_shell = _playwright_chromium(own), _playwright_shell(own)
    system_whole = _first_installed(system, _WHOLE_KINDS, source="system")
    system_shell = _first_installed(system, ("shell",), source="system")
    order: tuple[InstalledBrowser | None, ...] = (own_whole, system_whole)
    if profile.headless:
        order = (*order, own_shell, system_shell) if whole else (own_shell, own_whole, system_shell, system_whole)
    return next((found for found in order if found), None)


def missing_message(profile: Profile) -> str:
    """A sentence that says which browser `find_browser` looked for and did not find."""
    if profile.executable_path is not None:
        return f"There is no program at {profile.executable_path!r}, which the profile names."
    if profile.channel is not None:
        return f"The browser channel {profile.channel!r}, which the profile names, is not installed."
    if profile.browser != "chromium":
        return f"Playwright's {profile.browser.capitalize()} is not installed."
    return "No browser: neither Playwright's Chromium nor a system Chromium, Chrome or Edge was found."


def install_hint(profile: Profile) -> str | None:
    """How to get the browser that `missing_message` names; None where `toolkit install` alone does it."""
    name = profile.channel if profile.browser == "chromium" else profile.browser
    if profile.executable_path is None and name is None and not profile.headless:
        return "Run `toolkit install`. A headless shell has no window: where it finds one, install Chromium as well."
    if profile.executable_path is not None or name in (None, *PLAYWRIGHT_CHANNELS):
        return None
    return f"Run `python -m playwright install {name}`, or name one as `executable_path` in browsers.json."


def headless_shell(own: Path) -> Path | None:
    """Playwright's headless shell of the same revision as its Chromium at `own`, if it is there."""
    for folder in own.parents:
        if folder.name.startswith("chromium-"):
            revision = folder.name.removeprefix("chromium-")
            shells = folder.parent.glob(f"chromium_headless_shell-{revision}/*/chrome-headless-shell*")
            return next((shell for shell in sorted(shells) if _is_program(str(shell))), None)
    return None


def _playwright_chromium(own: str | Path | None) -> InstalledBrowser | None:
    if not own or not _is_program(str(own)):
        return None
    # With the channel, a headless launch takes this whole browser too, not the headless shell.
    return InstalledBrowser(name="Playwright's Chromium", source="playwright", path=str(own), channel="chromium")


def _playwright_shell(own: str | Path | None) -> InstalledBrowser | None:
    shell = headless_shell(Path(own)) if own else None
    return InstalledBrowser(name="Playwright's headless shell", source="playwright", path=str(shell)) if shell else None


def _other_engine(profile: Profile, own: str | Path | None) -> InstalledBrowser | None:
    """The Firefox or WebKit for `profile`: Playwright drives its own builds of them, or a channel that it knows."""
    if profile.channel is not None:
        return InstalledBrowser(name=profile.channel, source="channel", channel=profile.channel)
    if own and _is_program(str(own)):
        return InstalledBrowser(name=f"Playwright's {profile.browser.capitalize()}", source="playwright", path=str(own))
    return None


def _first_installed(system: Iterable[Candidate], kinds: Collection[str], *, source: Source) -> InstalledBrowser | None:
    for candidate in system:
        if candidate.kind in kinds and _is_program(candidate.path) and not _is_snap_stub(candidate.path):
            return InstalledBrowser(name=candidate.name, source=source, path=candidate.path)
    return None


def _is_program(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)


def _is_snap_stub(path: str) -> bool:
    """Whether `path` is Ubuntu's chromium-browser, a script that only asks to install the snap, which is not there."""
    if os.path.isfile(SNAP_CHROMIUM):
        return False
    with open(path, "rb") as file:
        head = file.read(4096)
    return head.startswith(b"#!") and SNAP_CHROMIUM.encode() in head
