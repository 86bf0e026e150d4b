"""Visits a page and harvests a `BrowserSession` from it, by the provider's recipe.

Written once for Playwright's async and its sync API, as steps (see `toolkit.browser.sync_async_runners`). The order is:
go to the page, wait until it is ready (`page_readiness`), read the session (`page_session`). The pages that a visit
opened are closed at its end, also when it fails or is cancelled; no other page is.
"""

from __future__ import annotations

import logging
import re
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import msgspec
from multidict import CIMultiDict
from playwright.async_api import Error as PlaywrightError

from toolkit.browser.closing import was_closed
from toolkit.browser.device_binding import DeviceBinding
from toolkit.browser.dialogs import dialogs_left_to_person
from toolkit.browser.event_listening import listening
from toolkit.browser.failure_capture import with_failure_capture
from toolkit.browser.gate_headers import send_gate_headers
from toolkit.browser.opened_pages import OpenedPages
from toolkit.browser.page_errors import browser_ended_error, is_closed, is_error_page, playwright_errors
from toolkit.browser.page_readiness import wait_until_ready
from toolkit.browser.page_session import read_session
from toolkit.browser.session_storage_restoring import restoring_script
from toolkit.browser.site_moves import follow_moves
from toolkit.browser.sync_async_runners import ClosingStep, Limited, OpeningStep, ShieldedStep, Steps, Watch
from toolkit.browser.visit_plan import VisitPlan
from toolkit.errors import ChallengeRequired, ConnectFailed, HarvestFailed, LoginRequired, ProxyFailed, TLSFailed
from toolkit.http.aiohttp_errors import CHECK_TLS
from toolkit.http.gate_answers import CERTIFICATE_STATUSES, gate_refusal
from toolkit.session.browser_session import BrowserSession

# What Playwright's driver answers itself where it makes the connections, since the context has client certificates.
REFUSED_BY_DRIVER = 503
NO_CONNECTION_OF_DRIVER = "ERR_SOCKS_CONNECTION_FAILED"  # it is the browser's proxy then
DRIVER_REASON = re.compile(r"client-certificate error: ([\w' -]+)")
log = logging.getLogger("toolkit")

NOWHERE = "http://127.0.0.1:1/"  # an address that has no cookies
CLOSE_WAITS_MS = (250, 250, 500, 1_000, 2_000)  # how long to wait after each order to close
RECENT_RESPONSES = 20  # how many of the site's latest responses are kept, to read headers from


def harvest_steps(context: Any, plan: VisitPlan) -> Steps[BrowserSession]:
    """The steps of a visit in `context`, a Playwright context of either API. Pages are opened in it and closed again.

    Raises `LoginRequired` and `ChallengeRequired` where a person is needed and none is there, `HarvestFailed` with what
    was missing when the time was up, `ConnectFailed`, `ProxyFailed`, `TLSFailed`.
    """
    pages = OpenedPages()
    with dialogs_left_to_person(context, plan):
        try:
            return (yield from with_failure_capture(_harvest(context, plan, pages), pages, plan.provider, plan.capture))
        finally:
            for page in reversed(pages.opened):
                yield from _close_page(page)


def harvest_steps_in_new_context(
    browser: Any, context_options: dict[str, Any], plan: VisitPlan
) -> Steps[BrowserSession]:
    """The steps of a visit in a new context of `browser`, which is closed at the end with all its pages.

    Raises what `harvest_steps` raises.
    """
    with playwright_errors(plan.url, plan.provider):
        try:
            context = yield OpeningStep(browser.new_context(**context_options))
        except PlaywrightError as error:
            if is_closed(error) and not plan.person and not was_closed(browser):
                raise browser_ended_error(plan.url, plan.provider) from None
            raise
    pages = OpenedPages()
    context.on("page", pages.add)  # also the tabs that a person opens
    sending = None
    try:
        if plan.gate.headers:
            with playwright_errors(plan.url, plan.provider):
                sending = yield ShieldedStep(send_gate_headers(browser, context, plan))
        if plan.session_storage:
            with playwright_errors(plan.url, plan.provider):
                yield ShieldedStep(context.add_init_script(restoring_script(plan.session_storage)))
        with dialogs_left_to_person(context, plan):
            steps = _harvest(context, plan, pages)
            return (yield from with_failure_capture(steps, pages, plan.provider, plan.capture, context.tracing))
    finally:
        with suppress(PlaywrightError):  # the browser is gone already, and so is the context
            yield ClosingStep(context.close())
        if sending is not None:
            with suppress(PlaywrightError):
                yield ShieldedStep(sending.detach())


def _harvest(context: Any, plan: VisitPlan, pages: OpenedPages) -> Steps[BrowserSession]:
    """The visit itself. Adds the pages that it opens to `pages`."""
    responses: deque[Any] = deque(maxlen=RECENT_RESPONSES)
    binding = DeviceBinding(plan)

    def add_response(response: Any) -> None:
        binding.see_response(response)
        if plan.owns_url(response.url):
            responses.append(response)

    yield Watch(lambda: context.cookies(NOWHERE))
    if plan.recorder is not None:
        plan.recorder.watch(context, left_out=plan.gate.headers)
    with playwright_errors(plan.url, plan.provider, "tab" if plan.tab else "window"):
        try:
            page = yield OpeningStep(context.new_page())
            pages.add(page)
            if plan.recorder is not None:
                yield plan.recorder.ready()  # before the page goes anywhere
            yield from binding.watch_browser(context, page)
            with listening(page, "response", add_response):
                binding.plan, challenged = yield from _go_to_page(page, plan, responses)
            plan = binding.plan
            # A person's login may end in another tab.
            with listening(context if plan.person else page, "response", add_response):
                session = yield from _read_when_ready(context, pages, plan, responses, challenged=challenged)
            session = msgspec.structs.replace(session, device_bound=binding.noticed)
        except PlaywrightError as error:
            if is_closed(error) and not plan.person and (yield from _has_browser_ended(context)):
                raise browser_ended_error(plan.url, plan.provider) from None
            raise
    if plan.recorder is not None:
        yield plan.recorder.drain()  # before the page is closed
    return session


def _read_when_ready(
    context: Any, pages: OpenedPages, plan: VisitPlan, responses: Iterable[Any], *, challenged: bool
) -> Steps[BrowserSession]:
    """Wait for a page that has everything, and read the session from it; from another one where it is closed
    meanwhile, as the window of a login closes itself."""
    while True:
        page = yield from wait_until_ready(context, pages, plan, challenged=challenged)
        try:
            return (yield from read_session(context, page, plan, responses))
        except PlaywrightError:
            if not pages.go_on_without(page):
                raise


def _has_browser_ended(context: Any) -> Steps[bool]:
    """Whether the browser of `context` is gone, and nobody here has closed it."""
    if context.browser is None or was_closed(context.browser):
        return False
    try:
        extra = yield OpeningStep(context.browser.new_context())
        yield ClosingStep(extra.close())
    except PlaywrightError:
        return True
    return False


def _go_to_page(page: Any, plan: VisitPlan, responses: deque[Any]) -> Steps[tuple[VisitPlan, bool]]:
    """Go to the page of the plan. Returns the plan for where the site is by its redirects, and whether it shows a
    challenge that a person is there to pass.

    Raises the error that the page's own status stands for.
    """
    try:
        response = yield Limited(
            page.goto(plan.url, wait_until="commit", timeout=plan.navigation_ms), plan.navigation_ms
        )
    except PlaywrightError as error:
        if plan.gate.certificates and plan.proxy is None and NO_CONNECTION_OF_DRIVER in error.message:
            raise ConnectFailed("The site cannot be reached.", provider=plan.provider, url=plan.url) from None
        documents = [response for response in responses if response.request.is_navigation_request()]
        if not (is_error_page(error) and documents):
            raise
        response = documents[-1]
    if response is None:
        return plan, False
    before, plan = plan, (yield from follow_moves(response, plan))
    if plan is not before:
        responses.append(response)
    return plan, (yield from _is_challenge(response, plan)) if response.status >= 400 else False


def _is_challenge(response: Any, plan: VisitPlan) -> Steps[bool]:
    """Whether `response`, the page's document with an error status, is a challenge that a person is there to pass; with
    a person, it may also be a page to log in at. Raises the error that any other stands for."""
    if response.status == REFUSED_BY_DRIVER and plan.gate.certificates:
        told = yield Limited(response.text(), plan.navigation_ms)
        if reason := DRIVER_REASON.search(told):
            text = f"The site's certificate is refused: {reason[1]}."
            raise TLSFailed(text, provider=plan.provider, url=plan.url, hint=CHECK_TLS)
    headers = yield response.all_headers()
    if headers.get("cf-mitigated") == "challenge":  # https://developers.cloudflare.com/cloudflare-challenges/
        if plan.person:
            return True
        raise ChallengeRequired(
            "The site asks for proof of a person.",
            provider=plan.provider,
            url=plan.url,
            hint=f"Give it in a window: `toolkit login {plan.provider}` opens one.",
        )
    may_log_in = response.status in (401, 403) and plan.recipe.can_detect_login
    body = ""
    if response.status in CERTIFICATE_STATUSES:
        with suppress(PlaywrightError):  # there is none
            body = yield Limited(response.text(), plan.navigation_ms)
    refusal = gate_refusal(response.status, CIMultiDict(headers), response.url, plan.gate, body)
    if may_log_in and plan.person:
        if refusal is not None:  # the window shows it, and does not say what can be done
            log.warning("%s %s", refusal.what, refusal.hint)
        return False
    if refusal is not None and not (may_log_in and response.status == 403):  # which may be the site's own
        refusal.provider = plan.provider
        raise refusal
    if may_log_in:
        raise LoginRequired("The site wants a login.", provider=plan.provider, url=plan.url)
    if response.status == 407:
        raise ProxyFailed("The proxy wants a login.", provider=plan.provider, url=plan.url)
    raise HarvestFailed(f"The page answered {response.status}.", provider=plan.provider, url=plan.url)


def _close_page(page: Any) -> Steps[None]:
    """Close a page, unless it is gone already, with its window or the whole browser.

    Chromium loses an order to close a page that is just getting a new document, and Playwright's plain `close()` then
    waits for ever. With `run_before_unload` it does not wait, so the order can be given again. A page that then asks
    whether to leave it is left: whoever was to answer it has done what the page was there for.
    """
    dialogs: list[Any] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog))
    for wait_ms in CLOSE_WAITS_MS:
        if page.is_closed():
            return
        with suppress(PlaywrightError):
            yield ClosingStep(page.close(run_before_unload=True))
        with suppress(PlaywrightError):
            yield ShieldedStep(page.wait_for_event("close", timeout=wait_ms))
        while dialogs:
            with suppress(PlaywrightError):
                yield ClosingStep(dialogs.pop().accept())
    with suppress(PlaywrightError):
        yield ClosingStep(page.close())  # only this closes a page whose script never ends
