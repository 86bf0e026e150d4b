"""The profiles, the browser of the default one, and whether there can be a window."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import replace

from toolkit.browser.discovery import install_hint
from toolkit.browser.profiles import Profile, find_file, load_profiles
from toolkit.doctor.finding import Finding
from toolkit.errors import ConfigError

START_MS = 30_000.0  # the longest that a browser may take to start


def check_profiles(file: Path | None) -> tuple[Finding, Profile]:
    """How browsers.json is, and its default profile; where it cannot be used, a plain one. Raises nothing."""
    try:
        found = load_profiles(file)
    except ConfigError as error:
        todo = error.hint or f"Mend {find_file(file)}; editors complete and check it by its schema."
        return Finding("profiles", "wrong", error.what, todo), Profile()
    names = ", ".join(found)
    return Finding("profiles", "ok", f"{found.file}: {names}; the default is {found.default}."), found.get()


async def check_browser(profile: Profile) -> list[Finding]:
    """Whether the profile's browser starts, or answers; really tried. Raises `BrowserError` and its like."""
    limit = min(profile.launch_timeout_ms or START_MS, START_MS)
    profile = replace(profile, launch_timeout_ms=limit)
    if profile.connect is not None:
        from toolkit.browser.connect import connect
        from toolkit.browser.driver import driver

        async with driver() as playwright:
            there = await connect(playwright, profile)
            version = there.version
            await there.close()
        return [Finding("browser", "ok", f"{profile.connect.redacted_url} answers: {profile.browser} {version}.")]
    from toolkit.browser.install import try_start

    found = await try_start(profile)
    findings = [Finding("browser", "ok", f"{found.name} {found.version} starts ({found.path}).")]
    if not found.window:
        headed = replace(profile, headless=False)
        what = "It has no window, which `toolkit login` needs, and there is no other."
        findings.append(Finding("browser", "note", what, install_hint(headed) or "Run `toolkit install`."))
    return findings


def check_display(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Finding:
    """Whether there is a screen for a window."""
    if platform == "linux" and not (environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")):
        todo = "Log in elsewhere: `toolkit session export` there, `import` here; or `toolkit login --cdp`."
        return Finding("window", "note", "There is no display, so `toolkit login` can open no window here.", todo)
    return Finding("window", "ok", "There is a display for `toolkit login`.")
