"""Reads the session out of a page that has everything that its recipe needs."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from typing import Any

import msgspec
from playwright.async_api import Error as PlaywrightError

from toolkit.browser.page_databases import read_databases
from toolkit.browser.page_errors import is_closed
from toolkit.browser.page_evaluation import evaluate_json
from toolkit.browser.page_queries import PageStorage, read_storage
from toolkit.browser.sync_async_runners import Steps
from toolkit.browser.time_limit import TimeLimit
from toolkit.browser.visit_plan import VisitPlan
from toolkit.errors import HarvestFailed, redact_url
from toolkit.session.browser_headers import is_browser_header, origin_of
from toolkit.session.browser_session import BrowserSession, Cookie
from toolkit.session.expiry import clock_skew, expiry

log = logging.getLogger("toolkit")

POLL_MS = 50
SESSION_STORAGE_LIMIT = 1 << 20  # characters of one origin; what is larger is a cache of the page
ANSWER_MS = 30_000  # for the page to tell its user agent
READ_AGENT = "() => JSON.stringify(navigator.userAgent)"


def read_session(context: Any, page: Any, plan: VisitPlan, responses: Iterable[Any]) -> Steps[BrowserSession]:
    """The session as the page has it now. `responses` are the site's latest ones, Playwright's `Response` objects."""
    storage, databases = yield from _storage(page, plan)
    responses = yield from _readable(responses)
    jar = yield context.cookies()
    cookies = tuple(Cookie.from_playwright(raw) for raw in jar if plan.owns_cookie_domain(raw["domain"]))
    session = BrowserSession(
        provider=plan.provider,
        origin=origin_of(plan.url),
        account=plan.account,
        cookies=cookies,
        headers=(yield from _headers(page, plan, responses)),
        local_storage={origin: stored.local for origin, stored in storage.items() if stored.local},
        session_storage={
            origin: kept for origin, stored in storage.items() if (kept := _within_limit(stored.session, origin))
        },
        indexed_db=databases,
        harvested_at=time.time(),
        profile=plan.profile,
        proxy=plan.proxy,
        clock_skew=(yield from _clock_skew(responses)),
    )
    return msgspec.structs.replace(session, expires_at=expiry(session, plan.recipe))


def _readable(responses: Iterable[Any]) -> Steps[list[Any]]:
    """Those of `responses` whose headers can be had: not those of a tab that has been closed."""
    readable = []
    for response in list(responses):  # more may come meanwhile
        try:
            yield response.request.all_headers()
            yield response.all_headers()
        except PlaywrightError as error:
            if not is_closed(error):
                raise
        else:
            readable.append(response)
    return readable


def _storage(page: Any, plan: VisitPlan) -> Steps[tuple[dict[str, PageStorage], dict[str, list[dict[str, Any]]]]]:
    """The storage and the databases of the provider's own frames, by origin; origins without databases are left out."""
    limit = TimeLimit(plan.respond_ms)
    storage: dict[str, PageStorage] = {}
    databases: dict[str, list[dict[str, Any]]] = {}
    while (main := (yield from read_storage(page.main_frame, limit))) is None:
        if limit.is_over:
            raise HarvestFailed("The page moves on again and again.", provider=plan.provider, url=page.url)
        yield page.wait_for_timeout(POLL_MS)
    for frame in page.frames:
        if plan.owns_url(frame.url) and (origin := origin_of(frame.url)) not in storage:
            items = main if frame.parent_frame is None else (yield from read_storage(frame, limit))
            storage |= {origin: items} if items is not None else {}
            found = yield from read_databases(frame)
            databases |= {origin: found} if found else {}
    return storage, databases


def _within_limit(items: dict[str, str], origin: str) -> dict[str, str]:
    """Those of `items`, the smallest first, that are not longer than `SESSION_STORAGE_LIMIT` together."""
    kept: dict[str, str] = {}
    left = SESSION_STORAGE_LIMIT
    for key, value in sorted(items.items(), key=lambda item: len(item[1])):
        left -= len(key) + len(value)
        if left < 0:
            log.debug("left out of the session, as too large: %s of the session storage of %s", key, origin)
        else:
            kept[key] = value
    return kept


def _headers(page: Any, plan: VisitPlan, responses: Iterable[Any]) -> Steps[dict[str, str]]:
    """The headers worth keeping, as the page's own requests carried them. The latest request wins, fetches over others.

    Only requests that were answered count: Playwright does not know the final headers of a pending one.
    """
    headers: dict[str, str] = {}
    sources: dict[str, Any] = {}
    requests = [response.request for response in responses]
    for request in sorted(requests, key=lambda request: request.resource_type in ("fetch", "xhr")):
        sent = yield request.all_headers()
        for name, value in sent.items():
            if is_browser_header(name) or name in plan.recipe.headers:
                headers[name] = value
                sources[name] = request
    if "user-agent" not in headers:
        log.debug("%s: header user-agent taken from the page's navigator", plan.provider)
        agent = yield from evaluate_json(page, READ_AGENT, None, ANSWER_MS)
        headers |= {"user-agent": agent} if isinstance(agent, str) else {}
    for name, request in sorted(sources.items()):
        source = request.resource_type, request.method, redact_url(request.url)
        log.debug("%s: header %s taken from the %s request %s %s", plan.provider, name, *source)
    return dict(sorted(headers.items()))


def _clock_skew(responses: Iterable[Any]) -> Steps[float]:
    """How many seconds the site's clock is ahead, by those `responses` with a `Date` header that came over the network;
    0 where there are none.

    A cache on the way makes an answer older and never newer, so the one that is furthest ahead tells.
    """
    skews: list[float] = []
    for response in responses:
        headers, timing = (yield response.all_headers()), response.request.timing
        if "date" in headers and timing["startTime"] > 0 and (yield from _came_over_the_network(response)):
            received = (timing["startTime"] + max(0.0, timing["responseStart"])) / 1000
            skews.append(clock_skew(headers["date"], headers.get("age"), received))
    return max(skews, default=0.0)


def _came_over_the_network(response: Any) -> Steps[bool]:
    """Whether neither a service worker nor the browser's cache gave `response`.

    Playwright does not tell of the cache. But only a request that goes out gets the headers of the network stack, of
    which every browser sends this one.
    """
    if response.from_service_worker:
        return False
    return "accept-encoding" in (yield response.request.all_headers())
