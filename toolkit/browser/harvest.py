"""From a page to a `BrowserSession`, by a recipe. Written once, for Playwright's async and its sync API.

A visit is a generator of steps (see `toolkit.browser.sync_or_async`). Whatever happens, cancellation included, the
pages that the visit opened are closed, and nothing else.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import msgspec
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout

from toolkit.browser.error_mapping import has_moved_on, is_error_page, playwright_errors
from toolkit.browser.failure_picture import FailureCapture, Pages, with_failure_capture
from toolkit.browser.sync_or_async import ShieldedStep, Steps
from toolkit.errors import ChallengeRequired, HarvestFailed, LoginRequired, ProxyFailed
from toolkit.session.expiry import clock_skew, expiry
from toolkit.session.headers import is_browser_header, origin_of
from toolkit.session.recipe import Harvest, PageRecorder, example_name
from toolkit.session.value import BrowserSession, Cookie

POLL_MS = 50
LOOK_MS = 250  # that the driver looks for an element by itself: it tells at once, and is not asked again and again
SETTLE_MS = 5_000  # the most that is waited for what a page still loads when all that is needed is there
CLOSE_WAITS_MS = (250, 250, 500, 1_000, 2_000)  # how long to wait after each order to close
MIN_ANSWER_MS = 1_000  # the least that a page has to answer at all
ANSWERS = 20  # the latest answers to the page, whose requests are looked at for headers
LOGIN = "login"
# What the site answers, {} where it wants a login, and null where it does not tell.
ASK = """([url, headers]) => fetch(url, {headers})
    .then(answer => answer.ok ? answer.json() : [401, 403].includes(answer.status) ? {} : null).catch(() => null)"""
PROBE_MS = 500
STORAGE = "() => { try { return Object.entries(localStorage) } catch { return [] } }"


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """One visit to make. `url` is the page, `hosts` are the provider's own, times are in ms and 0 is no limit.

    `ready_ms` is how long to wait for what the recipe needs. `person` says that somebody sits at the window and may log
    in, or prove to be one, within `login_ms`; `login`, that they are there for just that; `tab`, that it is one of the
    browser that they have open. `say` is told, once, what they are to do. `recorder` records the pages. `capture` says
    what is kept of a visit that fails.
    """

    provider: str
    url: str
    recipe: Harvest
    hosts: tuple[str, ...]
    account: str = "default"
    profile: str = ""
    proxy: str | None = None
    navigation_ms: float = 30_000
    ready_ms: float = 30_000
    login_ms: float = 300_000
    person: bool = False
    login: bool = False
    tab: bool = False
    say: Callable[[str], None] | None = None
    recorder: PageRecorder | None = None
    capture: FailureCapture | None = None

    def owns(self, url: str) -> bool:
        """Whether `url` is one of the provider's."""
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and ascii_host(parts.hostname or "") in self.hosts

    def gets(self, domain: str) -> bool:
        """Whether one of the provider's hosts is sent the cookies of `domain`, which has a dot in front unless they
        are for that host alone (RFC 6265bis, 5.1.3)."""
        bare = domain.removeprefix(".").strip("[]").lower()
        return any(host == bare or (domain.startswith(".") and host.endswith(domain.lower())) for host in self.hosts)


class Clock:
    """A time limit in ms, 0 for none."""

    def __init__(self, ms: float) -> None:
        self._end = time.monotonic() + ms / 1000 if ms else math.inf

    @property
    def left(self) -> float:
        """What is left of it as Playwright takes it: in ms, at least 1, and 0 for no limit."""
        return 0.0 if self._end == math.inf else max(1.0, (self._end - time.monotonic()) * 1000)

    @property
    def over(self) -> bool:
        return time.monotonic() > self._end


def visit(context: Any, plan: Visit) -> Steps[BrowserSession]:
    """The steps of a visit in `context`, a Playwright context of either API; it gets pages, which are closed again.

    Raises `LoginRequired` and `ChallengeRequired` where a person is needed and none is there, `HarvestFailed` with what
    was missing when the time was up, `ConnectFailed`, `ProxyFailed`, `TLSFailed`.
    """
    pages = Pages()
    try:
        return (yield from with_failure_capture(_visit(context, plan, pages), pages, plan.provider, plan.capture))
    finally:
        for page in reversed(pages.opened):
            yield from _close(page)


def visit_in_new_context(browser: Any, options: dict[str, Any], plan: Visit) -> Steps[BrowserSession]:
    """The steps of a visit in a context of its own in `browser`, made with `options`, and closed with all its pages."""
    with playwright_errors(plan.url, plan.provider):
        context = yield ShieldedStep(browser.new_context(**options))
    pages = Pages()
    try:
        steps = _visit(context, plan, pages)
        return (yield from with_failure_capture(steps, pages, plan.provider, plan.capture, context.tracing))
    finally:
        with suppress(PlaywrightError):  # the browser is gone already, and so is the context
            yield ShieldedStep(context.close())


def _visit(context: Any, plan: Visit, pages: Pages) -> Steps[BrowserSession]:
    """The visit itself; `pages` is filled with those that it opens."""
    answers: deque[Any] = deque(maxlen=ANSWERS)

    def adopt(page: Any) -> None:
        pages.add(page)
        page.on("popup", adopt)  # a login in a window of its own, say

    if plan.recorder is not None:
        plan.recorder.watch(context)
    with playwright_errors(plan.url, plan.provider, "tab" if plan.tab else "window"):
        page = yield ShieldedStep(context.new_page())
        adopt(page)
        page.on("response", lambda answer: answers.append(answer) if plan.owns(answer.url) else None)
        challenged = yield from _go(page, plan, answers)
        yield from _wait(context, page, plan, challenged)
        session = yield from _take(context, page, plan, answers)
    if plan.recorder is not None:
        yield plan.recorder.drain()  # while the page is there
    return session


def _close(page: Any) -> Steps[None]:
    """Close a page; one that is gone already, with its window or the whole browser, is closed.

    Chromium loses the order to close a page that is just getting a new document, and Playwright's plain `close()` then
    waits for ever. The one that asks the page's script first does not wait, so it can be given again.
    """
    for patience in CLOSE_WAITS_MS:
        if page.is_closed():
            return
        with suppress(PlaywrightError):
            yield ShieldedStep(page.close(run_before_unload=True))
        with suppress(PlaywrightError):
            yield ShieldedStep(page.wait_for_event("close", timeout=patience))
    with suppress(PlaywrightError):
        yield ShieldedStep(page.close())  # a page whose script never ends is closed by nothing less


def _go(page: Any, plan: Visit, answers: Iterable[Any]) -> Steps[bool]:
    """Go to the page. Returns whether the site asks for proof of a person, and one is there to give it.

    Raises what an error status of the page itself means.
    """
    try:
        answer = yield page.goto(plan.url, wait_until="commit", timeout=plan.navigation_ms)
    except PlaywrightError as error:
        documents = [answer for answer in answers if answer.request.is_navigation_request()]
        if not (is_error_page(error) and documents):
            raise
        answer = documents[-1]
    if answer is None or answer.status < 400:
        return False
    headers = yield answer.all_headers()
    if headers.get("cf-mitigated") == "challenge":  # https://developers.cloudflare.com/cloudflare-challenges/
        if plan.person:
            return True
        raise ChallengeRequired(
            "The site asks for proof of a person.",
            provider=plan.provider,
            url=plan.url,
            hint=f"Give it in a window: `toolkit login {plan.provider}` opens one.",
        )
    if answer.status in (401, 403) and plan.recipe.can_detect_login:
        if plan.person:
            return False
        raise LoginRequired("The site wants a login.", provider=plan.provider, url=plan.url)
    if answer.status == 407:
        raise ProxyFailed("The proxy wants a login.", provider=plan.provider, url=plan.url)
    raise HarvestFailed(f"The page answered {answer.status}.", provider=plan.provider, url=plan.url)


def _wait(context: Any, page: Any, plan: Visit, challenged: bool) -> Steps[None]:
    """Wait until everything that the recipe needs is there: right at a change of the address can be too early."""
    tells = plan.recipe.signed_out is not None or plan.recipe.only_probe_detects_login
    by_hand = challenged or plan.login or (plan.person and tells)
    limit = plan.login_ms if by_hand else plan.ready_ms
    clock, said, settled = Clock(limit), False, plan.recipe.ready is not None
    while True:
        missing = yield from _missing(context, page, plan, clock)
        if not missing:
            if settled:
                return
            yield from _settle(page, plan)  # and look again: its script may have sent the page to the login meanwhile
            settled = True
            continue
        if LOGIN in missing and not plan.person:
            raise LoginRequired("The site wants a login.", provider=plan.provider, url=page.url)
        if clock.over:
            raise HarvestFailed(
                f"After {limit / 1000:g} s the page still has no {', no '.join(missing)}.",
                provider=plan.provider,
                url=page.url,
                hint="`--timeout`, or `login_timeout_ms` of the profile, gives more time." if by_hand else None,
            )
        if by_hand and not said and plan.say:
            what = "Show the site that you are a person" if challenged else "Log in"
            within = f", within {limit / 1000:g} s" if limit else ""
            where = "tab that has opened in your browser" if plan.tab else "window that has opened"
            plan.say(f"{what} at {plan.url} in the {where}{within}.")
            said = True
        yield page.wait_for_timeout(POLL_MS)


def _settle(page: Any, plan: Visit) -> Steps[None]:
    """Wait for the page to load, where the recipe does not say how one sees that it works."""
    clock = Clock(plan.navigation_ms)
    yield page.wait_for_load_state("domcontentloaded", timeout=clock.left)
    with suppress(PlaywrightTimeout):  # a picture that never comes is not what was waited for
        yield page.wait_for_load_state("load", timeout=min(clock.left or SETTLE_MS, SETTLE_MS))


def _missing(context: Any, page: Any, plan: Visit, clock: Clock) -> Steps[list[str]]:
    """What the recipe needs and the page does not have yet, in words."""
    recipe, lacking, token = plan.recipe, [], None
    if (recipe.signed_out is not None or plan.login) and _signing_in(page.url, plan):
        lacking.append(LOGIN)
    if recipe.cookies:
        cookies = yield context.cookies()
        names = [raw["name"] for raw in cookies if plan.gets(raw["domain"])]
        unmet = recipe.missing_cookies(names)
        if unmet and recipe.bearer is not None:
            token = ((yield from _storage(page, clock)) or {}).get(recipe.bearer)
        lacking += [] if token else [f"cookie {example_name(wanted)}" for wanted in unmet]
    if recipe.storage:
        stored = yield from _storage(page, clock)
        lacking += [f"storage key {key}" for key in recipe.storage if key not in (stored or {})]
    if recipe.ready is not None:
        shown = yield from _shown(page, page.locator(recipe.ready).first, clock, look=not lacking)
        lacking += [] if shown else [f"element {recipe.ready}"]
    if recipe.probe is not None and (plan.login or recipe.only_probe_detects_login) and not lacking:
        answer = yield from _asked(page, plan.url.removesuffix(recipe.page) + recipe.probe.path, token)
        if not recipe.probe.allows_calls(answer):
            if plan.person and isinstance(answer, dict) and answer:  # the site takes the session, or so it looks
                lacking.append(f"{LOGIN} ({recipe.probe.path} tells nobody at {' or '.join(recipe.probe.identity)})")
            else:
                lacking.append(LOGIN if plan.login or answer is not None else f"answer of {recipe.probe.path}")
            yield page.wait_for_timeout(PROBE_MS)
    return lacking


def _shown(page: Any, element: Any, clock: Clock, *, look: bool) -> Steps[bool]:
    """Whether the element is visible; to `look` is to give it a moment."""
    if look:
        with suppress(PlaywrightTimeout):
            yield element.wait_for(state="visible", timeout=LOOK_MS)
            return True
    yield from _responsive(page, clock)
    return bool((yield element.is_visible()))


def _asked(page: Any, url: str, token: str | None) -> Steps[Any]:
    """What the site answers to a probe that the page itself makes, with a bearer's `token` if there is one; None where
    it does not tell."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        return (yield page.evaluate(ASK, [url, headers]))
    except PlaywrightError as error:
        if not has_moved_on(error):
            raise
        return None


def _signing_in(url: str, plan: Visit) -> bool:
    """Whether that is where a person logs in: the site's own page for it, or that of somebody who vouches for them."""
    if urlsplit(url).scheme not in ("http", "https"):
        return False
    return not plan.owns(url) or plan.recipe.is_login_page(urlsplit(url).path)


def _take(context: Any, page: Any, plan: Visit, answers: Iterable[Any]) -> Steps[BrowserSession]:
    """The session, as the page has it now."""
    clock = Clock(plan.navigation_ms)
    storage: dict[str, dict[str, str]] = {}
    while (own := (yield from _storage(page.main_frame, clock))) is None:
        yield page.wait_for_timeout(POLL_MS)
    for frame in page.frames:
        if plan.owns(frame.url):
            items = own if frame.parent_frame is None else (yield from _storage(frame, clock))
            storage |= {origin_of(frame.url): items} if items else {}
    jar = yield context.cookies()
    cookies = tuple(Cookie.from_playwright(raw) for raw in jar if plan.gets(raw["domain"]))
    session = BrowserSession(
        provider=plan.provider,
        origin=origin_of(plan.url),
        account=plan.account,
        cookies=cookies,
        headers=(yield from _headers(page, plan, answers)),
        local_storage=storage,
        harvested_at=time.time(),
        profile=plan.profile,
        proxy=plan.proxy,
        clock_skew=(yield from _skew(answers)),
    )
    return msgspec.structs.replace(session, expires_at=expiry(session, plan.recipe))


def _skew(answers: Iterable[Any]) -> Steps[float]:
    """How many seconds the site's clock is ahead, by the latest of its answers that says so."""
    for answer in reversed(list(answers)):
        headers, timing = (yield answer.all_headers()), answer.request.timing
        if "date" in headers and timing["startTime"] > 0:
            received = (timing["startTime"] + max(0.0, timing["responseStart"])) / 1000
            return clock_skew(headers["date"], headers.get("age"), received)
    return 0.0


def _headers(page: Any, plan: Visit, answers: Iterable[Any]) -> Steps[dict[str, str]]:
    """The headers worth keeping, as the page's own requests carried them; of several, the latest fetch's.

    Only of requests that were answered: Playwright tells the headers of one that still waits when it is sent.
    """
    kept: dict[str, str] = {}
    requests = [answer.request for answer in answers]
    for request in sorted(requests, key=lambda request: request.resource_type in ("fetch", "xhr")):
        sent = yield request.all_headers()
        kept |= {name: value for name, value in sent.items() if is_browser_header(name) or name in plan.recipe.headers}
    if "user-agent" not in kept:
        kept["user-agent"] = yield page.evaluate("() => navigator.userAgent")
    return dict(sorted(kept.items()))


def _storage(frame: Any, clock: Clock) -> Steps[dict[str, str] | None]:
    """The localStorage of the frame's origin; None where the frame is just going elsewhere."""
    try:
        return dict((yield frame.locator(":root").first.evaluate(STORAGE, timeout=_patience(clock))))
    except PlaywrightError as error:
        if not has_moved_on(error):
            raise
        return None


def _responsive(frame: Any, clock: Clock) -> Steps[None]:
    """Wait until a page or frame answers. One whose script never ends does not, and most calls know no time limit."""
    yield frame.locator(":root").first.wait_for(state="attached", timeout=_patience(clock))


def _patience(clock: Clock) -> float:
    """What is left of the time as Playwright takes it, and enough for a page to answer."""
    return clock.left and max(clock.left, MIN_ANSWER_MS)


def ascii_host(host: str) -> str:
    """The name of a host as it is in URLs that a browser tells: in ASCII (RFC 5891), lower case, without brackets."""
    try:
        return host.encode("idna").decode("ascii").lower()
    except UnicodeError:  # no host name at all; it is compared as it is
        return host.lower()
