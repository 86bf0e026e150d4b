"""What can go wrong in a page, as errors of ours. (Launching has its own, in `launch.py`.)"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout

from toolkit.errors import (
    BrowserError,
    ConnectFailed,
    HarvestFailed,
    ProxyFailed,
    TLSFailed,
    ToolkitError,
    redact_url,
)

# Chromium's names for network errors (https://source.chromium.org/chromium/chromium/src/+/main:net/base/net_error_list.h)
# and Firefox's; what a pattern finds first, holds.
NETWORK = (
    (
        r"ERR_(\w+_)?PROXY\w*|ERR_TUNNEL\w*|ERR_SOCKS_CONN\w*|ERR_INVALID_AUTH_CREDENTIALS|NS_ERROR_PROXY\w*",
        ProxyFailed,
        "The proxy failed",
    ),
    (r"ERR_(CERT|SSL|BAD_SSL)\w*|SEC_ERROR\w*|SSL_ERROR\w*|MOZILLA_PKIX\w*", TLSFailed, "The certificate is refused"),
    (
        r"ERR_(NAME|CONNECTION|ADDRESS|INTERNET|NETWORK|TIMED|SOCKET|EMPTY|UNSAFE_PORT)\w*|NS_ERROR_(UNKNOWN|CONN|NET)\w*",
        ConnectFailed,
        "The site cannot be reached",
    ),
    (r"ERR_[A-Z_]+|NS_(ERROR|BINDING)_\w+", HarvestFailed, "The page did not load"),
)
GONE = ("Execution context was destroyed", "Cannot find context", "Frame was detached", "frame got detached")


@contextmanager
def playwright_errors(url: str, provider: str, place: str = "window") -> Iterator[None]:
    """What Playwright raises inside while it visits `url` in that `place`, as an error of ours."""
    try:
        yield
    except PlaywrightError as error:
        raise _fault(error, url, provider, place) from None  # Playwright's own text has addresses with their queries


def is_error_page(error: PlaywrightError) -> bool:
    """Whether a visit ended at Chromium's own page for an error status, which it shows where the site sent no body."""
    return "ERR_HTTP_RESPONSE_CODE_FAILURE" in error.message


def has_moved_on(error: PlaywrightError) -> bool:
    """Whether the document that was asked is no longer there, because its frame went elsewhere or is gone."""
    return any(mark in error.message for mark in GONE)


def _fault(error: PlaywrightError, url: str, provider: str, place: str) -> ToolkitError:
    for pattern, kind, what in NETWORK:
        if found := re.search(pattern, error.message):
            return kind(f"{what} ({found.group()}).", url=url, provider=provider)
    if "crashed" in error.message:
        return HarvestFailed("The page crashed before the session was complete.", url=url, provider=provider)
    if _is_closed(error):
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


def _is_closed(error: PlaywrightError) -> bool:
    """Whether the page, context or browser is gone. Who closes one may give a reason, which is then the whole text."""
    return type(error).__name__ == "TargetClosedError" or "has been closed" in error.message
