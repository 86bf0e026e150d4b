"""Harvests sessions over Playwright's async API: in its own browser, or in what the caller hands in.

What was handed in is used and left open; what was opened here is closed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path

import msgspec
from playwright.async_api import Browser as AsyncBrowser
from playwright.async_api import BrowserContext as AsyncContext
from playwright.async_api import Error as PlaywrightError

from toolkit.browser.browsers_file import choose_profile
from toolkit.browser.context_check import check_context, is_sync, type_name
from toolkit.browser.context_options import context_options
from toolkit.browser.dialogs import dialogs_left_to_person
from toolkit.browser.failure_capture import FailureCapture
from toolkit.browser.gate_headers import send_gate_headers
from toolkit.browser.gates import find_gate
from toolkit.browser.harvest import harvest_steps, harvest_steps_in_new_context
from toolkit.browser.managed_browser import OwnBrowser
from toolkit.browser.page_errors import playwright_errors
from toolkit.browser.profiles import Profile
from toolkit.browser.proxy import proxy_url
from toolkit.browser.repeat_visit import with_reconnect
from toolkit.browser.running_browser import cdp_profile, default_context
from toolkit.browser.sync_async_runners import run
from toolkit.browser.visit_plan import VisitPlan, plan_visit
from toolkit.errors import ContextTypeError, UsageError
from toolkit.http.gate import NO_GATE, Gate
from toolkit.http.public_key_pins import root_pins, verified_pin
from toolkit.http.route import Route
from toolkit.session.browser_session import BrowserSession
from toolkit.session.frame_locals import forgetting_locals
from toolkit.session.recipe import PageRecorder, Site


class SessionManager:
    """Harvests sessions with a real browser. An async context manager.

    Without `context`, `browser` and `cdp` it starts a browser by `profile` (a name in browsers.json, or a `Profile`)
    for the first session, uses it for all others, and closes it in `aclose`. `browsers` is the path of browsers.json.

    `context` is a Playwright `BrowserContext` of the async API: each visit opens a page in it and closes that again.
    `browser` is a `Browser` of that API: each visit opens a context in it and closes that again. `cdp` is the address
    of a Chrome that a person has open, such as `http://127.0.0.1:9222`: each visit opens a tab there, in the person's
    own context, and closes it again. Where a profile connects to a browser, a lost connection is made anew once per
    visit.

    `route` is how the browser's traffic leaves this machine. `say` is called with what a person has to do. `recorder`
    records what the pages exchange. `capture` says what to keep of a visit that fails. `window` and `login_seconds`
    replace the profile's fields: whether the browser has a window, and how long a person has to log in there.
    """

    @forgetting_locals
    def __init__(
        self,
        profile: str | Profile | None = None,
        *,
        browsers: Path | None = None,
        context: AsyncContext | None = None,
        browser: AsyncBrowser | None = None,
        cdp: str | None = None,
        route: Route | None = None,
        say: Callable[[str], None] | None = None,
        recorder: PageRecorder | None = None,
        window: bool | None = None,
        login_seconds: float | None = None,
        capture: FailureCapture | None = None,
    ) -> None:
        _check_handed_in(context, browser, cdp)
        self._profile_name, chosen = choose_profile(profile, browsers)
        self._find_gate = partial(find_gate, profile=profile, browsers_file=browsers)
        if cdp is not None:
            chosen = cdp_profile(cdp, chosen)
        if window is not None:
            chosen = msgspec.structs.replace(chosen, headless=not window)
        if login_seconds is not None:
            chosen = msgspec.structs.replace(chosen, login_timeout_ms=login_seconds * 1000)
        self._profile = chosen
        self._context = context
        self._browser = browser
        self._in_own_tab = cdp is not None
        profile_proxy_wins = chosen.proxy is not None and route is not None and route.general
        self._route = Route() if route is None or profile_proxy_wins else route
        self._say = say
        self._recorder = recorder
        self._capture = capture
        self._own_browser = OwnBrowser(self._profile, self._route)

    async def __aenter__(self) -> SessionManager:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the browser if it was started here, also when cancelled meanwhile. May be called more than once."""
        await self._own_browser.aclose()

    @forgetting_locals
    async def harvest(
        self, site: Site, *, account: str = "default", previous: BrowserSession | None = None, login: bool = False
    ) -> BrowserSession:
        """Visit `site` (a provider) and return the session that results.

        `previous` is a session to renew: a context that is opened for the visit starts with its cookies, its storage
        and its headers; a context that was handed in is not changed. `login` says that a person is there to log in,
        whatever the page looks like.

        Raises `BrowserMissing`, `BrowserLost` and their like, `LoginRequired`, `ChallengeRequired`, `HarvestFailed`,
        or an error of the network (`ConnectFailed`, `ProxyFailed`, `TLSFailed`).
        """
        if self._context is not None:
            return await run(harvest_steps(self._context, self._plan(site, account, None, login)))
        gate = NO_GATE if self._route.sealed else self._find_gate(site.page)

        async def harvest_in_browser(browser: AsyncBrowser) -> BrowserSession:
            if self._in_own_tab:
                return await self._harvest_in_tab(browser, site, account, login)
            return await self._harvest_in_new_context(browser, site, account, previous, login, gate)

        if self._browser is not None:
            return await harvest_in_browser(self._browser)
        if self._profile.connect is not None:
            return await with_reconnect(harvest_in_browser, self._own_browser.get)
        # A session from a window is renewed in a whole browser: its scripts see less of a difference there.
        whole = previous is not None and not _is_from_headless(previous)
        pins = await self._pins(site, gate)
        return await harvest_in_browser(await self._own_browser.get(whole=whole, pins=pins, roots=gate.ca_pem))

    @asynccontextmanager
    async def open_context(self, site: Site) -> AsyncIterator[AsyncContext]:
        """Open a browser context for the page of `site`, for a caller that drives it or leaves it to a person; it is
        closed at the end, as if by a visit. The manager's `recorder` watches it, and dialogs are the person's where the
        browser has a window. Raises `BrowserMissing`, `BrowserLost` and their like, or an error of the network."""
        gate = NO_GATE if self._route.sealed else self._find_gate(site.page)
        browser = self._browser or await self._own_browser.get(pins=await self._pins(site, gate), roots=gate.ca_pem)
        plan = msgspec.structs.replace(self._plan(site, "default", None, login=False), gate=gate)
        with playwright_errors(site.page, site.name):
            context = await browser.new_context(
                **context_options(self._profile, self._route, gate=gate, site=site.page)
            )
            sending = None
            try:
                if gate.headers:
                    sending = await send_gate_headers(browser, context, plan)
                if self._recorder is not None:
                    self._recorder.watch(context, left_out=gate.headers)
                with dialogs_left_to_person(context, plan):
                    yield context
            finally:
                with suppress(PlaywrightError):  # the browser is gone already, and so is the context
                    await context.close()
                    if sending is not None:
                        await sending.detach()

    async def _pins(self, site: Site, gate: Gate) -> frozenset[str]:
        """The pins by which a Chromium that is started here trusts what `gate` trusts. Raises `TLSFailed` and its like
        where the site has no certificate that the gate's roots vouch for."""
        if gate.ca_pem is None or gate.any_certificate or self._profile.browser != "chromium":
            return frozenset()
        connecting = self._profile.navigation_timeout_ms / 1000 or None
        verified = await verified_pin(site.page, self._route, gate, seconds=connecting)
        return frozenset([*root_pins(gate.ca_pem), *filter(None, [verified])])

    async def _harvest_in_tab(self, browser: AsyncBrowser, site: Site, account: str, login: bool) -> BrowserSession:
        """Visit `site` in a tab of the browser that a person has open."""
        context = default_context(browser)
        return await run(harvest_steps(context, self._plan(site, account, None, login)))

    async def _harvest_in_new_context(
        self,
        browser: AsyncBrowser,
        site: Site,
        account: str,
        previous: BrowserSession | None,
        login: bool,
        gate: Gate,
    ) -> BrowserSession:
        """Visit `site`, which is behind `gate`, in a new context of `browser`, with what `previous` has."""
        proxy = proxy_url(self._profile.proxy, site.hosts) if self._profile.proxy is not None else None
        options = context_options(self._profile, self._route, previous, gate=gate, site=site.page)
        plan = msgspec.structs.replace(self._plan(site, account, proxy, login), gate=gate)
        if previous is not None:
            options["storage_state"] = previous.to_storage_state()
            plan = msgspec.structs.replace(plan, session_storage=previous.session_storage)
        return await run(harvest_steps_in_new_context(browser, options, plan))

    def _plan(self, site: Site, account: str, profile_proxy: str | None, login: bool) -> VisitPlan:
        """The visit to make. `profile_proxy` is the profile's proxy, where the context uses that."""
        proxy = profile_proxy
        if self._route.proxy is not None and not self._in_own_tab:
            proxy = self._route.proxy_of_session(site.page)
        plan = plan_visit(site, self._profile, profile_name=self._profile_name, account=account)
        return msgspec.structs.replace(
            plan,
            proxy=proxy,
            person=plan.person or login,
            login=login,
            tab=self._in_own_tab,
            say=self._say,
            recorder=self._recorder,
            capture=self._capture,
        )


def _check_handed_in(context: AsyncContext | None, browser: AsyncBrowser | None, cdp: str | None) -> None:
    """Raise `UsageError` for more than one of the three, and `ContextTypeError` for an object of another type."""
    if sum(given is not None for given in (context, browser, cdp)) > 1:
        raise UsageError("Give a browser, a context or the address of one; not both.")
    if context is not None:
        check_context(context)
        if is_sync(context):
            raise ContextTypeError("That context is of Playwright's sync API.", hint="Use `harvest_in` for it.")
    if browser is not None and not isinstance(browser, AsyncBrowser):
        raise ContextTypeError(f"A Browser of Playwright's async API is needed, not {type_name(browser)}.")


def _is_from_headless(session: BrowserSession) -> bool:
    """Whether the session comes from a browser that calls itself headless."""
    return "Headless" in session.headers.get("user-agent", "")
