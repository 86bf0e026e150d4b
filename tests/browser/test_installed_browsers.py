"""Which browser a profile gets, and where the systems have theirs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.browser.conftest import program
from toolkit.browser.installed_browsers import (
    InstalledBrowser,
    find_browser,
    headless_shell,
    install_hint,
    missing_message,
)
from toolkit.browser.known_browser_paths import Candidate, system_browsers
from toolkit.browser.launch_options import QUIET_ARGS, launch_options
from toolkit.browser.profiles import Profile
from toolkit.http.route import Route


def test_the_order_is_program_channel_own_system(tmp_path: Path) -> None:
    """What the profile names comes first, then Playwright's own, then the system's in the order of the places."""
    own = program(tmp_path / "chromium-1/chrome-linux64/chrome")
    named = program(tmp_path / "named")
    edge = Candidate("msedge", "Microsoft Edge", str(program(tmp_path / "edge")))
    chrome = Candidate("chrome", "Google Chrome", str(program(tmp_path / "chrome")))
    system = (Candidate("chromium", "Chromium", str(tmp_path / "absent")), chrome, edge)

    found = find_browser(Profile(executable_path=str(named), channel="chrome"), own, system=system)
    assert found == InstalledBrowser(name="named", source="executable_path", path=str(named))
    found = find_browser(Profile(channel="msedge"), own, system=system)
    assert found == InstalledBrowser(name="Microsoft Edge", source="channel", path=edge.path)
    found = find_browser(Profile(), own, system=system)
    assert found == InstalledBrowser(
        name="Playwright's Chromium", source="playwright", path=str(own), channel="chromium"
    )
    found = find_browser(Profile(), tmp_path / "absent", system=system)
    assert found == InstalledBrowser(name="Google Chrome", source="system", path=chrome.path)
    assert find_browser(Profile(), None, system=()) is None


def test_what_a_profile_names_is_that_or_nothing(tmp_path: Path) -> None:
    """A program, channel or engine that is not there is not replaced by another; the text says what was looked for."""
    system = (Candidate("chromium", "Chromium", str(program(tmp_path / "chromium"))),)
    absent = tmp_path / "absent"
    for profile, told, command in (
        (Profile(executable_path=str(absent)), "which the profile names", None),
        (Profile(channel="chrome"), "channel 'chrome', which the profile names", "playwright install chrome`"),
        (Profile(channel="chromium"), "channel 'chromium'", None),
        (Profile(browser="firefox"), "Playwright's Firefox is not installed", "playwright install firefox`"),
    ):
        assert find_browser(profile, absent, system=system) is None
        assert told in missing_message(profile)
        assert install_hint(profile) is None if command is None else command in (install_hint(profile) or "")


def test_a_channel_that_only_playwright_knows_is_left_to_it() -> None:
    """chrome-beta and such go to Playwright, which knows where they are."""
    assert find_browser(Profile(channel="chrome-beta"), None, system=()) == InstalledBrowser(
        name="chrome-beta", source="channel", channel="chrome-beta"
    )


def test_the_headless_shell_serves_headless_profiles_only(tmp_path: Path) -> None:
    """After `playwright install --only-shell` there is a browser without a window, and none with one."""
    own = tmp_path / "chromium-7" / "chrome-linux64" / "chrome"
    shell = program(tmp_path / "chromium_headless_shell-7" / "chrome-headless-shell-linux64" / "chrome-headless-shell")
    program(tmp_path / "chromium_headless_shell-6" / "chrome-headless-shell-linux64" / "chrome-headless-shell")
    assert headless_shell(own) == shell
    found = find_browser(Profile(), own, system=())
    assert found == InstalledBrowser(name="Playwright's headless shell", source="playwright", path=str(shell))
    assert found.shell
    assert "executable_path" not in launch_options(Profile(), found, Route(), sandbox=True)
    assert find_browser(Profile(headless=False), own, system=()) is None
    assert "install Chromium as well" in (install_hint(Profile(headless=False)) or "")


def test_without_a_window_a_shell_comes_before_a_whole_browser(tmp_path: Path) -> None:
    """Of Playwright's own and then of the system's; last where a whole one is wanted, and never with a window."""
    own = program(tmp_path / "chromium-7" / "chrome-linux64" / "chrome")
    shell = program(tmp_path / "chromium_headless_shell-7" / "chrome-headless-shell-linux64" / "chrome-headless-shell")
    theirs = Candidate("shell", "Chromium headless shell", str(program(tmp_path / "chromium-headless-shell")))
    chromium = Candidate("chromium", "Chromium", str(program(tmp_path / "chromium")))

    def order(profile: Profile, *, whole: bool = False) -> list[str]:
        """What is taken, then what is taken without that, and so on."""
        places, taken = {str(own), str(shell), theirs.path, chromium.path}, []
        for place in places:
            program(Path(place))
        while found := find_browser(profile, own, system=(theirs, chromium), whole=whole):
            assert found.path is not None
            Path(found.path).unlink()
            taken.append(found.path)
        return taken

    assert order(Profile()) == [str(shell), str(own), theirs.path, chromium.path]
    assert order(Profile(), whole=True) == [str(own), chromium.path, str(shell), theirs.path]
    assert order(Profile(headless=False)) == [str(own), chromium.path]


def test_a_shell_speaks_a_language() -> None:
    """By itself it names none to the sites, which a whole browser does; a profile's own argument comes after."""
    named = InstalledBrowser(name="x", source="executable_path", path="/usr/bin/chromium-headless-shell")
    told = launch_options(Profile(args=("--accept-lang=fr",)), named, Route(), sandbox=True)["args"]
    assert [arg for arg in told if "lang" in arg] == ["--accept-lang=en-US,en", "--accept-lang=fr"]
    whole = InstalledBrowser(name="x", source="system", path="/usr/bin/chromium")
    assert launch_options(Profile(), whole, Route(), sandbox=True)["args"] == list(QUIET_ARGS)


def test_ubuntu_s_snap_stub_is_no_browser(tmp_path: Path) -> None:
    """A script that only asks to install the snap is passed over."""
    if os.path.exists("/snap/bin/chromium"):
        pytest.skip("the snap is installed here, so the script works")
    stub = program(tmp_path / "chromium-browser", "#!/bin/sh\nif ! [ -x /snap/bin/chromium ]; then exit 1; fi\n")
    assert find_browser(Profile(), None, system=(Candidate("chromium", "Chromium", str(stub)),)) is None


def test_each_system_has_its_places() -> None:
    """A shell, Chromium, Chrome and Edge are looked for in this order, where Linux, macOS and Windows put them."""
    linux = [c.path for c in system_browsers("linux", {}, {"google-chrome": "/usr/bin/google-chrome"}.get)]
    assert linux.index("/usr/lib/chromium/chromium") < linux.index("/usr/bin/google-chrome")
    assert linux.index("/usr/bin/google-chrome") < linux.index("/opt/google/chrome/chrome")
    assert linux[-1] == "/opt/microsoft/msedge/msedge"
    mac = [c.path for c in system_browsers("darwin", {"HOME": "/Users/u"}, lambda _: None)]
    assert mac[0] == "/Applications/Chromium.app/Contents/MacOS/Chromium"
    assert mac[3] == "/Users/u/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
    windows = [c.path for c in system_browsers("win32", {"PROGRAMFILES": "C:\\Program Files"}, lambda _: None)]
    assert windows == [
        "C:\\Program Files\\Chromium\\Application\\chrome.exe",
        "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
        "C:\\Program Files\\Microsoft\\Edge\\Application\\msedge.exe",
    ]
