"""Checks this machine's clock against those of the sites."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping

from toolkit.doctor.check_result import CheckResult
from toolkit.errors import ToolkitError
from toolkit.http.route import Route
from toolkit.http.transport import Transport
from toolkit.session.browser_session import BrowserSession
from toolkit.session.expiry import clock_skew

MAX_SKEW = 60.0  # seconds; the expiry of sessions and of certificates depends on the clock


def check_clock(skews: Mapping[str, float], told_at: Mapping[str, float] | None = None) -> CheckResult:
    """Compare this machine's clock with those of sites. `skews` has by how many seconds each origin's is ahead.

    `told_at` has when an origin told its time, in seconds since 1970, 0 where that is not known. Those that it does not
    have were asked just now.
    """
    told_at = told_at or {}
    if not skews:
        return CheckResult("clock", "ok", "Nothing to compare with; `--online` asks the sites.")
    site, skew = max(skews.items(), key=lambda item: abs(item[1]))
    if abs(skew) > MAX_SKEW:
        verb, which = "was" if told_at.get(site) else "is", "behind" if skew > 0 else "ahead of"
        what = f"It {verb} {abs(skew):.0f} s {which} that of {site}{_when(told_at.get(site))}."
        todo = "Set this machine's clock, such as by NTP; it decides what has expired."
        return CheckResult("clock", "wrong", what, todo)
    asked = [site for site in skews if site not in told_at]
    if asked:
        return CheckResult("clock", "ok", f"It goes as {_that_of(asked)}.")
    first = min(told_at[site] for site in skews)
    when = _when(first) or " when their sessions were made"
    return CheckResult("clock", "ok", f"It went as {_that_of(list(skews))}{when}; `--online` asks anew.")


def _that_of(sites: list[str]) -> str:
    return f"{'that' if len(sites) == 1 else 'those'} of {' and '.join(sites)}"


def _when(told_at: float | None) -> str:
    return f" on {time.strftime('%Y-%m-%d at %H:%M', time.localtime(told_at))}" if told_at else ""


def stored_skews(sessions: Iterable[BrowserSession]) -> tuple[dict[str, float], dict[str, float]]:
    """By how many seconds the clock of each session's site was ahead, and when it told that; see `check_clock`.

    Of several sessions of a site the latest counts. One that no browser has made tells nothing of the clock.
    """
    skews: dict[str, float] = {}
    told_at: dict[str, float] = {}
    for session in sorted(sessions, key=lambda session: session.harvested_at):
        if session.clock_skew or (session.profile and session.harvested_at):
            skews[session.origin], told_at[session.origin] = session.clock_skew, session.harvested_at
    return skews, told_at


async def site_skews(sites: Iterable[str], environ: Mapping[str, str], seconds: float) -> dict[str, float]:
    """Ask `sites`, all at the same time and for at most `seconds`, by how many seconds their clocks are ahead now.

    Those that do not say are left out.
    """

    async def ask(site: str) -> float | None:
        try:
            async with asyncio.timeout(seconds):
                return await site_skew(site, environ)
        except TimeoutError:
            return None

    names = list(dict.fromkeys(sites))
    found = await asyncio.gather(*map(ask, names))
    return {site: skew for site, skew in zip(names, found, strict=True) if skew is not None}


async def site_skew(site: str, environ: Mapping[str, str]) -> float | None:
    """Ask the site at `site` by how many seconds its clock is ahead now. None where it does not say."""
    anonymous = BrowserSession(provider="", origin=site)
    try:
        async with (
            Transport(anonymous, page=site, route=Route.of_environment(environ, site)) as http,
            http.get(site) as response,
        ):
            if "Date" not in response.headers:
                return None
            return clock_skew(response.headers.get("Date"), response.headers.get("Age"), time.time())
    except ToolkitError:  # the check of the session reports it
        return None
