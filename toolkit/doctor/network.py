"""The proxies that are set, and this machine's clock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from toolkit.browser.profiles import Profile
from toolkit.doctor.finding import Finding
from toolkit.errors import ToolkitError, UsageError, redact_url
from toolkit.http.route import Route
from toolkit.http.transport import Transport
from toolkit.session.expiry import clock_skew
from toolkit.session.value import BrowserSession

CONNECT_SECONDS = 5.0
LARGE = 60.0  # seconds that clocks may differ: a session's end is reckoned by it, and certificates are looked at
PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}


async def check_proxies(
    environ: Mapping[str, str], profile: Profile, sessions: Iterable[BrowserSession]
) -> list[Finding]:
    """Whether each proxy that calls or the browser would take can be reached."""
    told: dict[str, str] = {}
    try:
        if (route := Route.of_environment(environ)) is not None and route.proxy is not None:
            told[route.proxy] = "the environment"
    except UsageError as error:
        return [Finding("proxy", "wrong", error.what, error.hint)]
    if profile.proxy is not None:
        told.setdefault(profile.proxy.server, "the default profile")
    for session in sessions:
        if session.proxy is not None:
            told.setdefault(session.proxy, f"a session of {session.provider}")
    if not told:
        return [Finding("proxy", "ok", "None is set.")]
    return [await _reached(proxy, who) for proxy, who in told.items()]


async def _reached(proxy: str, who: str) -> Finding:
    parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    shown = redact_url(parts.geturl())
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            port = parts.port or PORTS.get(parts.scheme, 80)
            _, writer = await asyncio.open_connection(parts.hostname, port)
            writer.close()
    except (OSError, ValueError) as error:
        reason = "no answer" if isinstance(error, TimeoutError) else (getattr(error, "strerror", None) or "refused")
        todo = f"Start it, or take it out of {who}."
        return Finding("proxy", "wrong", f"{shown}, which {who} names, cannot be reached: {reason}.", todo)
    return Finding("proxy", "ok", f"{shown}, which {who} names, can be reached.")


def check_clock(skews: Mapping[str, float]) -> Finding:
    """How this machine's clock is; `skews` are the seconds by which those of sites are ahead."""
    if not skews:
        return Finding("clock", "ok", "Nothing to compare with; `--online` asks the sites.")
    site, skew = max(skews.items(), key=lambda one: abs(one[1]))
    if abs(skew) <= LARGE:
        return Finding("clock", "ok", f"It goes as {'that' if len(skews) == 1 else 'those'} of {' and '.join(skews)}.")
    which = "behind" if skew > 0 else "ahead of"
    what = f"It is {abs(skew):.0f} s {which} that of {site}."
    return Finding("clock", "wrong", what, "Set this machine's clock, such as by NTP; it decides what has expired.")


async def site_skew(site: str, environ: Mapping[str, str]) -> float | None:
    """By how many seconds the clock of the site at `site` is ahead, as it says now; None where it does not."""
    nobody = BrowserSession(provider="", origin=site)
    try:
        async with (
            Transport(nobody, page=site, route=Route.of_environment(environ, site)) as http,
            http.get(site) as response,
        ):
            return clock_skew(response.headers.get("Date"), response.headers.get("Age"), time.time())
    except ToolkitError:  # which the session's own check tells
        return None
