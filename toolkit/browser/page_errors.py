"""Turns what Playwright raises while a page is visited into errors of `toolkit.errors`.

Errors of launching are in `toolkit.browser.launch_errors`, those of connecting in `toolkit.browser.connect_errors`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout

from toolkit.browser.sync_async_runners import BrowserUnresponsive
from toolkit.errors import (
    BrowserError,
    ConnectFailed,
    HarvestFailed,
    ProxyFailed,
    TLSFailed,
    ToolkitError,
    redact_url,
)
from toolkit.http.aiohttp_errors import CHECK_CERTIFICATE

# Chromium's names for network errors (https://source.chromium.org/chromium/chromium/src/+/main:net/base/net_error_list.h)
# and Firefox's. The first pattern that matches decides.
NETWORK_ERRORS = (
    (
        r"ERR_BAD_SSL_CLIENT_AUTH_CERT|ERR_SSL_CLIENT_AUTH\w*|SSL_ERROR_\w*CERT_REQUIRED\w*",
        TLSFailed,
        "The site wants a certificate of yours, `client_certificates` in browsers.json,",
    ),
    (
        r"ERR_(\w+_)?PROXY\w*|ERR_TUNNEL\w*|ERR_SOCKS_CONN\w*|ERR_INVALID_AUTH_CREDENTIALS|NS_ERROR_PROXY\w*",
        ProxyFailed,
        "The proxy failed",
    ),
    (
        r"ERR_SSL_PROTOCOL_ERROR|SSL_ERROR_RX_RECORD_TOO_LONG",
        TLSFailed,
        "The site speaks no TLS, its address may be http://,",
    ),
    (r"ERR_(CERT|SSL|BAD_SSL)\w*|SEC_ERROR\w*|SSL_ERROR\w*|MOZILLA_PKIX\w*", TLSFailed, "The certificate is refused"),
    (
        r"ERR_(NAME|CONNECTION|ADDRESS|INTERNET|NETWORK|TIMED|SOCKET|EMPTY|UNSAFE_PORT)\w*|NS_ERROR_(UNKNOWN|CONN|NET)\w*",
        ConnectFailed,
        "The site cannot be reached",
    ),
    (r"ERR_[A-Z_]+|NS_(ERROR|BINDING)_\w+", HarvestFailed, "The page did not load"),
)
# How it looks where TLS 1.3 tells, after the handshake, that a certificate was wanted.
CLOSED_BY_SITE = ("ERR_CONNECTION_CLOSED", "ERR_CONNECTION_RESET", "ERR_EMPTY_RESPONSE", "ERR_SOCKET_NOT_CONNECTED")
DOCUMENT_GONE = ("Execution context was destroyed", "Cannot find context", "Frame was detached", "frame got detached")


@contextmanager
def playwright_errors(url: str, provider: str, place: str = "window") -> Iterator[None]:
    """Raise errors of Playwright inside the block as those of `toolkit.errors`.

    `url` and `provider` become fields of the error; `place` is "window" or "tab", the word for what was closed.
    """
    try:
        yield
    except PlaywrightError as error:
        raise _map_error(error, url, provider, place) from None  # its own text has addresses with their queries


def is_error_page(error: PlaywrightError) -> bool:
    """Whether Chromium shows something of its own in the place of an answer with an error status: where that has no
    body an error page, and in a window a prompt, where the answer asks for HTTP authentication."""
    return any(name in error.message for name in ("ERR_HTTP_RESPONSE_CODE_FAILURE", "ERR_INVALID_AUTH_CREDENTIALS"))


def has_moved_on(error: PlaywrightError) -> bool:
    """Whether the call failed because its document is gone: the frame moved to another one, or was removed."""
    return any(part in error.message for part in DOCUMENT_GONE)


def browser_ended_error(url: str, provider: str) -> HarvestFailed:
    """The error for a browser, or a driver of Playwright's, that is gone before the visit is over."""
    return HarvestFailed(
        "The browser ended before the session was complete: it was killed, or it crashed.",
        url=url,
        provider=provider,
        hint="See whether the machine has enough memory. Nothing that is stored was changed.",
    )


def _map_error(error: PlaywrightError, url: str, provider: str, place: str) -> ToolkitError:
    if "Download is starting" in error.message:
        return HarvestFailed("The site sent a download in the place of its page.", url=url, provider=provider)
    for pattern, kind, what in NETWORK_ERRORS:
        if found := re.search(pattern, error.message):
            failed = kind(f"{what} ({found.group()}).", url=url, provider=provider)
            if found.group() in CLOSED_BY_SITE and url.startswith("https:"):
                failed.hint = CHECK_CERTIFICATE
            return failed
    if isinstance(error, BrowserUnresponsive):
        hint = "See whether it is stopped, or the machine is out of memory."
        return BrowserError(error.message, url=url, provider=provider, hint=hint)
    if "crashed" in error.message:
        return HarvestFailed("The page crashed before the session was complete.", url=url, provider=provider)
    if is_closed(error):
        return HarvestFailed(
            f"The {place} was closed before the session was complete.",
            url=url,
            provider=provider,
            hint="Nothing that is stored was changed. Start again when you are ready.",
        )
    if isinstance(error, PlaywrightTimeout):
        return HarvestFailed("The page did not load in time.", url=url, provider=provider)
    first = re.sub(r"https?://[^\s\"']+", lambda found: redact_url(found.group()), error.message.partition("\n")[0])
    return BrowserError(f"The browser failed: {first}", url=url, provider=provider)


def is_closed(error: PlaywrightError) -> bool:
    """Whether the page, context or browser is closed. A reason that was given when closing is the whole text then."""
    return type(error).__name__ == "TargetClosedError" or "has been closed" in error.message
