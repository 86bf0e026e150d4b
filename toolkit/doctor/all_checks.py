"""Runs all checks, one after the other, each within its time limit."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

from toolkit.doctor import browsers, clock, plugins, proxies, sessions
from toolkit.doctor.check_result import CheckResult, run_check
from toolkit.doctor.store import check_store
from toolkit.providers import registry
from toolkit.session.browser_session import BrowserSession
from toolkit.stores.base import Key, Store
from toolkit.stores.choose import open_store

BROWSER_SECONDS, STORE_SECONDS, PROXY_SECONDS = 60.0, 20.0, 30.0


async def run_all_checks(
    names: tuple[str, ...] = (), *, store: str | None = None, browsers_file: Path | None = None, online: bool = False
) -> list[CheckResult]:
    """Run all checks and return their results, in a fixed order.

    `names` are the providers whose sessions are checked; without any, all stored sessions are. `store` is an address as
    `open_store` takes it. `online` asks the sites too: for their time, and whether they accept the sessions. Raises
    `UnknownProvider`.
    """
    providers = tuple(registry.find(name).name for name in names)
    profiles_result, profile = browsers.check_profiles(browsers_file)
    results = [_check_versions(), profiles_result]
    results += await run_check("browser", BROWSER_SECONDS, browsers.check_browser(profile))
    results.append(browsers.check_display())
    stored: dict[Key, BrowserSession] = {}
    opened: list[Store] = []  # the store, unless opening it failed

    async def open_and_check_store() -> list[CheckResult]:
        opened.append(open_store(store))
        store_results, found = await check_store(opened[0])
        stored.update({key: session for key, session in found.items() if not providers or key.provider in providers})
        return store_results

    results += await run_check("store", STORE_SECONDS, open_and_check_store())
    results += await run_check("proxy", PROXY_SECONDS, proxies.check_proxies(os.environ, profile, stored.values()))
    results.append(clock.check_clock(await _clock_skews(stored, online=online)))
    results += plugins.check_plugins()
    results += sessions.check_environment(os.environ, providers or registry.names())
    for name in providers:
        results += sessions.check_has_session(name, stored)
    if opened:
        results += await sessions.check_stored(stored, opened[0], online=online)
    return results


async def _clock_skews(stored: dict[Key, BrowserSession], *, online: bool) -> dict[str, float]:
    """By how many seconds the clock of each session's site is ahead: as stored, or with `online` as it is now."""
    skews = {session.origin: session.clock_skew for session in stored.values()}
    if online:
        for site in list(skews):
            if (skew := await clock.site_skew(site, os.environ)) is not None:
                skews[site] = skew
    return skews


def _check_versions() -> CheckResult:
    """Report the versions of the toolkit and of what it runs on."""
    python = f"Python {platform.python_version()}, Playwright {version('playwright')}"
    return CheckResult("versions", "ok", f"toolkit {version('provider-toolkit')}, {python}, {platform.system()}.")
