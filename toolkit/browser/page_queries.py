"""What a harvest asks a page: its storage, whether an element shows, what the site answers to a probe.

A page may be moving to another address, or run a script that never ends; each question here copes with both. The
questions are steps for either of Playwright's APIs (see `toolkit.browser.sync_async_runners`).
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, NamedTuple

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout

from toolkit.browser.page_errors import has_moved_on
from toolkit.browser.page_evaluation import evaluate_json
from toolkit.browser.session_storage_restoring import RESTORED
from toolkit.browser.sync_async_runners import Limited, Steps
from toolkit.browser.time_limit import TimeLimit
from toolkit.errors import HarvestFailed

ELEMENT_MS = 250  # how long one call waits for an element; the driver notices at once, which polling does not
MIN_ANSWER_MS = 1_000  # the least time that a page gets to answer at all
PROBE_MS = 10_000  # the longest that the site gets to answer one probe; there may be more of them
# Gives JSON of the page's storage. The spread copies the items by itself: a page can replace functions such as
# `Object.entries`, and an item can have the name of a method of the storage.
READ_STORAGE = """() => {
    let local = {}, session = {}
    try { local = {...localStorage} } catch {}
    try { session = {...sessionStorage} } catch {}
    return JSON.stringify({local, session})
}"""
# Gives JSON: {answer: what the site answers, {} where it wants a login}, and null where its answer says nothing.
FETCH_PROBE = """([url, headers, ms]) => fetch(url, {headers, signal: AbortSignal.timeout(ms)})
    .then(answer => answer.ok ? answer.json() : [401, 403].includes(answer.status) ? {} : Promise.reject())
    .then(answer => JSON.stringify({answer})).catch(() => "null")"""


class PageStorage(NamedTuple):
    """The items of a frame's localStorage and sessionStorage."""

    local: dict[str, str]
    session: dict[str, str]


def read_storage(frame: Any, limit: TimeLimit) -> Steps[PageStorage | None]:
    """The storage of the frame's origin; None while the frame is moving to another document.

    Raises `HarvestFailed` where the page does not answer within the limit. What a page gives in place of texts is left
    out.
    """
    timeout = _answer_timeout(limit)
    try:
        found = yield from evaluate_json(frame, READ_STORAGE, None, timeout)
    except PlaywrightTimeout:
        raise _busy_page(frame, timeout) from None
    except PlaywrightError as error:
        if not has_moved_on(error):
            raise
        return None
    found = found if isinstance(found, dict) else {}
    local, session = _texts(found.get("local")), _texts(found.get("session"))
    session.pop(RESTORED, None)
    return PageStorage(local, session)


def _texts(found: Any) -> dict[str, str]:
    items = found.items() if isinstance(found, dict) else ()
    return {key: value for key, value in items if isinstance(value, str)}


def is_element_visible(page: Any, selector: str, limit: TimeLimit, *, wait: bool) -> Steps[bool]:
    """Whether the first element that matches `selector` is visible. With `wait` it gets `ELEMENT_MS` to appear."""
    element = page.locator(selector).first
    if wait:
        with suppress(PlaywrightTimeout):
            yield Limited(element.wait_for(state="visible", timeout=ELEMENT_MS), ELEMENT_MS)
            return True
    yield from _wait_until_responsive(page, limit)
    left = limit.left
    return bool((yield Limited(element.is_visible(), left)))


def fetch_probe(page: Any, url: str, headers: dict[str, str], limit: TimeLimit) -> Steps[list[Any]]:
    """The site's answer when the page itself fetches `url`, with `headers` besides the browser's own.

    A list with the decoded JSON, which is `{}` where the site wants a login; an empty list where its answer says
    nothing, or does not come within `PROBE_MS` or what is left of `limit`.
    """
    ms = min(PROBE_MS, _answer_timeout(limit) or PROBE_MS)
    try:
        found = yield from evaluate_json(page, FETCH_PROBE, [url, headers, ms], ms + MIN_ANSWER_MS)
    except PlaywrightTimeout:  # the page has replaced `fetch`, or its script never ends
        return []
    except PlaywrightError as error:
        if not has_moved_on(error):
            raise
        return []
    return [found["answer"]] if isinstance(found, dict) and "answer" in found else []


def _wait_until_responsive(frame: Any, limit: TimeLimit) -> Steps[None]:
    """Wait until a page or frame answers. A page whose script never ends does not, and `is_visible` has no timeout."""
    timeout = _answer_timeout(limit)
    try:
        yield Limited(frame.locator(":root").first.wait_for(state="attached", timeout=timeout), timeout)
    except PlaywrightTimeout:
        raise _busy_page(frame, timeout) from None


def _busy_page(frame: Any, timeout: float) -> HarvestFailed:
    what = f"The page did not answer in time ({timeout / 1000:.3g} s): a script of it does not end."
    return HarvestFailed(what, url=frame.url)


def _answer_timeout(limit: TimeLimit) -> float:
    """The remaining time as Playwright takes it, but at least `MIN_ANSWER_MS`."""
    return limit.left and max(limit.left, MIN_ANSWER_MS)
