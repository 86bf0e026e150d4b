"""All that is looked at, one thing after the other, each within its time."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

from toolkit.doctor import browsers, network, sessions, storage
from toolkit.doctor.finding import Finding, run_check
from toolkit.providers import registry
from toolkit.session.value import BrowserSession
from toolkit.stores.base import Key, Store
from toolkit.stores.choose import open_store

BROWSER_SECONDS, STORE_SECONDS, NETWORK_SECONDS = 60.0, 20.0, 30.0


async def examine(
    names: tuple[str, ...] = (), *, store: str | None = None, browsers_file: Path | None = None, online: bool = False
) -> list[Finding]:
    """What is found, of the providers `names` or, without any, of all that there are sessions for. `online` asks the
    sites. Raises `UnknownProvider`."""
    wanted = tuple(registry.find(name).name for name in names)
    profiles, profile = browsers.check_profiles(browsers_file)
    findings = [_versions(), profiles]
    findings += await run_check("browser", BROWSER_SECONDS, browsers.check_browser(profile))
    findings.append(browsers.check_display())
    kept: dict[Key, BrowserSession] = {}
    opened: list[Store] = []

    async def store_and_sessions() -> list[Finding]:
        opened.append(open_store(store))
        found, sessions_there = await storage.check_store(opened[0])
        kept.update({key: one for key, one in sessions_there.items() if not wanted or key.provider in wanted})
        return found

    findings += await run_check("store", STORE_SECONDS, store_and_sessions())
    findings += await run_check("proxy", NETWORK_SECONDS, network.check_proxies(os.environ, profile, kept.values()))
    skews = {session.origin: session.clock_skew for session in kept.values()}
    if online:
        for site in list(skews):
            if (skew := await network.site_skew(site, os.environ)) is not None:
                skews[site] = skew
    findings += [
        network.check_clock(skews),
        *sessions.check_plugins(),
        *sessions.check_environment(os.environ, wanted or registry.names()),
    ]
    for name in wanted:
        findings += sessions.check_has_session(name, kept)
    if opened:
        findings += await sessions.check_stored(kept, opened[0], online=online)
    return findings


def _versions() -> Finding:
    python = f"Python {platform.python_version()}, Playwright {version('playwright')}"
    return Finding("versions", "ok", f"toolkit {version('provider-toolkit')}, {python}, {platform.system()}.")
