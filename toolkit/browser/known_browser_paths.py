"""The browsers that a person or a package manager installs, and the paths where each system has them."""

from __future__ import annotations

import ntpath
import os
import posixpath
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping

import msgspec

SNAP_CHROMIUM = "/snap/bin/chromium"


class KnownBrowser(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of browser, and where each system installs it.

    `kind` is "shell", "chromium", or the channel. `name` is what people call it. `commands` are looked up in `PATH`.
    `mac_application` is below a folder of applications, `windows_program` below a folder of installed programs.
    """

    kind: str
    name: str
    commands: tuple[str, ...]
    linux_paths: tuple[str, ...]
    mac_application: str | None = None
    windows_program: str | None = None

    @property
    def has_window(self) -> bool:
        return self.kind != "shell"


# In the order in which they are preferred.
KNOWN_BROWSERS = (
    KnownBrowser(
        kind="shell",
        name="Chromium headless shell",
        # Not Debian's command `chromium-headless-shell`: it is a script, which would stand between us and the browser.
        commands=("chrome-headless-shell",),
        linux_paths=("/usr/lib/chromium/chromium-headless-shell", "/usr/lib64/chromium-browser/headless_shell"),
    ),
    KnownBrowser(
        kind="chromium",
        name="Chromium",
        commands=("chromium", "chromium-browser"),
        linux_paths=("/usr/lib/chromium/chromium", "/usr/lib64/chromium-browser/chromium-browser", SNAP_CHROMIUM),
        mac_application="Chromium.app/Contents/MacOS/Chromium",
        windows_program=r"Chromium\Application\chrome.exe",
    ),
    KnownBrowser(
        kind="chrome",
        name="Google Chrome",
        commands=("google-chrome", "google-chrome-stable"),
        linux_paths=("/opt/google/chrome/chrome",),
        mac_application="Google Chrome.app/Contents/MacOS/Google Chrome",
        windows_program=r"Google\Chrome\Application\chrome.exe",
    ),
    KnownBrowser(
        kind="msedge",
        name="Microsoft Edge",
        commands=("microsoft-edge", "microsoft-edge-stable"),
        linux_paths=("/opt/microsoft/msedge/msedge",),
        mac_application="Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
        windows_program=r"Microsoft\Edge\Application\msedge.exe",
    ),
)


class Candidate(msgspec.Struct, frozen=True):
    """A path where a browser may be. `kind` and `name` are those of a `KnownBrowser`."""

    kind: str
    name: str
    path: str


def system_browsers(
    platform: str = sys.platform,
    environ: Mapping[str, str] = os.environ,
    which: Callable[[str], str | None] = shutil.which,
) -> Iterator[Candidate]:
    """The paths where `platform` (as `sys.platform`) may have each known browser, in the order of preference.

    On Linux, paths of commands come before the usual paths. `environ` gives the folders on the other systems.
    """
    for known in KNOWN_BROWSERS:
        if platform == "darwin":
            apps = ("/Applications", posixpath.join(environ.get("HOME", "/"), "Applications"))
            paths = [posixpath.join(app, known.mac_application) for app in apps if known.mac_application]
        elif platform == "win32":
            variables = ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")
            homes = tuple(environ[variable] for variable in variables if environ.get(variable))
            paths = [ntpath.join(home, known.windows_program) for home in homes if known.windows_program]
        else:
            paths = [path for command in known.commands if (path := which(command))]
            paths.extend(known.linux_paths)
        yield from (Candidate(known.kind, known.name, path) for path in paths)
