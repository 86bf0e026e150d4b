"""What Playwright raises when a browser does not start, as errors of the toolkit."""

from __future__ import annotations

import pytest
from playwright.async_api import Error as PlaywrightError

from toolkit.browser.launch_errors import launch_error
from toolkit.browser.profiles import Profile
from toolkit.errors import BrowserError, BrowserMissing, ProfileLocked


@pytest.mark.parametrize(
    ("text", "kind", "told"),
    [
        ("Chromium distribution 'chrome-beta' is not found at /opt/x\nRun ...", BrowserMissing, "'chrome-beta' is not"),
        ("Target closed\nBrowser logs:\nFailed to create a ProcessSingleton for", ProfileLocked, "profile folder"),
        ("Target closed\n║ Looks like you launched a headed browser without having a XServer", BrowserError, "Xvfb"),
        ("Target closed\nBrowser logs:\nChromium sandboxing failed!\n===", BrowserError, "insists"),
        ("Target page, context or browser has been closed\nBrowser logs:\nhush", BrowserError, "as soon as"),
        (
            "Target page, context or browser has been closed\n<process did exit: exitCode=null, signal=SIGKILL>",
            BrowserError,
            "killed while it started (SIGKILL)",
        ),
        ("Failed to launch: Error: spawn /x EACCES\nCall log: hush", BrowserError, "spawn /x EACCES"),
    ],
)
def test_a_failure_is_told_in_our_words(text: str, kind: type[BrowserError], told: str) -> None:
    """Playwright's failures have our types, say what to do, and leave its log with the arguments out."""
    error = launch_error(PlaywrightError(f"BrowserType.launch: {text}"), Profile(sandbox=True))
    assert type(error) is kind
    assert told in str(error)
    assert "hush" not in str(error)
    assert "BrowserType" not in str(error)
