"""Checks this machine's clock against those of the sites."""

from __future__ import annotations

import time
from collections.abc import Mapping

from toolkit.doctor.check_result import CheckResult
from toolkit.errors import ToolkitError
from toolkit.http.route import Route
from toolkit.http.transport import Transport
from toolkit.session.browser_session import BrowserSession
from toolkit.session.expiry import clock_skew

MAX_SKEW = 60.0  # seconds; the expiry of sessions and of certificates depends on the clock


def check_clock(skews: Mapping[str, float]) -> CheckResult:
    """Compare this machine's clock with those of sites. `skews` has by how many seconds each origin's is ahead."""
    if not skews:
        return CheckResult("clock", "ok", "Nothing to compare with; `--online` asks the sites.")
    site, skew = max(skews.items(), key=lambda item: abs(item[1]))
    if abs(skew) <= MAX_SKEW:
        which = "that" if len(skews) == 1 else "those"
        return CheckResult("clock", "ok", f"It goes as {which} of {' and '.join(skews)}.")
    which = "behind" if skew > 0 else "ahead of"
    what = f"It is {abs(skew):.0f} s {which} that of {site}."
    return CheckResult("clock", "wrong", what, "Set this machine's clock, such as by NTP; it decides what has expired.")


async def site_skew(site: str, environ: Mapping[str, str]) -> float | None:
    """Ask the site at `site` by how many seconds its clock is ahead now. None where it does not say."""
    anonymous = BrowserSession(provider="", origin=site)
    try:
        async with (
            Transport(anonymous, page=site, route=Route.of_environment(environ, site)) as http,
            http.get(site) as response,
        ):
            return clock_skew(response.headers.get("Date"), response.headers.get("Age"), time.time())
    except ToolkitError:  # the check of the session reports it
        return None
