"""The plan of one visit, as a value: which page, by which recipe, within which times. Nothing here runs."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import msgspec

from toolkit.browser.failure_capture import FailureCapture
from toolkit.browser.profiles import Profile
from toolkit.errors import redact_url
from toolkit.http.gate import NO_GATE, Gate
from toolkit.session.recipe import Harvest, PageRecorder, Site
from toolkit.session.site_address import ascii_host


class VisitPlan(msgspec.Struct, frozen=True, kw_only=True):
    """One visit to make. Times are in ms, and 0 is no limit.

    `url` is the page, and `hosts` are the provider's own, in ASCII. `navigation_ms` is the time for the page to load,
    `ready_ms` that for it to have what the recipe needs. `person` says that somebody sits at the window, and may log in
    or pass a challenge within `login_ms`; `login` says that they are there just to log in; `tab` says that the page is
    a tab of the browser that they use. `say` is called once, with the text that tells them what to do. `recorder`
    records the pages. `capture` says what to keep of a visit that fails. `gate` is what stands in front of the hosts.
    `session_storage` is what the tabs of a new context begin with, by origin.
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
    gate: Gate = NO_GATE
    session_storage: dict[str, dict[str, str]] = {}

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    def __repr__(self) -> str:  # a proxy has a password
        return f"<VisitPlan {self.provider} {redact_url(self.url)} account={self.account}>"

    @property
    def respond_ms(self) -> float:
        """How long a page with the session may take to respond: a dialog in it may wait for the person first."""
        return self.login_ms if self.person else self.navigation_ms

    def owns_url(self, url: str) -> bool:
        """Whether `url` is on one of the provider's hosts."""
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and ascii_host(parts.hostname or "") in self.hosts

    def owns_cookie_domain(self, domain: str) -> bool:
        """Whether a browser sends cookies of `domain` to one of the provider's hosts, or of those whose cookies belong
        to the session too (RFC 6265bis, 5.1.3).

        As in Playwright's cookies, `domain` begins with a dot unless they are for that host alone.
        """
        bare = domain.removeprefix(".").strip("[]").lower()
        hosts = (*self.hosts, *map(ascii_host, self.gate.session_hosts))
        return any(host == bare or (domain.startswith(".") and host.endswith(domain.lower())) for host in hosts)

    def is_login_url(self, url: str) -> bool:
        """Whether a person logs in at `url`: at the site's own login page, or at another site that signs them in."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https"):
            return False
        return not self.owns_url(url) or self.recipe.is_login_page(parts.path)


def plan_visit(site: Site, profile: Profile, *, profile_name: str, account: str) -> VisitPlan:
    """The plan of a visit to `site` with the times of `profile`. A profile with a window has a person at it."""
    return VisitPlan(
        provider=site.name,
        url=site.page,
        recipe=site.harvest,
        hosts=tuple(ascii_host(host) for host in site.hosts),
        account=account,
        profile=profile_name,
        navigation_ms=profile.navigation_timeout_ms,
        ready_ms=profile.ready_timeout_ms,
        login_ms=profile.login_timeout_ms,
        person=not profile.headless,
    )
