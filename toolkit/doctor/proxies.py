"""Checks whether the proxies that calls or the browser would use can be reached."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from toolkit.browser.profiles import Profile
from toolkit.doctor.check_result import CheckResult
from toolkit.errors import UsageError, redact_url
from toolkit.http.route import Route
from toolkit.session.browser_session import BrowserSession

CONNECT_SECONDS = 5.0
DEFAULT_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}


async def check_proxies(
    environ: Mapping[str, str], profile: Profile, sessions: Iterable[BrowserSession]
) -> list[CheckResult]:
    """Check each proxy that the environment, the default `profile` or one of `sessions` names."""
    named_by: dict[str, str] = {}
    try:
        if (route := Route.of_environment(environ)) is not None and route.proxy is not None:
            named_by[route.proxy] = "the environment"
    except UsageError as error:
        return [CheckResult("proxy", "wrong", error.what, error.hint)]
    if profile.proxy is not None:
        named_by.setdefault(profile.proxy.server, "the default profile")
    for session in sessions:
        if session.proxy is not None:
            named_by.setdefault(session.proxy, f"a session of {session.provider}")
    if not named_by:
        return [CheckResult("proxy", "ok", "None is set.")]
    return [await _check_proxy(proxy, who) for proxy, who in named_by.items()]


async def _check_proxy(proxy: str, who: str) -> CheckResult:
    """Check whether a connection to `proxy` can be opened. `who` is what names it, for the text."""
    parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    shown = redact_url(parts.geturl())
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            port = parts.port or DEFAULT_PORTS.get(parts.scheme, 80)
            _, writer = await asyncio.open_connection(parts.hostname, port)
            writer.close()
    except (OSError, ValueError) as error:
        reason = "no answer" if isinstance(error, TimeoutError) else (getattr(error, "strerror", None) or "refused")
        todo = f"Start it, or take it out of {who}."
        return CheckResult("proxy", "wrong", f"{shown}, which {who} names, cannot be reached: {reason}.", todo)
    return CheckResult("proxy", "ok", f"{shown}, which {who} names, can be reached.")
