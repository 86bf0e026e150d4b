"""`toolkit harvest`, `providers` and `install`: what they keep, show and report."""

from __future__ import annotations

import time
from datetime import datetime

import pytest

from tests.cli.conftest import Call, Result, Toolkit
from tests.sites.aura import AuraSite
from tests.sites.openassistant import OpenAssistantSite
from toolkit.providers import registry
from toolkit.session.browser_session import BrowserSession
from toolkit.stores.base import Key

Aura = tuple[AuraSite, str]
Assistant = tuple[OpenAssistantSite, str]


async def test_a_harvested_session_is_kept(toolkit: Toolkit, aura: Aura) -> None:
    """What the browser had is shown and kept; a chat that follows needs no browser, as one that has none shows."""
    site, origin = aura
    key = Key("aura", origin)
    await toolkit.store.delete(key)
    profiles = {"default": "mine", "profiles": {"mine": {}, "other": {"user_agent": "Other/1"}}}
    browsers = toolkit.file("mine.json", profiles)
    result = await toolkit.run(
        *("harvest", "aura", "--base-url", origin, "--browsers", browsers, "--profile", "other"),
    )
    assert (result.code, result.errors) == (0, [])
    assert result.out.splitlines() == [
        f"aura: a session for {origin}, no expiry known",
        "  cookies: none",
        "  storage: none",
        "  agent:   Other/1",
    ]
    kept = await toolkit.store.load(key)
    assert kept is not None
    assert (kept.profile, kept.user_agent) == ("other", "Other/1")
    assert toolkit.litter() == []
    visits = len(site.calls("/"))
    result = await toolkit.run("chat", "aura", "Hi", "--base-url", origin, env=toolkit.without_browser())
    assert (result.code, result.err) == (0, "")
    assert len(site.calls("/")) == visits
    assert site.calls("/api/chat")[0].headers["User-Agent"] == "Other/1"


async def test_without_a_session_a_browser_is_needed(toolkit: Toolkit, aura: Aura) -> None:
    """A first call that has neither does not reach the site."""
    site, origin = aura
    await toolkit.store.delete(Key("aura", origin))
    result = await toolkit.run("chat", "aura", "Hi", "--base-url", origin, env=toolkit.without_browser())
    assert (result.code, site.requests) == (1, [])


# --- providers


async def listed(toolkit: Toolkit) -> Result:
    result = await toolkit.run("providers")
    assert (result.code, result.err) == (0, "")
    return result


def row(result: Result, name: str) -> str:
    """The lines about a provider, blanks folded."""
    lines = result.out.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(name))
    end = next(number for number in range(start + 1, len(lines)) if not lines[number].startswith(" "))
    return " ".join(" ".join(lines[start:end]).split())


async def test_providers_without_sessions(toolkit: Toolkit) -> None:
    """Each is there, with its site, its models and whether a login is needed; and what "closed" means."""
    result = await listed(toolkit)
    assert result.out.split()[:5] == ["provider", "site", "models", "login", "session"]
    for name in registry.names():
        kind = registry.find(name)
        closed = "" if kind.working else " (closed)"
        login = "needed" if kind.needs_auth else "if it asks" if kind.harvest.can_detect_login else "no"
        site = kind.public_site() or "--base-url"
        line = row(result, name)
        assert line.startswith(f"{name} {site}{closed} {(kind.known_models or ('-',))[0]} {login} none")
        assert set(kind.known_models) <= set(line.split())
    assert "\nclosed: the public site is gone; --base-url names another" in result.out
    assert all(len(line) <= 200 for line in result.out.splitlines())


async def test_the_state_of_each_session_is_shown(toolkit: Toolkit) -> None:
    """Good until, expired, or not known; of which deployment and account where those are not the plain ones."""
    site, now = "https://open-assistant.io", time.time()
    local = "http://[fe80::1]:3000"  # what looks like markup is none
    for account, origin, expires in (
        ("default", site, now + 86400),
        ("at work", site, now - 86400),
        ("\x1b[31mred", site, None),
        ("default", local, None),
    ):
        await toolkit.keep(BrowserSession(provider="openassistant", origin=origin, account=account, expires_at=expires))
    await toolkit.keep(BrowserSession(provider="of another package", origin=site))
    line = row(await listed(toolkit), "openassistant")

    def day(seconds: float) -> str:
        return datetime.fromtimestamp(seconds).strftime("%Y-%m-%d %H:%M")

    for state in (
        f" good until {day(now + 86400)}",
        f" at work: expired {day(now - 86400)}",
        " \ufffd[31mred: no expiry known",
        f" {local}: no expiry known",
    ):
        assert state in line


async def test_a_session_of_a_newer_version_does_not_hide_the_others(toolkit: Toolkit) -> None:
    """It is noted, and the rest of the table stands."""
    await toolkit.keep(BrowserSession(provider="aura", origin="https://openchat.team"))
    (toolkit.store.folder / f"aura--{'0' * 16}.json").write_text('{"version": 99}')
    result = await toolkit.run("providers")
    assert result.code == 0
    assert "newer version of the toolkit (99)" in result.err
    assert "no expiry known" in row(result, "aura")


# --- install


async def test_install_check_reports_the_browser(toolkit: Toolkit) -> None:
    """With one that starts: its name, version and place on one line of stdout, exit code 0."""
    result = await toolkit.run("install", "--check")
    assert (result.code, result.errors) == (0, [])
    assert result.out.startswith("Found ")
    assert result.out.count("\n") == 1
    assert toolkit.litter() == []


def test_install_without_success_is_an_error(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 1 where there is no browser at the end; what to do by hand has been said."""

    from toolkit.browser import installed_browsers

    monkeypatch.setattr(installed_browsers, "find_browser", lambda *_: None)
    result = call("install", "--check")
    assert result.code == 1
    assert result.out.startswith("No browser: neither Playwright's Chromium nor a system Chromium")
    assert "By hand: " in result.out or "by hand: " in result.out
