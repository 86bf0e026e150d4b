"""Visits a provider's site for a client, with the browser it was given or with the profile of its last session."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from toolkit.client import failed_visit_files
from toolkit.client.hints import BOUND
from toolkit.errors import UsageError
from toolkit.http.route import Route, choose_route
from toolkit.providers.base import Provider
from toolkit.session.browser_session import BrowserSession
from toolkit.session.recipe import PageRecorder
from toolkit.session.tokens import sync_token

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext

    from toolkit.browser.profiles import Profile

log = logging.getLogger("toolkit")

LOGIN_PROFILE = "headed"  # the profile for a person's login


class Login(NamedTuple):
    """A login by a person: within how many `seconds` (None: what the profile says), and in which running Chrome.

    `cdp` is the address of that Chrome's DevTools endpoint; None opens a window instead.
    """

    seconds: float | None = None
    cdp: str | None = None


class Visitor:
    """Visits the site of `provider` for `account`. The other arguments are those of `Client`.

    Playwright is imported at the first visit, or at once if there is a `context`, which is checked. Raises
    `ContextTypeError` for a context of the wrong kind.
    """

    def __init__(
        self,
        provider: Provider,
        account: str,
        *,
        profile: str | Profile | None = None,
        browsers: Path | None = None,
        context: BrowserContext | None = None,
        browser: Browser | None = None,
        route: Route | None = None,
        say: Callable[[str], None] | None = None,
        recorder: PageRecorder | None = None,
    ) -> None:
        if context is not None:
            from toolkit.browser.context_check import check_context

            check_context(context)
        self._provider, self._account = provider, account
        self._profile, self._browsers = profile, browsers
        self._context, self._browser = context, browser
        self._route, self._say, self._recorder = route, say, recorder

    async def visit(self, previous: BrowserSession | None, login: Login | None = None) -> BrowserSession:
        """Visit the site, and return the session that results.

        The browser starts with the cookies and the storage of `previous`; for a `login` it starts empty. A session is
        renewed without a window, with the profile and the proxy that it is from, unless the client names others. Raises
        `UsageError` for a login at a provider whose recipe cannot tell when somebody has logged in.
        """
        from toolkit.browser.browsers_file import load_profiles
        from toolkit.browser.session_manager import SessionManager

        began = time.monotonic()
        profile, route = self._profile, self._route
        window: bool | None = None
        if login is not None:
            if not self._provider.harvest.can_detect_login:
                raise UsageError(
                    "Nothing tells that somebody is signed in there, so there is nothing to wait for.",
                    provider=self._provider.name,
                    hint="`toolkit harvest` visits the site and keeps the session.",
                )
            if profile is None and LOGIN_PROFILE in load_profiles(self._browsers):
                profile = LOGIN_PROFILE
            window, previous = login.cdp is None or None, None
        elif previous is not None:
            if profile is None and previous.profile in load_profiles(self._browsers):
                profile, window = previous.profile, False
            route = choose_route(route, previous.proxy)
        known = sync_token(previous, self._provider.harvest) if previous is not None else None
        async with SessionManager(
            profile,
            browsers=self._browsers,
            context=self._context,
            browser=self._browser,
            route=route,
            say=self._say,
            recorder=self._recorder,
            window=window,
            login_seconds=login.seconds if login is not None else None,
            cdp=login.cdp if login is not None else None,
            capture=failed_visit_files.capture_options(),
        ) as manager:
            session = await manager.harvest(
                self._provider, account=self._account, previous=known, login=login is not None
            )
        # How long a person takes to log in says nothing of the next visit.
        seconds = time.monotonic() - began if login is None else 0.0
        session = msgspec.structs.replace(session, visit_seconds=seconds)
        if previous is not None and previous.device_bound:  # a site need not ask for the key again
            return msgspec.structs.replace(session, device_bound=True)
        if session.device_bound:
            log.warning("%s", BOUND)
        return session
