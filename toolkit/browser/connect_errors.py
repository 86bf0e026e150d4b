"""Turns what Playwright raises when it connects to a running browser into errors of `toolkit.errors`."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout

from toolkit.browser.launch_errors import NO_PROGRAM
from toolkit.browser.profiles import Connect
from toolkit.errors import BrowserError, BrowserMissing

START_CHROME = "Start Chrome with `--remote-debugging-port={} --user-data-dir=FOLDER`; it ignores the port without."
START_SERVER = "Start one there with `playwright run-server --port PORT --host HOST`, and check `connect.url`."

# Node's codes for a server that cannot be reached (https://nodejs.org/api/errors.html#common-system-errors).
_UNREACHABLE = re.compile(
    r"\b(ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|socket hang up)"
)
_VERSIONS = re.compile(r"server version: v([\d.]+).*client version: v([\d.]+)", re.DOTALL)
_STATUS = re.compile(r"(?:WebSocket error: \S+|Unexpected status) (\d{3})\b")
_OTHER_PROTOCOL = (
    "is not valid JSON",
    "Protocol error (Browser.getVersion)",
    "Malformed endpoint",
    "Invalid URL",
    "JSON at",
)


def connect_error(error: PlaywrightError, to: Connect, limit_ms: float) -> BrowserError:
    """The error for what Playwright raised when connecting. Its own text may hold the URL, so nothing of it is used."""
    text, cdp = error.message, to.over == "cdp"
    start = START_CHROME.format(urlsplit(to.url).port or 9222) if cdp else START_SERVER
    if found := _VERSIONS.search(text):
        return BrowserError(
            f"The server's Playwright is {found[1]}, and this one is {found[2]}.",
            url=to.redacted_url,
            hint=f"Install the same here, `pip install playwright=={found[1]}.*`, or {found[2]} there.",
        )
    if isinstance(error, PlaywrightTimeout) or re.search(r"Timeout [\d.]+ms exceeded", text):
        return BrowserMissing(
            f"No browser was there within {limit_ms:g} ms.",
            url=to.redacted_url,
            hint="Raise `launch_timeout_ms` of the profile, or see what its server is waiting for.",
        )
    if found := _UNREACHABLE.search(text):
        return BrowserMissing(f"No browser's server answers ({found[1]}).", url=to.redacted_url, hint=start)
    if found := _STATUS.search(text):
        return _status_error(int(found[1]), to, start)
    if any(part in text for part in _OTHER_PROTOCOL):
        speaks = "the DevTools protocol" if cdp else "Playwright's protocol"
        other = "playwright" if cdp else "cdp"
        return BrowserMissing(
            f"What answers there does not speak {speaks}.", url=to.redacted_url, hint=f"{start} Or is it for `{other}`?"
        )
    if any(part in text for part in NO_PROGRAM):
        return BrowserMissing(
            "The server has no browser.", url=to.redacted_url, hint="Run `playwright install chromium` where it runs."
        )
    if "Target page, context or browser has been closed" in text:
        return BrowserError(
            "The browser ended as soon as the server started it.",
            url=to.redacted_url,
            hint="See what its program says there.",
        )
    return BrowserError("The connection to the browser failed.", url=to.redacted_url, hint=start)


def _status_error(status: int, to: Connect, start: str) -> BrowserError:
    """The error for an HTTP status that came in place of a connection."""
    if status in (401, 403, 407):
        return BrowserError(
            f"The browser's server refuses us ({status}).",
            url=to.redacted_url,
            hint="Check the token in `connect.url` or `connect.headers`.",
        )
    if status in (429, 503):
        return BrowserError(
            f"The browser's server takes no more connections ({status}).", url=to.redacted_url, hint="Try again later."
        )
    return BrowserMissing(f"There is no browser at that path ({status}).", url=to.redacted_url, hint=start)
