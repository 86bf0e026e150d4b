"""Decides whether Chromium is launched with its sandbox, and remembers where that failed.

Chromium's sandbox needs what some systems do not offer (https://crbug.com/638180: not as root on Linux).
"""

from __future__ import annotations

import logging
import os
import sys

from toolkit.browser.installed_browsers import InstalledBrowser
from toolkit.browser.profiles import Profile

log = logging.getLogger("toolkit")

_without_sandbox: set[str] = set()  # browsers whose sandbox failed in this process
_already_warned: set[str] = set()  # warnings that this process has logged


def wants_sandbox(profile: Profile, browser: InstalledBrowser) -> bool:
    """Whether the first attempt to launch is with Chromium's sandbox. Other engines have no such option."""
    if profile.browser != "chromium" or profile.sandbox is not None:
        return profile.browser == "chromium" and profile.sandbox is True
    if _is_linux_root():  # Chromium refuses to start as root with one, https://crbug.com/638180
        _warn_once("Chromium runs without its sandbox, because this process runs as root.")
        return False
    return _identity(browser) not in _without_sandbox


def remember_sandbox_failed(browser: InstalledBrowser) -> None:
    """Note for the rest of this process that `browser` cannot have its sandbox; warns once."""
    _without_sandbox.add(_identity(browser))
    _warn_once("Chromium runs without its sandbox, which this system does not let it have.")


def _identity(browser: InstalledBrowser) -> str:
    return browser.path or browser.channel or browser.name


def _is_linux_root() -> bool:
    return sys.platform == "linux" and os.geteuid() == 0


def _warn_once(text: str) -> None:
    if text not in _already_warned:
        _already_warned.add(text)
        log.warning(text)
