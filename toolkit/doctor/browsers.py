"""Checks browsers.json, the browser of its default profile, and whether a window can be opened."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from toolkit.browser.browsers_file import find_file, load_profiles
from toolkit.browser.display import has_display
from toolkit.browser.installed_browsers import install_hint
from toolkit.browser.profiles import Profile
from toolkit.doctor.check_result import CheckResult, State
from toolkit.errors import ConfigError

MAX_START_MS = 30_000.0  # the longest that a browser may take to start


def check_profiles(file: Path | None) -> tuple[list[CheckResult], Profile]:
    """Check browsers.json, and whether the secrets that it names are there. Returns its default profile too, or a plain
    one where that cannot be used."""
    try:
        profiles = load_profiles(file)
    except ConfigError as error:
        todo = error.hint or f"Mend {find_file(file)}; editors complete and check it by its schema."
        return [CheckResult("profiles", "wrong", error.what, todo)], Profile()
    what = f"{profiles.file}: {', '.join(profiles)}; the default is {profiles.default}."
    results = [CheckResult("profiles", "ok", what)]
    try:
        default = profiles.get()
    except ConfigError as error:
        results, default = [_missing_secret("wrong", error)], Profile()
    for name in profiles:
        if name != profiles.default:
            results += _unless_used("note", partial(profiles.get, name))  # it may be for another machine
    for origin in profiles.deployments:
        results += _unless_used("wrong", partial(profiles.deployment, origin))
    return results, default


def _unless_used(state: State, use: Callable[[], object]) -> list[CheckResult]:
    try:
        use()
    except ConfigError as error:
        return [_missing_secret(state, error)]
    return []


def _missing_secret(state: State, error: ConfigError) -> CheckResult:
    return CheckResult("profiles", state, error.what, error.hint or "Set it, or take its use out of the file.")


async def check_browser(profile: Profile) -> list[CheckResult]:
    """Start the browser of `profile`, or connect to it, and close it again. Raises `BrowserError` and its like."""
    limit = min(profile.launch_timeout_ms or MAX_START_MS, MAX_START_MS)
    profile = replace(profile, launch_timeout_ms=limit)
    if profile.connect is not None:
        from toolkit.browser.closing import close_browser
        from toolkit.browser.driver import driver
        from toolkit.browser.running_browser import connect

        async with driver() as playwright:
            browser = await connect(playwright, profile)
            version = browser.version
            await close_browser(browser)
        return [CheckResult("browser", "ok", f"{profile.connect.redacted_url} answers: {profile.browser} {version}.")]
    from toolkit.browser.try_start import try_start

    started = await try_start(profile)
    results = [CheckResult("browser", "ok", f"{started.name} {started.version} starts ({started.path}).")]
    if not started.window:
        headed = replace(profile, headless=False)
        what = "It has no window, which `toolkit login` needs, and there is no other."
        results.append(CheckResult("browser", "note", what, install_hint(headed) or "Run `toolkit install`."))
    return results


def check_display(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> CheckResult:
    """Check whether there is a display for a window."""
    if not has_display(environ, platform):
        todo = "Log in elsewhere: `toolkit session export` there, `import` here; or `toolkit login --cdp`."
        return CheckResult("window", "note", "There is no display, so `toolkit login` can open no window here.", todo)
    return CheckResult("window", "ok", "There is a display for `toolkit login`.")
