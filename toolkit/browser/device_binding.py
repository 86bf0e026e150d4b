"""Notices that a site binds its sessions to the browser: Device Bound Session Credentials (https://www.w3.org/TR/dbsc/).

Such a site asks the browser for a key, by a header of an answer, and from then on has the browser prove every few
minutes that it has that key, which never leaves the machine. Cookies that were taken out of the browser end with that.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Error as PlaywrightError

from toolkit.browser.sync_async_runners import Steps
from toolkit.browser.visit_plan import VisitPlan

# What a site begins a binding with; the second is its name in the trials before Chrome 145.
HEADERS = frozenset({"secure-session-registration", "sec-session-registration"})


class DeviceBinding:
    """Watches one visit. `noticed` says whether the site of `plan` has bound a session to the browser, or has asked the
    browser for it."""

    def __init__(self, plan: VisitPlan) -> None:
        self.noticed = False
        self.plan = plan

    def see_response(self, response: Any) -> None:
        """Look at an answer, a Playwright `Response`."""
        if not self.noticed and self.plan.owns_url(response.url):
            self.noticed = not HEADERS.isdisjoint(response.headers)

    def watch_browser(self, context: Any, page: Any) -> Steps[None]:
        """Have a Chromium tell which sessions are bound already, as in the browser that a person uses. Other browsers,
        and Chromiums before 146, cannot."""
        with suppress(PlaywrightError):
            cdp = yield context.new_cdp_session(page)
            cdp.on("Network.deviceBoundSessionsAdded", self._see_sessions)
            cdp.on("Network.deviceBoundSessionEventOccurred", self._see_event)
            yield cdp.send("Network.enableDeviceBoundSessions", {"enable": True})

    def _see_sessions(self, event: Any) -> None:
        for session in event.get("sessions", ()):
            self._see_site(session["key"]["site"])

    def _see_event(self, event: Any) -> None:
        if event.get("succeeded") and ("creationEventDetails" in event or "refreshEventDetails" in event):
            self._see_site(event["site"])

    def _see_site(self, site: str) -> None:
        """Take note of a bound session of `site`, a scheme and a registrable domain."""
        domain = urlsplit(site).hostname or site
        self.noticed |= any(host == domain or host.endswith(f".{domain}") for host in self.plan.hosts)
