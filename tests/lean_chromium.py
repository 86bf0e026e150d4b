"""A Chromium without the pages that it loads for the suggestions below its address bar.

A whole Chromium loads two of its own with each window, though a headless one has none to show: a third of what a visit
costs. No site sees them.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from shlex import quote

from toolkit.browser.installed_browsers import find_browser
from toolkit.browser.known_browser_paths import KNOWN_BROWSERS
from toolkit.browser.profiles import Profile

REPLACED = "TESTS_REPLACED_CHROMIUM"  # the variable that names this system's
# Features of Chromium. Of several lists of those that are off it takes the last, and Playwright gives it one: these are
# added to that.
OFF = "WebUIOmniboxPopup,WebUIOmniboxAimPopup"
PROGRAM = """#!/bin/sh
for argument do
    shift
    case $argument in --disable-features=*) argument=$argument,{off} ;; esac
    set -- "$@" "$argument"
done
exec {program} "$@"
"""


def put_on_path(folder: Path) -> None:
    """Have this process, and those that it starts, find a program in `folder` in the place of this system's Chromium,
    which starts that. Playwright's own is a headless shell, and has no windows to begin with."""
    found = find_browser(Profile(headless=False), None) if sys.platform.startswith("linux") else None
    if found is None or found.path is None:
        return
    (command, *_) = next(known.commands for known in KNOWN_BROWSERS if known.name == found.name)
    program = folder / command
    program.write_text(PROGRAM.format(off=OFF, program=quote(found.path)))
    program.chmod(0o755)
    os.environ[REPLACED] = found.path
    os.environ["PATH"] = os.pathsep.join([str(folder), os.environ.get("PATH", os.defpath)])
