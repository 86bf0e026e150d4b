"""Who opens a browser, and who closes it. What was handed in is used and left as it was; what was opened is closed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
from playwright.async_api import Browser as AsyncBrowser
from playwright.async_api import BrowserContext as AsyncContext
from playwright.sync_api import BrowserContext as SyncContext

from toolkit.browser.connect import cdp_profile, connect, default_context, with_reconnect
from toolkit.browser.driver import driver
from toolkit.browser.failure_picture import FailureCapture
from toolkit.browser.harvest import Visit, ascii_host, visit, visit_in_new_context
from toolkit.browser.launch import context_options, launch
from toolkit.browser.profiles import Profile, load_profiles
from toolkit.browser.proxy import proxy_url
from toolkit.browser.sync_or_async import run, run_sync, shielded
from toolkit.errors import ContextTypeError, UsageError
from toolkit.http.route import Route
from toolkit.session.recipe import PageRecorder, Site
from toolkit.session.value import BrowserSession

Say = Callable[[str], None]


class SessionManager:
    """Harvests sessions with a real browser. An async context manager.

    Without `context` and `browser` it starts one by `profile` (a name in browsers.json, or a `Profile`) when the first
    session is asked for, keeps it for the next, and closes it at its own end. `context` is a Playwright
    `BrowserContext` of the async API, `browser` a `Browser`: a page, or a context, is opened in it and closed again.
    `cdp` is the address of a Chrome that a person has open, such as `http://127.0.0.1:9222`: its own context gets one
    tab, which is closed again. Where a profile connects to a browser, a lost connection is made anew once per visit.
    `route` is how the browser's traffic leaves. `say` is told, for a person, what is waited for.
    `recorder` records what the pages exchange, `capture` says what is kept of a visit that fails. `window` and
    `login_seconds` say otherwise than the profile whether the browser has a window, and how long a person has to log in
    there.
    """

    def __init__(
        self,
        profile: str | Profile | None = None,
        *,
        browsers: Path | None = None,
        context: AsyncContext | None = None,
        browser: AsyncBrowser | None = None,
        cdp: str | None = None,
        route: Route | None = None,
        say: Say | None = None,
        recorder: PageRecorder | None = None,
        window: bool | None = None,
        login_seconds: float | None = None,
        capture: FailureCapture | None = None,
    ) -> None:
        if sum(given is not None for given in (context, browser, cdp)) > 1:
            raise UsageError("Give a browser, a context or the address of one; not both.")
        if context is not None:
            check_context(context)
            if is_sync(context):
                raise ContextTypeError("That context is of Playwright's sync API.", hint="Use `harvest_in` for it.")
        if browser is not None and not isinstance(browser, AsyncBrowser):
            raise ContextTypeError(f"A Browser of Playwright's async API is needed, not {_kind(browser)}.")
        self._name, self._profile = _profile(profile, browsers)
        if cdp is not None:
            self._profile = cdp_profile(cdp, self._profile)
        self._attached = cdp is not None
        if window is not None:
            self._profile = msgspec.structs.replace(self._profile, headless=not window)
        if login_seconds is not None:
            self._profile = msgspec.structs.replace(self._profile, login_timeout_ms=login_seconds * 1000)
        self._context = context
        self._browser = browser
        configured = self._profile.proxy is not None and route is not None and route.general
        self._route = Route() if route is None or configured else route
        self._say = say
        self._recorder, self._capture = recorder, capture
        self._starting: asyncio.Task[AsyncBrowser] | None = None
        self._closing: asyncio.Task[None] | None = None
        self._opened = AsyncExitStack()

    async def __aenter__(self) -> SessionManager:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the browser if it is ours, also when cancelled meanwhile. More than once is fine."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close())
        await shielded(self._closing)

    async def harvest(
        self, site: Site, *, account: str = "default", previous: BrowserSession | None = None, login: bool = False
    ) -> BrowserSession:
        """Visit `site` (a provider) and take the session that results. In a context of ours, the page finds the
        cookies and the storage of `previous` there; one that was handed in is left as it is. `login` says that a person
        is there to log in, whatever the page looks like.

        Raises `BrowserMissing`, `BrowserLost` and their like, `LoginRequired`, `ChallengeRequired`, `HarvestFailed`, or
        what the network did (`ConnectFailed`, `ProxyFailed`, `TLSFailed`).
        """
        if self._context is not None:
            return await run(visit(self._context, self._plan(site, account, None, login)))

        async def visit_in(browser: AsyncBrowser) -> BrowserSession:
            if self._attached:
                context = default_context(browser)
                context.on("dialog", _leave)
                return await run(visit(context, self._plan(site, account, None, login)))
            proxy = proxy_url(self._profile.proxy, site.hosts) if self._profile.proxy is not None else None
            options = context_options(self._profile, self._route, previous)
            if previous is not None:
                options["storage_state"] = previous.to_storage_state()
            return await run(visit_in_new_context(browser, options, self._plan(site, account, proxy, login)))

        if self._browser is not None:
            return await visit_in(self._browser)
        if self._profile.connect is not None:
            return await with_reconnect(visit_in, self._own_browser)
        return await visit_in(await self._own_browser(whole=previous is not None and not _headless(previous)))

    def _plan(self, site: Site, account: str, proxy: str | None, login: bool) -> Visit:
        """The visit to make. `proxy` is the profile's, where the context is one of the profile."""
        if self._route.proxy is not None and not self._attached:
            proxy = self._route.proxy_of_session(site.page)
        plan = _plan(site, self._name, self._profile, account=account, proxy=proxy, say=self._say)
        plan = msgspec.structs.replace(plan, recorder=self._recorder, capture=self._capture)
        return msgspec.structs.replace(plan, login=login, person=plan.person or login, tab=self._attached)

    async def _own_browser(self, lost: AsyncBrowser | None = None, *, whole: bool = False) -> AsyncBrowser:
        """Our browser, started if it is not there, or no longer; `lost` is one that is known to be gone. `whole` is for
        a session that comes from a window: of what its scripts see, a whole browser without one differs less."""
        if self._closing is not None:
            raise UsageError("This SessionManager is closed.")
        if self._starting is None or (self._starting.done() and not _alive(self._starting, lost)):
            self._starting = asyncio.create_task(self._start(self._opened, whole))
        # Waited for, and no more: that one harvest is cancelled is no matter to the others.
        await asyncio.wait({self._starting})
        return self._starting.result()

    async def _start(self, before: AsyncExitStack, whole: bool) -> AsyncBrowser:
        await before.aclose()
        async with AsyncExitStack() as opening:
            playwright = await opening.enter_async_context(driver())
            if self._profile.connect is not None:
                browser = await connect(playwright, self._profile)
            else:
                browser = await launch(playwright, self._profile, self._route, whole=whole)
            opening.push_async_callback(browser.close)
            self._opened = opening.pop_all()
        return browser

    async def _close(self) -> None:
        if self._starting is not None:
            await asyncio.wait({self._starting})
            if not self._starting.cancelled():
                self._starting.exception()  # whoever waited for the browser was told
        await self._opened.aclose()


def _leave(_: object) -> None:
    """Leave a dialog to the person: where nobody listens, Playwright answers it, in every tab."""


def harvest_in(
    context: SyncContext,
    site: Site,
    *,
    account: str = "default",
    profile: str | Profile | None = None,
    capture: FailureCapture | None = None,
) -> BrowserSession:
    """Visit `site` in a context of Playwright's sync API (pytest-playwright's, for one) and take the session. `capture`
    says what is kept of a visit that fails.

    Raises what `SessionManager.harvest` raises, and `ContextTypeError` for anything but such a context.
    """
    check_context(context)
    if not isinstance(context, SyncContext):
        raise ContextTypeError("That context is of Playwright's async API.", hint="Use `SessionManager` for it.")
    name, chosen = _profile(profile, None)
    plan = msgspec.structs.replace(_plan(site, name, chosen, account=account), capture=capture)
    return run_sync(visit(context, plan))


def check_context(context: object) -> None:
    """Raise `ContextTypeError` for what is not a Playwright browser context of either API."""
    if not isinstance(context, AsyncContext | SyncContext):
        raise ContextTypeError(
            f"A Playwright BrowserContext is needed, not {_kind(context)}.",
            hint="A Selenium driver is not taken any more; make a context with `browser.new_context()`.",
        )


def is_sync(context: object) -> bool:
    """Whether that is a context of the sync API, which only its own thread may use."""
    return isinstance(context, SyncContext)


def _kind(thing: object) -> str:
    return f"{type(thing).__module__}.{type(thing).__qualname__}"


def _headless(session: BrowserSession) -> bool:
    """Whether it comes from a browser that calls itself headless."""
    return "Headless" in session.headers.get("user-agent", "")


def _alive(starting: asyncio.Task[AsyncBrowser], lost: AsyncBrowser | None) -> bool:
    """Whether the browser that was started is there, not `lost`, and has not been closed by anyone else."""
    if starting.cancelled() or starting.exception() is not None:
        return False
    return starting.result() is not lost and starting.result().is_connected()


def _profile(profile: str | Profile | None, browsers: Path | None) -> tuple[str, Profile]:
    if isinstance(profile, Profile):
        return "", profile
    profiles = load_profiles(browsers)
    name = profile or profiles.default
    return name, profiles.get(name)


def _plan(
    site: Site, name: str, profile: Profile, *, account: str, proxy: str | None = None, say: Say | None = None
) -> Visit:
    return Visit(
        provider=site.name,
        url=site.page,
        recipe=site.harvest,
        hosts=tuple(ascii_host(host) for host in site.hosts),
        account=account,
        profile=name,
        proxy=proxy,
        navigation_ms=profile.navigation_timeout_ms,
        ready_ms=profile.ready_timeout_ms,
        login_ms=profile.login_timeout_ms,
        person=not profile.headless,
        say=say,
    )
