"""`toolkit install`: the order of its steps, what it says, and how fast it gives up."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from toolkit.browser.driver import driver
from toolkit.browser.host_system import System, ThisSystem, download_host, is_reachable
from toolkit.browser.install import InstallResult, install
from toolkit.browser.profiles import Profile
from toolkit.browser.try_start import StartedBrowser
from toolkit.errors import BrowserError, BrowserMissing, DriverFailed

OWN = StartedBrowser(name="Playwright's Chromium", path="/own/chrome", version="1.2")
CHROMIUM = StartedBrowser(name="Chromium", path="/usr/bin/chromium", version="3.4")
MISSING = BrowserMissing("No browser was found.")
BROKEN = BrowserError("The browser ended as soon as it was started.")


class Machine:
    """A machine told in advance: what each attempt to start gives, and which commands succeed (by a word in them)."""

    def __init__(
        self,
        *starts: StartedBrowser | BrowserError,
        downloads: bool = False,
        succeed: Sequence[str] = (),
        root: tuple[str, ...] | None = None,
        debian: bool = False,
    ) -> None:
        self.starts = list(starts)
        self.succeed = set(succeed)
        self.steps: list[str] = []
        self.lines: list[str] = []
        self._downloads, self._root, self._debian = downloads, root, debian

    def start(self, profile: Profile) -> StartedBrowser:
        self.steps.append("start")
        result = self.starts.pop(0)
        if isinstance(result, BrowserError):
            raise result
        return result

    def can_download(self, browser: str) -> bool:
        return self._downloads

    def run(self, command: Sequence[str]) -> bool:
        line = " ".join(command).replace(sys.executable, "python")
        line = " ".join(word for word in line.split() if not word.startswith("-oAcquire"))
        self.steps.append(line.replace("env DEBIAN_FRONTEND=noninteractive ", ""))
        return any(line.endswith(end) for end in self.succeed)

    def root_prefix(self) -> tuple[str, ...] | None:
        return self._root

    def is_debian(self) -> bool:
        return self._debian

    def install(self, *, check: bool = False, profile: Profile | None = None) -> InstallResult:
        system: System = self
        return install(check=check, report=self.lines.append, profile=profile, system=system)


PLAYWRIGHT = "python -m playwright install chromium"
WITH_DEPS = "python -m playwright install --with-deps chromium"
APT = "apt-get install -y --no-install-recommends chromium chromium-headless-shell"
WHOLE = "apt-get install -y --no-install-recommends chromium"
UPDATE = "apt-get update"


def test_a_browser_that_starts_is_all_that_is_needed() -> None:
    """One line says what was found; nothing is installed, with and without `check`."""
    for check in (True, False):
        machine = Machine(CHROMIUM, downloads=True, root=(), debian=True)
        found = InstallResult(outcome="found", path="/usr/bin/chromium", version="3.4")
        assert machine.install(check=check) == found
        assert machine.lines == ["Found Chromium 3.4 (/usr/bin/chromium)."]
        assert machine.steps == ["start"]


def test_check_changes_nothing() -> None:
    """With `check`, a missing browser is reported, with what to do, and no command is run."""
    machine = Machine(MISSING, downloads=True, root=(), debian=True)
    assert machine.install(check=True) == InstallResult(outcome="missing")
    assert machine.steps == ["start"]
    assert machine.lines[0] == "No browser was found."
    assert "toolkit install" in machine.lines[1]
    assert "playwright install chromium" in machine.lines[1]


def test_playwright_s_own_is_downloaded_first() -> None:
    """Where its host answers, Playwright's browser is installed, and counts once it has really started."""
    machine = Machine(MISSING, OWN, downloads=True, succeed=["chromium"])
    assert machine.install() == InstallResult(outcome="installed", path="/own/chrome", version="1.2")
    assert machine.steps == ["start", PLAYWRIGHT, "start"]
    assert machine.lines[-1] == "Installed Playwright's Chromium 1.2 (/own/chrome)."


def test_libraries_come_along_where_that_asks_nobody() -> None:
    """--with-deps on Debian with the right to; where that fails, the browser alone is tried."""
    machine = Machine(MISSING, OWN, downloads=True, succeed=["--with-deps chromium"], root=(), debian=True)
    assert machine.install().outcome == "installed"
    assert machine.steps == ["start", WITH_DEPS, "start"]
    machine = Machine(MISSING, OWN, downloads=True, succeed=[" install chromium"], root=(), debian=True)
    assert machine.install().outcome == "installed"
    assert machine.steps == ["start", WITH_DEPS, PLAYWRIGHT, "start"]


def test_without_the_download_host_nothing_is_downloaded() -> None:
    """Where the host does not answer, apt-get is next on Debian, with root's rights."""
    machine = Machine(MISSING, CHROMIUM, succeed=[APT], root=("sudo", "-n"), debian=True)
    assert machine.install() == InstallResult(outcome="installed", path="/usr/bin/chromium", version="3.4")
    assert machine.steps == ["start", f"sudo -n {UPDATE}", f"sudo -n {APT}", "start"]
    assert "Playwright's download host does not answer." in machine.lines


def test_package_lists_are_fetched_first() -> None:
    """Old ones would bring an old browser; a source that fails to update is no reason to stop."""
    for succeed in ([], ["update"]):
        machine = Machine(MISSING, succeed=succeed, root=(), debian=True)
        assert machine.install() == InstallResult(outcome="missing")
        assert machine.steps == ["start", UPDATE, APT, WHOLE]


def test_the_whole_browser_alone_will_do() -> None:
    """Where there is no package of the headless shell, as on Ubuntu."""
    machine = Machine(MISSING, CHROMIUM, succeed=[WHOLE], root=(), debian=True)
    assert machine.install().outcome == "installed"
    assert machine.steps == ["start", UPDATE, APT, WHOLE, "start"]


def test_a_failed_download_goes_on_to_apt() -> None:
    """So does one that brought a browser which does not start; both are told."""
    machine = Machine(MISSING, CHROMIUM, downloads=True, succeed=["headless-shell"], root=(), debian=True)
    assert machine.install().outcome == "installed"
    assert machine.steps == ["start", WITH_DEPS, PLAYWRIGHT, UPDATE, APT, "start"]
    machine = Machine(MISSING, BROKEN, CHROMIUM, downloads=True, succeed=["chromium", "shell"], root=(), debian=True)
    assert machine.install().path == "/usr/bin/chromium"
    assert machine.steps == ["start", WITH_DEPS, "start", UPDATE, APT, "start"]
    assert any("does not work: The browser ended" in line for line in machine.lines)


def test_a_package_that_brings_no_browser_is_no_success() -> None:
    """Ubuntu's package is a stub for the snap: installed, and still no browser."""
    machine = Machine(MISSING, MISSING, succeed=["chromium"], root=(), debian=True)
    assert machine.install() == InstallResult(outcome="missing")
    assert machine.lines[-1].startswith("No browser was installed. By hand: ")


def test_without_the_right_to_nothing_is_asked() -> None:
    """No root and no sudo without a password: apt-get is not tried, and that is said; elsewhere it is not heard of."""
    machine = Machine(MISSING, debian=True)
    assert machine.install() == InstallResult(outcome="missing")
    assert machine.steps == ["start"]
    assert any("needs root" in line for line in machine.lines)
    machine = Machine(MISSING, root=())
    assert machine.install() == InstallResult(outcome="missing")
    assert machine.steps == ["start"]


def test_a_browser_that_the_profile_names_is_not_replaced() -> None:
    """Nothing is installed for a profile with a program, or with a channel that is not Playwright's own."""
    for profile in (Profile(executable_path="/x"), Profile(channel="chrome")):
        machine = Machine(MISSING, downloads=True, succeed=["chromium"], root=(), debian=True)
        assert machine.install(profile=profile) == InstallResult(outcome="missing")
        assert machine.steps == ["start"]


def test_another_engine_comes_from_playwright_only() -> None:
    """Firefox is downloaded, never taken from the system's packages."""
    machine = Machine(MISSING, downloads=True, root=(), debian=True)
    assert machine.install(profile=Profile(browser="firefox")) == InstallResult(outcome="missing")
    assert machine.steps == [
        "start",
        "python -m playwright install --with-deps firefox",
        "python -m playwright install firefox",
    ]


def test_the_download_host_is_the_one_that_playwright_takes() -> None:
    """Its own variables decide, the engine's before the common one."""
    assert download_host("chromium", {}) == "https://cdn.playwright.dev"
    common = {"PLAYWRIGHT_DOWNLOAD_HOST": "http://common"}
    assert download_host("chromium", common) == "http://common"
    assert download_host("firefox", {**common, "PLAYWRIGHT_FIREFOX_DOWNLOAD_HOST": "http://fox"}) == "http://fox"


# --- asking the download host ----------------------------------------------------------------------------------------


@pytest.fixture
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that knows no proxy."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A socket on loopback that takes connections and, by itself, never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        yield server


def reply(server: socket.socket, answer: bytes) -> threading.Thread:
    """Answer the next connection with `answer`."""

    def serve() -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    return thread


def url(server: socket.socket) -> str:
    return f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.usefixtures("no_proxy")
@pytest.mark.parametrize("status", ["200 OK", "404 Not Found"])
def test_any_status_is_an_answer(listener: socket.socket, status: str) -> None:
    """The root of a download host has no page; that it says so is enough."""
    thread = reply(listener, f"HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
    assert is_reachable(url(listener), seconds=60)
    thread.join()


@pytest.mark.usefixtures("no_proxy")
def test_a_host_that_is_silent_or_gone_is_given_up(listener: socket.socket) -> None:
    """Silence ends at the limit, a refusal at once, and a URL that is none is no answer."""
    assert not is_reachable(url(listener), seconds=0.2)
    gone = url(listener)
    listener.close()
    assert not is_reachable(gone, seconds=60)
    assert not is_reachable("no url", seconds=60)


@pytest.mark.usefixtures("no_proxy")
def test_the_environment_s_proxy_is_asked(listener: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    """HTTPS_PROXY counts, and one that refuses is no way to the host."""
    monkeypatch.setenv("HTTPS_PROXY", url(listener))
    thread = reply(listener, b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n")
    assert not is_reachable("https://downloads.example", seconds=60)
    thread.join()


# --- this machine ----------------------------------------------------------------------------------------------------


def test_the_browser_of_this_machine_is_found_and_started() -> None:
    """For real: a browser is found, launched and told in one line."""
    lines: list[str] = []
    result = install(check=True, report=lines.append)
    assert result.outcome == "found"
    assert result.version is not None
    assert lines == [lines[0]]
    assert result.version in lines[0]
    assert str(result.path) in lines[0]


def test_this_machine_answers_every_question() -> None:
    """The outside steps work here: a command's success is told, one that is not there is none."""
    system = ThisSystem()
    assert system.run([sys.executable, "-c", "pass"])
    assert not system.run([sys.executable, "-c", "raise SystemExit(3)"])
    assert not system.run(["there-is-no-such-program"])
    assert system.is_debian() in (True, False)
    assert system.root_prefix() is None or isinstance(system.root_prefix(), tuple)


LIBRARIES = "apt-get install -y --no-install-recommends libatomic1 libstdc++6"


def test_a_driver_that_lacks_a_library_gets_it_first() -> None:
    """Without Playwright's own program no browser is looked for; a minimal Debian lacks a library of its Node."""
    lame = DriverFailed("Playwright's driver does not start: this system has no libatomic.so.1.")
    machine = Machine(lame, MISSING, CHROMIUM, succeed=["libstdc++6", "shell"], root=(), debian=True)
    assert machine.install().outcome == "installed"
    assert machine.steps == ["start", UPDATE, LIBRARIES, "start", UPDATE, APT, "start"]
    for helpless in (Machine(lame), Machine(lame, lame, succeed=["libstdc++6"], root=(), debian=True)):
        assert helpless.install() == InstallResult(outcome="missing")
        assert "sudo apt-get install libatomic1 libstdc++6" in helpless.lines[-1]
    looking = Machine(lame, root=(), debian=True)
    assert looking.install(check=True).outcome == "missing"
    assert looking.steps == ["start"]


def test_what_no_installation_helps_installs_nothing() -> None:
    """A driver that does not start for a limit of this process is told with what helps."""
    machine = Machine(DriverFailed("It does not start.", hint="Raise the limit."), root=(), debian=True)
    assert machine.install() == InstallResult(outcome="missing")
    assert (machine.steps, machine.lines) == (["start"], ["It does not start.", "Raise the limit."])


@pytest.mark.skipif(sys.platform == "win32", reason="makes a program of a shell script")
async def test_a_driver_that_does_not_start_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The library that is missing is named, from what the program says; never a bare exception of Playwright's."""
    program = tmp_path / "node"
    told = "node: error: libatomic.so.1: cannot open shared object file: No such file or directory"
    program.write_text(f"#!/bin/sh\necho '{told}' >&2\nexit 127\n")
    program.chmod(0o755)
    monkeypatch.setenv("PLAYWRIGHT_NODEJS_PATH", str(program))
    with pytest.raises(DriverFailed, match=r"this system has no libatomic\.so\.1\. Run `toolkit install`") as caught:
        async with driver():
            pass
    assert caught.value.library == "libatomic.so.1"
