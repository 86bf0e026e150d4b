"""Runs all checks, one after the other, each within its time limit."""

from __future__ import annotations

import asyncio
import os
import platform
from functools import partial
from importlib.metadata import version
from pathlib import Path

from toolkit.browser.profiles import Profile
from toolkit.doctor import browsers, clock, plugins, proxies, sessions
from toolkit.doctor.check_result import CheckResult, run_check, run_quick_check
from toolkit.doctor.store import check_store
from toolkit.providers import registry
from toolkit.session.browser_session import BrowserSession
from toolkit.stores.base import Key, Store
from toolkit.stores.choose import open_store

BROWSER_SECONDS, STORE_SECONDS, PROXY_SECONDS, ONLINE_SECONDS = 60.0, 60.0, 30.0, 30.0


async def run_all_checks(
    names: tuple[str, ...] = (),
    *,
    store: str | None = None,
    browsers_file: Path | None = None,
    online: bool = False,
    online_seconds: float = ONLINE_SECONDS,
) -> list[CheckResult]:
    """Run all checks and return their results, in a fixed order.

    `names` are the providers whose sessions are checked; without any, all stored sessions are. `store` is an address as
    `open_store` takes it. `online` asks the sites too, all at the same time and for at most `online_seconds`: for their
    time, and whether they accept the sessions. Raises `UnknownProvider`.
    """
    providers = tuple(registry.find(name).name for name in names)
    profile = Profile()

    def check_profiles() -> list[CheckResult]:
        nonlocal profile
        found, profile = browsers.check_profiles(browsers_file)
        return found

    results = run_quick_check("versions", lambda: [_check_versions()])
    results += run_quick_check("profiles", check_profiles)
    results += await run_check("browser", BROWSER_SECONDS, browsers.check_browser(profile))
    results += run_quick_check("window", lambda: [browsers.check_display()])
    stored: dict[Key, BrowserSession] = {}
    opened: list[Store] = []  # the store, unless opening it failed

    async def open_and_check_store() -> list[CheckResult]:
        opened.append(open_store(store))
        store_results, found = await check_store(opened[0])
        stored.update({key: session for key, session in found.items() if not providers or key.provider in providers})
        return store_results

    results += await run_check("store", STORE_SECONDS, open_and_check_store())
    results += await run_check("proxy", PROXY_SECONDS, proxies.check_proxies(os.environ, profile, stored.values()))
    seconds = online_seconds if online else None
    checking = sessions.check_stored(stored, opened[0], seconds) if opened else None
    asking = asyncio.ensure_future(checking) if checking is not None else None
    origins = [session.origin for session in stored.values()]
    asked = await clock.site_skews(origins, os.environ, online_seconds) if online else {}
    skews, told_at = clock.stored_skews(stored.values())
    told_at = {site: when for site, when in told_at.items() if site not in asked}
    results += run_quick_check("clock", lambda: [clock.check_clock(skews | asked, told_at)])
    results += run_quick_check("plugins", plugins.check_plugins)
    results += run_quick_check(
        "environment", lambda: sessions.check_environment(os.environ, providers or registry.names())
    )
    for name in providers:
        results += run_quick_check(name, partial(sessions.check_has_session, name, stored))
    if asking is not None:
        results += await asking
    return results


def _check_versions() -> CheckResult:
    """Report the versions of the toolkit and of what it runs on."""
    python = f"Python {platform.python_version()}, Playwright {version('playwright')}"
    return CheckResult("versions", "ok", f"toolkit {version('provider-toolkit')}, {python}, {platform.system()}.")
