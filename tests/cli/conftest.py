"""The command `toolkit` as a process of its own, with a home, a state folder and a temp folder of its own."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.cli import forked
from tests.listening import secrets_in
from tests.sites.asking import SECONDS
from tests.sites.aura import AuraSite
from tests.sites.openassistant import OpenAssistantSite
from tests.sites.openwebui import OpenWebUISite
from tests.sites.scripted import ScriptedSite
from tests.sites.serving import serve
from toolkit.cli import main
from toolkit.session.browser_session import BrowserSession
from toolkit.stores.base import Key
from toolkit.stores.file import FileStore

TRACEBACK = "Traceback (most recent call last)"
PASSED_ON = ("PATH", "SYSTEMROOT", "PLAYWRIGHT_BROWSERS_PATH", "PYTHONPATH", "NODE_COMPILE_CACHE")


def python_path(*first: Path) -> str:
    """`PYTHONPATH` for a child that looks into `first`, and for all else finds the toolkit that is under test."""
    return os.pathsep.join([*map(str, first), os.environ["PYTHONPATH"]])


class Result(NamedTuple):
    """How a command ended: its exit code, its stdout, its stderr."""

    code: int
    out: str
    err: str

    @property
    def errors(self) -> list[str]:
        """The lines of stderr but for notes."""
        return [line for line in self.err.splitlines() if not line.startswith("note: ")]


Call = Callable[..., Result]


class Toolkit:
    """Runs the command. `folder` is its home and working folder, `temp` the one for temporary files, `module` what is
    run as `python -m`."""

    def __init__(self, folder: Path, temp: Path) -> None:
        self.folder, self.temp = folder, temp
        self.state = folder / "state"
        self.store = FileStore(self.state / "sessions")
        self.started: list[asyncio.subprocess.Process | forked.Process] = []
        self.module = "toolkit"
        known = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        places = {"HOME": folder, "USERPROFILE": folder, "TOOLKIT_STATE_DIR": self.state}
        temps = dict.fromkeys(("TMPDIR", "TMP", "TEMP"), str(self.temp))
        self.environ = {**known, **{name: str(place) for name, place in places.items()}, **temps, "LANG": "C.UTF-8"}

    async def start(self, *args: str, env: dict[str, str] | None = None, **options: Any) -> asyncio.subprocess.Process:
        """A process; its streams are pipes unless `options` say otherwise."""
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), asyncio.subprocess.PIPE)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", self.module, *args),
            env={**self.environ, **(env or {})},
            cwd=self.folder,
            **{**pipes, **options},
        )
        self.started.append(process)
        return process

    async def run(self, *args: str, stdin: str | bytes = b"", **options: Any) -> Result:
        """Run a command to its end, with `stdin` to read; what it said is checked to be no traceback."""
        given = stdin.encode() if isinstance(stdin, str) else stdin
        env = {**self.environ, **(options.get("env") or {})}
        async with asyncio.timeout(SECONDS):
            if self.module == "toolkit" and options.keys() <= {"env"} and forked.can_run(args, env):
                code, out, err = await forked.run(forked.Command([*args], env, str(self.folder)), given)
            else:
                process = await self.start(*args, **options)
                out, err = await process.communicate(given)
                code = process.returncode or 0
        result = Result(code, *((told or b"").decode("utf-8", "replace") for told in (out, err)))
        assert TRACEBACK not in result.out + result.err or "--debug" in args
        assert not secrets_in(result.err)
        return result

    async def keep(self, session: BrowserSession, site: str | None = None) -> BrowserSession:
        """Store a session, so that no browser is needed. `site` is the base URL where that is not the origin."""
        await self.store.save(Key(session.provider, site or session.origin, session.account), session)
        return session

    def without_browser(self) -> dict[str, str]:
        """An environment in which every browser is missing."""
        profile = {"executable_path": str(self.folder / "no-such-browser")}
        return {"TOOLKIT_BROWSERS": self.file("no-browser.json", {"default": "none", "profiles": {"none": profile}})}

    def file(self, name: str, document: object) -> str:
        """A JSON file in the home folder; returns its path."""
        path = self.folder / name
        path.write_text(json.dumps(document), encoding="utf-8")
        return str(path)

    def litter(self) -> list[str]:
        """What commands left in the temp folder."""
        return sorted(path.name for path in self.temp.iterdir())

    def running(self) -> list[str]:
        """What still runs of what commands started: processes of their sessions, and browsers in the temp folder."""
        return list(self._processes().values())

    def pids(self, part: str) -> list[int]:
        """The processes that commands started whose command lines have that part."""
        return [pid for pid, line in self._processes().items() if part in line]

    def _processes(self) -> dict[int, str]:
        """The command lines of the processes that commands started and that have not ended."""
        sessions = {process.pid for process in self.started}
        started = f"TMPDIR={self.temp}".encode()
        found = {}
        for folder in Path("/proc").iterdir():
            with suppress(OSError):
                if folder.name.isdigit():
                    session = int((folder / "stat").read_text().rpartition(")")[2].split()[3])
                    line = (folder / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
                    if session in sessions or str(self.temp) in line or started in (folder / "environ").read_bytes():
                        found[int(folder.name)] = line
        return found


@pytest.fixture
async def toolkit(tmp_path: Path) -> AsyncIterator[Toolkit]:
    with tempfile.TemporaryDirectory(prefix="tk-", ignore_cleanup_errors=True) as temp:
        # A short path: Chromium has sockets there, and no longer ones than a system allows.
        command = Toolkit(tmp_path, Path(temp))
        yield command
        for process in command.started:
            if process.returncode is None:
                process.kill()
                await process.wait()


@pytest.fixture
async def aura(toolkit: Toolkit) -> AsyncIterator[tuple[AuraSite, str]]:
    """The Aura stand-in and its origin. There is a session for it: it needs no browser."""
    site = AuraSite()
    async with serve(site.app()) as origin:
        await toolkit.keep(BrowserSession(provider="aura", origin=origin, headers={"user-agent": "Kept/1"}))
        yield site, origin
    assert not site.problems


@pytest.fixture
async def scripted(toolkit: Toolkit) -> AsyncIterator[tuple[ScriptedSite, str]]:
    """A site of CodeLinkAva's kind whose answers hold whatever a test says, and its origin, with a session for it."""
    site = ScriptedSite()
    async with serve(site.app()) as origin:
        await toolkit.keep(BrowserSession(provider="codelinkava", origin=origin, headers={"user-agent": "Kept/1"}))
        yield site, origin
    assert not site.problems


@pytest.fixture
async def assistant(toolkit: Toolkit) -> AsyncIterator[tuple[OpenAssistantSite, str]]:
    """The Open Assistant stand-in and its origin. There is a session for it, of somebody who is signed in."""
    site = OpenAssistantSite()
    async with serve(site.app()) as origin:
        cookies = {"next-auth.session-token": site.login.new_token()}
        await toolkit.keep(BrowserSession.from_cookie_values("openassistant", origin, cookies))
        yield site, origin
    assert not site.problems


@pytest.fixture
async def webui(toolkit: Toolkit) -> AsyncIterator[tuple[OpenWebUISite, str]]:
    """The Open WebUI stand-in and its address. There is a session for it: it needs no browser."""
    site = OpenWebUISite()
    async with serve(site.app()) as origin:
        await toolkit.keep(BrowserSession.from_cookie_values("openwebui", origin, {"token": site.new_token()}))
        yield site, origin
    assert not site.problems


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home, state and working folder for commands that run in this process."""
    for name in ("TOOLKIT_BROWSERS", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TOOLKIT_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def call(here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    """Calls the command in this process: for what does not depend on being a process of its own."""

    def called(*args: str) -> Result:
        monkeypatch.setattr("sys.argv", ["toolkit", *args])
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        told = capsys.readouterr()
        assert TRACEBACK not in told.out + told.err or "--debug" in args
        assert isinstance(end.value.code, int)
        return Result(end.value.code, told.out, told.err)

    return called
