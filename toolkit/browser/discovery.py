"""Which installed browser a profile gets. Looks at the file system and nothing else: starts and installs nothing.

Playwright's own Chromium comes in two builds (https://playwright.dev/python/docs/browsers#chromium-headless-shell): the
whole browser, whose path `playwright.chromium.executable_path` tells, and a headless shell beside it, which a headless
launch takes unless the channel `chromium` is asked for. Either may be missing (`install --no-shell`, `--only-shell`).
Debian has both as well. A shell draws no window, so it starts and opens contexts in about half the time.
"""

from __future__ import annotations

import ntpath
import os
import posixpath
import shutil
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from toolkit.browser.profiles import Profile

OWN_CHANNELS = ("chromium", "chrome-for-testing")  # names of Playwright's own whole Chromium
SNAP_CHROMIUM = "/snap/bin/chromium"

# kind -> (what a person calls it, command names, macOS application, Windows program below the install folders)
_KNOWN: dict[str, tuple[str, tuple[str, ...], str | None, str | None]] = {
    "shell": ("Chromium headless shell", ("chrome-headless-shell",), None, None),
    "chromium": (
        "Chromium",
        ("chromium", "chromium-browser"),
        "Chromium.app/Contents/MacOS/Chromium",
        r"Chromium\Application\chrome.exe",
    ),
    "chrome": (
        "Google Chrome",
        ("google-chrome", "google-chrome-stable"),
        "Google Chrome.app/Contents/MacOS/Google Chrome",
        r"Google\Chrome\Application\chrome.exe",
    ),
    "msedge": (
        "Microsoft Edge",
        ("microsoft-edge", "microsoft-edge-stable"),
        "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
        r"Microsoft\Edge\Application\msedge.exe",
    ),
}
_WHOLE = ("chromium", "chrome", "msedge")  # those that can have a window
_LINUX_FOLDERS = {
    # Debian's command of that name is a script, which would stand between Playwright and the browser
    "shell": ("/usr/lib/chromium/chromium-headless-shell", "/usr/lib64/chromium-browser/headless_shell"),
    "chromium": ("/usr/lib/chromium/chromium", "/usr/lib64/chromium-browser/chromium-browser", SNAP_CHROMIUM),
    "chrome": ("/opt/google/chrome/chrome",),
    "msedge": ("/opt/microsoft/msedge/msedge",),
}


class Candidate(msgspec.Struct, frozen=True):
    """A place where a browser may be. `kind` is shell, chromium, or the channel chrome or msedge."""

    kind: str
    name: str
    path: str


class InstalledBrowser(msgspec.Struct, frozen=True, kw_only=True):
    """An installed browser: launched by `path`, or by `channel` where Playwright finds the program itself.

    `source` tells why this one: "executable_path", "channel", "playwright" or "system".
    """

    name: str
    source: str
    path: str | None = None
    channel: str | None = None

    @property
    def shell(self) -> bool:
        """Whether it is a build without windows."""
        return "headless" in (self.channel or os.path.basename(self.path or ""))


def find_browser(
    profile: Profile, own: str | Path | None, *, system: Iterable[Candidate] | None = None, whole: bool = False
) -> InstalledBrowser | None:
    """The browser for `profile`, or None.

    In order: the profile's `executable_path`, its channel, Playwright's own, the system's Chromium, Chrome, Edge; for a
    headless profile, of each a headless shell first, or with `whole` only where there is nothing else. A profile that
    names one gets that one or none. `own` is what Playwright says of its own, whether it is there or not; `system` are
    the places to look at, those of this machine where None.
    """
    system = tuple(system_browsers() if system is None else system)
    if profile.executable_path is not None:
        path = shutil.which(os.path.expanduser(profile.executable_path))
        return InstalledBrowser(name=Path(path).name, source="executable_path", path=path) if path else None
    if profile.browser != "chromium":
        return _found_other(profile, own)
    if profile.channel in OWN_CHANNELS:
        return _found_own(own)
    if profile.channel in _WHOLE:
        return _found_system(system, (profile.channel,), source="channel")
    if profile.channel is not None:  # chrome-beta and such: Playwright knows the places
        return InstalledBrowser(name=profile.channel, source="channel", channel=profile.channel)
    theirs, own_shell = _found_own(own), _found_own_shell(own)
    installed, shell = (_found_system(system, kinds, source="system") for kinds in (_WHOLE, ("shell",)))
    order: tuple[InstalledBrowser | None, ...] = (theirs, installed)
    if profile.headless:
        order = (*order, own_shell, shell) if whole else (own_shell, theirs, shell, installed)
    return next((found for found in order if found), None)


def missing_message(profile: Profile) -> str:
    """One sentence for when `find_browser` found nothing: what was looked for."""
    if profile.executable_path is not None:
        return f"There is no program at {profile.executable_path!r}, which the profile names."
    if profile.channel is not None:
        return f"The browser channel {profile.channel!r}, which the profile names, is not installed."
    if profile.browser != "chromium":
        return f"Playwright's {profile.browser.capitalize()} is not installed."
    return "No browser: neither Playwright's Chromium nor a system Chromium, Chrome or Edge was found."


def install_hint(profile: Profile) -> str | None:
    """How to get the browser that `missing_message` tells of; None where `toolkit install` does."""
    name = profile.channel if profile.browser == "chromium" else profile.browser
    if profile.executable_path is None and name is None and not profile.headless:
        return "Run `toolkit install`. A headless shell has no window: where it finds one, install Chromium as well."
    if profile.executable_path is not None or name in (None, *OWN_CHANNELS):
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


def system_browsers(
    platform: str = sys.platform,
    environ: Mapping[str, str] = os.environ,
    which: Callable[[str], str | None] = shutil.which,
) -> Iterator[Candidate]:
    """Where each kind of browser is where a system has it, a headless shell first: by command name, then by folder."""
    for kind, (name, commands, application, program) in _KNOWN.items():
        if platform == "darwin":
            apps = ("/Applications", posixpath.join(environ.get("HOME", "/"), "Applications"))
            paths = [posixpath.join(app, application) for app in apps if application]
        elif platform == "win32":
            variables = ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")
            homes = tuple(environ[variable] for variable in variables if environ.get(variable))
            paths = [ntpath.join(home, program) for home in homes if program]
        else:
            paths = [path for command in commands if (path := which(command))]
            paths.extend(_LINUX_FOLDERS[kind])
        yield from (Candidate(kind, name, path) for path in paths)


def _found_own(own: str | Path | None) -> InstalledBrowser | None:
    if not own or not _is_program(str(own)):
        return None
    # the channel, so that a headless launch takes this whole browser too and not the headless shell
    return InstalledBrowser(name="Playwright's Chromium", source="playwright", path=str(own), channel="chromium")


def _found_own_shell(own: str | Path | None) -> InstalledBrowser | None:
    shell = headless_shell(Path(own)) if own else None
    return InstalledBrowser(name="Playwright's headless shell", source="playwright", path=str(shell)) if shell else None


def _found_other(profile: Profile, own: str | Path | None) -> InstalledBrowser | None:
    if profile.channel is not None:
        return InstalledBrowser(name=profile.channel, source="channel", channel=profile.channel)
    if own and _is_program(str(own)):
        return InstalledBrowser(name=f"Playwright's {profile.browser.capitalize()}", source="playwright", path=str(own))
    return None


def _found_system(system: Iterable[Candidate], kinds: Collection[str], *, source: str) -> InstalledBrowser | None:
    for candidate in system:
        if candidate.kind in kinds and _is_program(candidate.path) and not _is_snap_stub(candidate.path):
            return InstalledBrowser(name=candidate.name, source=source, path=candidate.path)
    return None


def _is_program(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)


def _is_snap_stub(path: str) -> bool:
    """Ubuntu's chromium-browser is a script that only asks to install the snap, unless that is there."""
    if os.path.isfile(SNAP_CHROMIUM):
        return False
    with open(path, "rb") as file:
        head = file.read(4096)
    return head.startswith(b"#!") and SNAP_CHROMIUM.encode() in head
