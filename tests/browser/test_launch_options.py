"""The arguments for Playwright's `launch`, from a profile."""

from __future__ import annotations

import trustme

from toolkit.browser.context_options import context_options
from toolkit.browser.installed_browsers import InstalledBrowser
from toolkit.browser.launch_options import QUIET_ARGS, launch_options
from toolkit.browser.profiles import Profile
from toolkit.http.route import Route

SYSTEM = InstalledBrowser(name="Chromium", source="system", path="/usr/bin/chromium")


def test_a_plain_profile_gives_plain_launch_options() -> None:
    """Nothing but what differs from Playwright's defaults is passed on."""
    assert launch_options(Profile(), SYSTEM, Route(), sandbox=True) == {
        "headless": True,
        "args": list(QUIET_ARGS),
        "timeout": 30_000,
        "executable_path": "/usr/bin/chromium",
        "chromium_sandbox": True,
    }


def test_every_launch_field_reaches_playwright() -> None:
    """Each field of a profile that belongs to the launch has its argument; the environment is added to."""
    profile = Profile(
        headless=False,
        args=("--a",),
        ignore_default_args=("--b",),
        env={"X": "1"},
        slow_mo_ms=5,
        downloads_path="/d",
        launch_timeout_ms=7,
    )
    assert launch_options(profile, SYSTEM, Route(spki="KEY="), sandbox=False, environ={"PATH": "/p"}) == {
        "headless": False,
        "args": [*QUIET_ARGS, "--ignore-certificate-errors-spki-list=KEY=", "--a"],
        "timeout": 7,
        "executable_path": "/usr/bin/chromium",
        "chromium_sandbox": False,
        "ignore_default_args": ["--b"],
        "env": {"PATH": "/p", "X": "1"},
        "slow_mo": 5,
        "downloads_path": "/d",
    }


def test_firefox_gets_no_option_of_chromium() -> None:
    """No Chromium switch, no sandbox option; its preferences, and loopback through the route's proxy."""
    profile = Profile(browser="firefox", firefox_user_prefs={"a.b": 1})
    found = InstalledBrowser(name="Firefox", source="playwright", path="/x/firefox")
    options = launch_options(profile, found, Route(proxy="http://127.0.0.1:1", spki="KEY="), sandbox=False)
    assert options == {
        "headless": True,
        "args": [],
        "timeout": 30_000,
        "firefox_user_prefs": {"network.proxy.allow_hijacking_localhost": True, "a.b": 1},
        "proxy": {"server": "http://127.0.0.1:1"},
    }
    root = trustme.CA().cert_pem.bytes()
    assert context_options(profile, Route(ca_pem=root))["ignore_https_errors"]
    assert not context_options(Profile(), Route(ca_pem=root))["ignore_https_errors"]
