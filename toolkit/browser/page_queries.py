"""What a harvest asks a page: its localStorage, whether an element shows, what the site answers to a probe.

A page may be moving to another address, or run a script that never ends; each question here copes with both. The
questions are steps for either of Playwright's APIs (see `toolkit.browser.sync_async_runners`).
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout

from toolkit.browser.page_errors import has_moved_on
from toolkit.browser.sync_async_runners import Steps
from toolkit.browser.time_limit import TimeLimit

ELEMENT_MS = 250  # how long one call waits for an element; the driver notices at once, which polling does not
MIN_ANSWER_MS = 1_000  # the least time that a page gets to answer at all
READ_STORAGE = "() => { try { return Object.entries(localStorage) } catch { return [] } }"
# Gives the decoded JSON, {} where the site wants a login, and null where its answer says nothing.
FETCH_PROBE = """([url, headers]) => fetch(url, {headers})
    .then(answer => answer.ok ? answer.json() : [401, 403].includes(answer.status) ? {} : null).catch(() => null)"""


def read_local_storage(frame: Any, limit: TimeLimit) -> Steps[dict[str, str] | None]:
    """The localStorage of the frame's origin; None while the frame is moving to another document."""
    try:
        return dict((yield frame.locator(":root").first.evaluate(READ_STORAGE, timeout=_answer_timeout(limit))))
    except PlaywrightError as error:
        if not has_moved_on(error):
            raise
        return None


def is_element_visible(page: Any, selector: str, limit: TimeLimit, *, wait: bool) -> Steps[bool]:
    """Whether the first element that matches `selector` is visible. With `wait` it gets `ELEMENT_MS` to appear."""
    element = page.locator(selector).first
    if wait:
        with suppress(PlaywrightTimeout):
            yield element.wait_for(state="visible", timeout=ELEMENT_MS)
            return True
    yield from _wait_until_responsive(page, limit)
    return bool((yield element.is_visible()))


def fetch_probe(page: Any, url: str, bearer_token: str | None) -> Steps[Any]:
    """The site's answer when the page itself fetches `url`, with the bearer token if there is one.

    The decoded JSON; `{}` where the site wants a login; None where its answer says nothing.
    """
    headers = {"Authorization": f"Bearer {bearer_token}"} if bearer_token else {}
    try:
        return (yield page.evaluate(FETCH_PROBE, [url, headers]))
    except PlaywrightError as error:
        if not has_moved_on(error):
            raise
        return None


def _wait_until_responsive(frame: Any, limit: TimeLimit) -> Steps[None]:
    """Wait until a page or frame answers. A page whose script never ends does not, and `is_visible` has no timeout."""
    yield frame.locator(":root").first.wait_for(state="attached", timeout=_answer_timeout(limit))


def _answer_timeout(limit: TimeLimit) -> float:
    """The remaining time as Playwright takes it, but at least `MIN_ANSWER_MS`."""
    return limit.left and max(limit.left, MIN_ANSWER_MS)
