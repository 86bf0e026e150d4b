"""Turns what Playwright raises when a browser does not start into errors of `toolkit.errors`."""

from __future__ import annotations

import re

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout

from toolkit.browser.installed_browsers import install_hint
from toolkit.browser.profiles import Profile
from toolkit.errors import BrowserError, BrowserMissing, ProfileLocked

# Parts of the texts of Chromium and Playwright, by what they mean.
_NO_SANDBOX = (
    "Chromium sandboxing failed",
    "No usable sandbox",
    "Running as root without --no-sandbox",
    "Failed to move to new namespace",
    "setuid sandbox",
    "SUID sandbox",
)
NO_DISPLAY = "There is no display for the browser's window."
_WITHOUT_DISPLAY = ("Missing X server", "without having a XServer", "no DISPLAY", "cannot open display")
_LOCKED = ("ProcessSingleton", "Opening in existing browser session", "profile is already in use")
_KILLED = re.compile(r"did exit: exitCode=null, signal=(SIG(?:KILL|TERM|INT|HUP))")  # in Playwright's log of the start
NO_PROGRAM = ("executable doesn't exist", "Executable doesn't exist", "is not found at", " ENOENT")


def is_sandbox_failure(error: PlaywrightError) -> bool:
    """Whether the browser did not start because it could not have its sandbox."""
    return _has_any(error, _NO_SANDBOX)


def launch_error(error: PlaywrightError, profile: Profile) -> BrowserError:
    """The error for what Playwright's `launch` raised. Uses only its first line: the log below it has the arguments."""
    if isinstance(error, PlaywrightTimeout):
        return BrowserError(
            f"The browser did not start within {profile.launch_timeout_ms:g} ms.",
            hint="Raise `launch_timeout_ms` of the profile, or try its program by hand.",
        )
    if is_sandbox_failure(error):
        return BrowserError(
            "The browser cannot have its sandbox here, and the profile insists on it.",
            hint="Run as a user other than root, allow unprivileged user namespaces, or set `sandbox` to null.",
        )
    if _has_any(error, _WITHOUT_DISPLAY):
        return BrowserError(
            NO_DISPLAY,
            hint="Log in on a machine with a screen, and bring the session here with `toolkit session export` and "
            "`import`. Xvfb makes a display for tests.",
        )
    if _has_any(error, _LOCKED):
        return ProfileLocked("Another browser uses this profile folder.")
    first = error.message.partition("\n")[0].removeprefix("BrowserType.launch: ").rstrip(".")
    if any(part in first for part in NO_PROGRAM):
        return BrowserMissing(f"{first}.", hint=install_hint(profile))
    if (killed := _KILLED.search(error.message)) is not None:
        return BrowserError(
            f"The browser was killed while it started ({killed[1]}).",
            hint="See whether the machine has enough memory, and who ends processes there.",
        )
    if "Target page, context or browser has been closed" in first:
        return BrowserError(
            "The browser ended as soon as it was started.",
            hint="Start its program by hand with --version; `toolkit install` finds one that works.",
        )
    return BrowserError(f"The browser did not start: {first}.")


def _has_any(error: PlaywrightError, parts: tuple[str, ...]) -> bool:
    return any(part in error.message for part in parts)
