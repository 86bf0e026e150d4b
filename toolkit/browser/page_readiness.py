"""Waits until a page has everything that its recipe needs, and tells a person what to do meanwhile."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from typing import Any

import msgspec
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout

from toolkit.browser.login_page import LoginPages
from toolkit.browser.missing_on_page import Missing, MissingKind, in_words
from toolkit.browser.opened_pages import OpenedPages
from toolkit.browser.page_databases import read_databases
from toolkit.browser.page_errors import is_closed
from toolkit.browser.page_queries import fetch_probe, is_element_visible, read_storage
from toolkit.browser.sync_async_runners import Limited, Steps
from toolkit.browser.time_limit import TimeLimit
from toolkit.browser.visit_plan import VisitPlan
from toolkit.errors import HarvestFailed, LoginRequired
from toolkit.session.browser_headers import origin_of
from toolkit.session.browser_session import BrowserSession, Cookie
from toolkit.session.recipe import Probe, example_name
from toolkit.session.recipe_tokens import Place
from toolkit.session.tokens import kept_token, token_headers

log = logging.getLogger("toolkit")

POLL_MS = 50
PROBE_PAUSE_MS = 500  # between two probes of the site
SETTLE_MS = 5_000  # the longest wait for a page that has everything but still loads
RESPONSE_MS = 5_000  # for one of several pages to tell what it has, before the others are asked


def wait_until_ready(context: Any, pages: OpenedPages, plan: VisitPlan, *, challenged: bool) -> Steps[Any]:
    """Wait until a page has all that the recipe needs, and return it. `challenged` says that a person has to pass a
    challenge.

    It is the first page of `pages` or, where a person is, any page of the context. Polls, because what a page needs may
    appear some time after its address has changed. Raises `LoginRequired` where a login is needed and nobody is there,
    and `HarvestFailed` with what was missing when the time was up.
    """
    login_shows = plan.recipe.signed_out is not None or plan.recipe.only_probe_detects_login
    by_hand = challenged or plan.login or (plan.person and login_shows)
    limit_ms = plan.login_ms if by_hand else plan.ready_ms
    limit = TimeLimit(limit_ms)
    person_informed = False
    loaded: Any = None  # the page that is known to have loaded
    login_pages = LoginPages()
    reported: list[Missing] | None = None
    replacing: TimeLimit | None = None
    while True:
        page, missing = yield from _find_best_page(context, pages, plan, limit)
        if missing and not plan.person and all(one.kind is MissingKind.FRESH_TOKEN for one in missing):
            # The page is about to replace it; or it never does, as that of an old recording, whose site takes it.
            replacing = replacing or TimeLimit(SETTLE_MS)
            missing = [] if replacing.is_over else missing
        if missing != reported:
            log.debug("%s: %s", plan.provider, in_words(missing) if missing else "the page lacks nothing")
            reported = missing
        if not missing:
            if page is loaded or plan.recipe.ready is not None:  # the element shows that the page works
                return page
            try:
                yield from _wait_until_loaded(page, plan)
            except PlaywrightError:
                if not pages.go_on_without(page):
                    raise
            loaded = page  # check once more: its script may have sent the page to the login meanwhile
            continue
        if (
            not plan.person
            and any(one.kind is MissingKind.LOGIN for one in missing)
            and ((yield from login_pages.waits_for_person(page)) or limit.is_over)
        ):
            raise LoginRequired("The site wants a login.", provider=plan.provider, url=page.url)
        if plan.recipe.unkept_login is not None and any(one.kind is MissingKind.ELEMENT for one in missing):
            yield from _raise_for_unkept_login(page, plan, plan.recipe.unkept_login, limit)
        if limit.is_over:
            raise HarvestFailed(
                f"After {limit_ms / 1000:g} s {in_words(missing)}.",
                provider=plan.provider,
                url=page.url,
                hint="`--timeout`, or `login_timeout_ms` of the profile, gives more time." if by_hand else None,
            )
        if by_hand and not person_informed and plan.say:
            plan.say(_instruction(plan, limit_ms, challenged=challenged))
            person_informed = True
        try:
            yield page.wait_for_timeout(POLL_MS)
        except PlaywrightError:
            if not pages.go_on_without(page):
                raise


def _raise_for_unkept_login(page: Any, plan: VisitPlan, login: str, limit: TimeLimit) -> Steps[None]:
    """Raise `HarvestFailed` where the page shows the `login` that counts for it alone."""
    if (yield from is_element_visible(page, login, limit, wait=False)):
        raise HarvestFailed(
            "The page wants a login of its own, which counts for that page alone: there is no session to keep.",
            provider=plan.provider,
            url=page.url,
            hint="Such a site cannot be called.",
        )


def _instruction(plan: VisitPlan, limit_ms: float, *, challenged: bool) -> str:
    """What the person at the window is to do."""
    what = "Show the site that you are a person" if challenged else "Log in"
    within = f", within {limit_ms / 1000:g} s" if limit_ms else ""
    where = "tab that has opened in your browser" if plan.tab else "window that has opened"
    return f"{what} at {plan.url} in the {where}{within}."


def _wait_until_loaded(page: Any, plan: VisitPlan) -> Steps[None]:
    """Wait for the page to load, where the recipe does not say how one sees that it works."""
    limit = TimeLimit(plan.respond_ms)
    left = limit.left
    yield Limited(page.wait_for_load_state("domcontentloaded", timeout=left), left)
    with suppress(PlaywrightTimeout):  # an image that never loads is not needed
        left = min(limit.left or SETTLE_MS, SETTLE_MS)
        yield Limited(page.wait_for_load_state("load", timeout=left), left)


def _find_best_page(
    context: Any, pages: OpenedPages, plan: VisitPlan, limit: TimeLimit
) -> Steps[tuple[Any, list[Missing]]]:
    """The page that lacks least of what the recipe needs, and what it lacks.

    Without a person that is the first page of the visit. With one it may be any that is on the provider's site: a login
    may end in another tab, and close the first one.
    """
    open_pages = pages.still_open
    if not plan.person or not open_pages:
        page = pages.opened[0]  # raises where it is closed
        return page, (yield from find_missing(context, page, plan, limit))
    best: tuple[Any, list[Missing]] | None = None
    closed: PlaywrightError | None = None
    others = [page for page in context.pages if page is not open_pages[0] and plan.owns_url(page.url)]
    for page in (open_pages[0], *others):
        try:
            missing = yield from find_missing(context, page, plan, limit, page_ms=RESPONSE_MS)
        except HarvestFailed:
            missing = [Missing(MissingKind.RESPONSE)]
        except PlaywrightError as error:
            if not is_closed(error):
                raise
            closed = error
            continue
        if best is None or len(missing) < len(best[1]):
            best = (page, missing)
        if not missing:
            break
    if best is None and closed is not None and not pages.go_on_without(open_pages[0]):
        raise closed
    return best or (yield from _find_best_page(context, pages, plan, limit))


def find_missing(
    context: Any, page: Any, plan: VisitPlan, limit: TimeLimit, *, page_ms: float = 0
) -> Steps[list[Missing]]:
    """What the recipe needs and the page does not have yet. The probe is made only when nothing else is missing.

    Raises `HarvestFailed` where the page does not respond within `page_ms` (0: none) or `limit`.
    """
    recipe = plan.recipe
    page_limit = TimeLimit(min(limit.left or page_ms, page_ms)) if page_ms else limit
    missing: list[Missing] = []
    headers: dict[str, str] = {}
    if (recipe.signed_out is not None or plan.login) and plan.is_login_url(page.url):
        missing.append(Missing(MissingKind.LOGIN))
    if recipe.cookies or recipe.token is not None:
        lacking, headers = yield from _missing_credentials(context, page, plan, page_limit)
        missing += lacking
    if recipe.storage:
        stored = yield from read_storage(page, page_limit)
        keys = stored.local if stored is not None else {}
        missing += [Missing(MissingKind.STORAGE_KEY, key) for key in recipe.storage if key not in keys]
    if recipe.ready is not None and not (
        yield from is_element_visible(page, recipe.ready, page_limit, wait=not missing)
    ):
        missing.append(Missing(MissingKind.ELEMENT, recipe.ready))
    if recipe.probe is not None and (plan.login or recipe.only_probe_detects_login) and not missing:
        missing += yield from _missing_by_probe(page, plan, recipe.probe, headers, limit)
    return missing


def _missing_credentials(
    context: Any, page: Any, plan: VisitPlan, limit: TimeLimit
) -> Steps[tuple[list[Missing], dict[str, str]]]:
    """The cookies and the token of the recipe that are missing, and the headers in which the page sends the token."""
    recipe, token, now = plan.recipe, plan.recipe.token, time.time()
    jar = yield context.cookies()
    cookies = tuple(Cookie.from_playwright(raw) for raw in jar if plan.owns_cookie_domain(raw["domain"]))
    patterns = recipe.missing_cookies(cookie.name for cookie in cookies)
    missing = [Missing(MissingKind.COOKIE, example_name(pattern)) for pattern in patterns]
    if token is None or (token.instead_of_cookies and not missing):
        return missing, {}
    found = BrowserSession(provider=plan.provider, origin=origin_of(plan.url), cookies=cookies)
    session = yield from _with_token_place(page, found, token.place, limit)
    kept = kept_token(session, token)
    if kept is not None and kept.expires > now:
        return [] if token.instead_of_cookies else missing, token_headers(session, recipe, now)
    if token.instead_of_cookies:
        return missing, {}
    kind = MissingKind.TOKEN if kept is None else MissingKind.FRESH_TOKEN
    return [*missing, Missing(kind, str(token))], {}


def _with_token_place(page: Any, session: BrowserSession, place: Place, limit: TimeLimit) -> Steps[BrowserSession]:
    """`session` with what the page keeps at the place of the recipe's token, while the page is on the session's
    origin."""
    if place == "cookie" or origin_of(page.url) != session.origin:
        return session
    if place == "indexeddb":
        databases = yield from read_databases(page.main_frame)
        return msgspec.structs.replace(session, indexed_db={session.origin: databases})
    stored = yield from read_storage(page, limit)
    if stored is None:
        return session
    return msgspec.structs.replace(
        session, local_storage={session.origin: stored.local}, session_storage={session.origin: stored.session}
    )


def _missing_by_probe(
    page: Any, plan: VisitPlan, probe: Probe, headers: dict[str, str], limit: TimeLimit
) -> Steps[list[Missing]]:
    """What the site's answer to the probe shows to be missing; pauses where that is anything."""
    answers = yield from fetch_probe(page, plan.url.removesuffix(plan.recipe.page) + probe.path, headers, limit)
    answer = answers[0] if answers else {}
    if answers and probe.allows_calls(answer):
        return []
    if not answers:
        missing = Missing(MissingKind.PROBE_ANSWER, probe.path)
    elif plan.person and isinstance(answer, dict) and answer:  # the site seems to accept the session
        missing = Missing(MissingKind.IDENTITY, probe.path, probe.identity)
    else:
        missing = Missing(MissingKind.LOGIN, probe.path)
    yield page.wait_for_timeout(PROBE_PAUSE_MS)
    return [missing]
