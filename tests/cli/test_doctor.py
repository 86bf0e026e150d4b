"""`toolkit doctor`: what is wrong is found, the advice helps, and nothing secret is told."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import shlex
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import pytest
from msgspec.structs import replace
from playwright.async_api import Playwright

from tests.cli.conftest import Toolkit
from tests.sites.aura import AuraSite
from tests.sites.openassistant import OpenAssistantSite
from toolkit.browser.installed_browsers import find_browser
from toolkit.browser.profiles import Profile
from toolkit.doctor import browsers, clock, sessions
from toolkit.doctor.all_checks import run_all_checks
from toolkit.doctor.browsers import check_display
from toolkit.doctor.check_result import CheckResult, run_check
from toolkit.doctor.store import check_store
from toolkit.errors import StoreError
from toolkit.session.browser_session import BrowserSession
from toolkit.stores.file import SESSION_SUFFIX_GLOB, FileStore

Aura = tuple[AuraSite, str]
Assistant = tuple[OpenAssistantSite, str]
posix = pytest.mark.skipif(sys.platform == "win32", reason="has no such rights")


class Report(NamedTuple):
    """What the command found, and how it ended."""

    code: int
    findings: list[CheckResult]
    told: str

    def about(self, *what: str) -> list[tuple[str, str, str]]:
        """State, finding and advice of what is about one of these."""
        return [(one.state, one.what, one.todo) for one in self.findings if one.about in what]

    def wrong(self) -> list[str]:
        return [one.about for one in self.findings if one.state == "wrong"]


async def doctor(toolkit: Toolkit, *args: str, **env: str) -> Report:
    result = await toolkit.run("doctor", "--json", *args, env=env)
    return Report(result.code, [CheckResult(**one) for one in json.loads(result.out)], result.out + result.err)


async def test_a_sound_machine(toolkit: Toolkit, aura: Aura) -> None:
    """Nothing is wrong: exit code 0, the browser has really been started, and a person gets a table of the same."""
    report = await doctor(toolkit)
    assert (report.code, report.wrong()) == (0, [])
    assert "starts (" in report.about("browser")[0][1]
    assert report.about(f"aura {aura[1]}") == [("ok", "The session is good by what is stored.", "")]
    result = await toolkit.run("doctor", env=toolkit.without_browser())
    assert result.out.split("\n")[0].split() == ["about", "state", "found", "what", "to", "do"]


async def test_a_file_of_profiles_that_cannot_be_used(toolkit: Toolkit) -> None:
    """The place in it is told, and the browser is looked for all the same."""
    broken = toolkit.file("bad.json", {"default": "a", "profiles": {"a": {"headles": True}}})
    report = await doctor(toolkit, "--browsers", broken)
    assert (report.code, report.wrong()) == (1, ["profiles"])
    ((_, what, todo),) = report.about("profiles")
    assert f"{broken}: $.profiles.a: unknown field `headles`" in what
    assert todo == "Did you mean `headless`?"
    assert report.about("browser")[0][0] == "ok"


async def test_secrets_that_are_not_set(toolkit: Toolkit) -> None:
    """Those of deployments are wrong, those of other profiles a note; each place is named."""
    secret = {"extra_http_headers": {"X-Gate": "env:GATE_OF_NOBODY"}}
    sites = {"https://chat.example.org": {"extra_http_headers": {"X-Gate": "env:GATE_OF_SITE"}}}
    file = toolkit.file("b.json", {"default": "a", "profiles": {"a": {}, "b": secret}, "deployments": sites})
    report = await doctor(toolkit, "--browsers", file)
    assert [state for state, _, _ in report.about("profiles")] == ["ok", "note", "wrong"]
    assert (
        "$.profiles.b.extra_http_headers.X-Gate is the environment variable GATE_OF_NOBODY"
        in report.about("profiles")[1][1]
    )
    assert "GATE_OF_SITE, which is not set" in report.about("profiles")[2][1]
    assert (report.code, report.wrong()) == (1, ["profiles"])


async def test_no_browser(toolkit: Toolkit) -> None:
    """What was looked for, and how one gets it."""
    report = await doctor(toolkit, **toolkit.without_browser())
    assert (report.code, report.wrong()) == (1, ["browser"])
    ((_, what, todo),) = report.about("browser")
    assert "There is no program at " in what
    assert "toolkit install" in todo


@posix
async def test_a_store_that_others_can_read(toolkit: Toolkit, aura: Aura) -> None:
    """The folder and the file are both told of, and what is advised closes them."""
    here = {**toolkit.without_browser(), "TOOLKIT_STORE": f"file:{toolkit.store.folder}"}
    (file,) = toolkit.store.folder.glob(f"*{SESSION_SUFFIX_GLOB}")
    toolkit.store.folder.chmod(0o755)
    file.chmod(0o644)
    report = await doctor(toolkit, **here)
    told = [(what, todo) for state, what, todo in report.about("store") if state == "wrong"]
    assert [what for what, _ in told] == [
        f"{toolkit.store.folder} is open to other users (0755).",
        f"{file} is open to other users (0644).",
    ]
    for _, todo in told:
        subprocess.run(shlex.split(todo.removeprefix("Run `").removesuffix("`.")), check=True)  # noqa: ASYNC221
    assert (await doctor(toolkit, **here)).wrong() == ["browser"]


async def test_what_lies_in_a_store_and_cannot_be_read(toolkit: Toolkit, aura: Aura) -> None:
    """A file that is none is set aside, and told of until it is gone; one that is sealed wants its passphrase."""
    key = {"TOOLKIT_STORE_KEY": "a long passphrase", **toolkit.without_browser()}
    (file,) = toolkit.store.folder.glob(f"*{SESSION_SUFFIX_GLOB}")
    report = await doctor(toolkit, **key)
    assert ("note", "1 of 1 sessions are not encrypted yet.") in [told[:2] for told in report.about("store")]
    content = file.read_bytes()
    file.write_bytes(b"{")
    for _ in range(2):
        report = await doctor(toolkit, **toolkit.without_browser())
        (aside,) = toolkit.store.folder.glob("*.corrupt-*")
        assert any(state == "wrong" and str(aside) in what for state, what, _ in report.about("store"))
    aside.unlink()
    file.write_bytes(json.dumps({**json.loads(content), "session": None, "sealed": SEALED}).encode())
    report = await doctor(toolkit, **toolkit.without_browser())
    assert any(state == "wrong" and what.endswith("is sealed.") for state, what, _ in report.about("store"))


SEALED = {"salt": "AAAA", "nonce": "AAAA", "data": "AAAA"}


@posix
async def test_a_pipe_in_the_store_keeps_nobody_waiting(toolkit: Toolkit, aura: Aura) -> None:
    """Neither the examination nor a call; the rest of it is examined."""
    (file,) = toolkit.store.folder.glob(f"*{SESSION_SUFFIX_GLOB}")
    file.unlink()
    os.mkfifo(file, 0o600)
    report = await doctor(toolkit, **toolkit.without_browser())
    assert any(
        state == "wrong" and f"{file} cannot be read: it is no regular file" in what
        for state, what, _ in (report.about("store"))
    )
    assert report.about("clock", "proxy")
    result = await toolkit.run("chat", "aura", "Hi", "--base-url", aura[1], env=toolkit.without_browser())
    assert (result.code, result.out) == (1, "")
    assert "cannot be read: it is no regular file. Remove what lies there" in result.err


async def test_a_disk_without_room(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It is found, and the rest of the store is told all the same."""

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    results, _ = await check_store(FileStore(tmp_path))
    assert [one.state for one in results if one.about == "store"][-1] == "wrong"
    assert "No space left on device" in results[-1].what
    assert "permissions" not in results[-1].todo


async def test_a_store_that_fails_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """All other checks are made and told, by whatever error one has ended."""

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("hush-hush")

    monkeypatch.setattr("toolkit.doctor.browsers.check_browser", hanging)
    monkeypatch.setattr("toolkit.doctor.all_checks.BROWSER_SECONDS", 0.001)
    for place in ("plugins.check_plugins", "clock.check_clock", "browsers.check_display", "all_checks.open_store"):
        monkeypatch.setattr(f"toolkit.doctor.{place}", broken)
    results = await run_all_checks()
    wrong = {one.about: one.what for one in results if one.state == "wrong"}
    assert set(wrong) >= {"browser", "window", "store", "clock", "plugins"}
    assert {one.about for one in results} >= {"versions", "profiles", "proxy"}
    assert wrong["store"] == "This check has failed (RuntimeError)."


def test_a_clock_that_was_compared_before() -> None:
    """With when that was; only a site that was asked just now tells how the clock goes."""
    at = time.mktime((2026, 1, 2, 3, 4, 5, 0, 0, -1))
    assert clock.check_clock({"a": 0.0}).what == "It goes as that of a."
    assert clock.check_clock({"a": 0.0}, {"a": at}).what == (
        "It went as that of a on 2026-01-02 at 03:04; `--online` asks anew."
    )
    assert clock.check_clock({"a": 0.0, "b": 0.0}, {"a": at}).what == "It goes as that of b."
    assert clock.check_clock({"a": 90.0}, {"a": at}).what == "It was 90 s behind that of a on 2026-01-02 at 03:04."
    imported = BrowserSession(provider="aura", origin="http://a", harvested_at=at)
    assert clock.stored_skews([imported]) == ({}, {})
    assert clock.stored_skews([replace(imported, profile="plain")]) == ({"http://a": 0.0}, {"http://a": at})


async def test_a_store_that_is_not_there(toolkit: Toolkit) -> None:
    """A server that does not answer, and what names no store."""
    nobody = unused_port()
    for store in (f"redis://:hush-hush@127.0.0.1:{nobody}", "sqlite"):
        report = await doctor(toolkit, **toolkit.without_browser(), TOOLKIT_STORE=store)
        assert report.wrong() == ["browser", "store"]
        assert "hush" not in report.told


async def test_a_proxy_that_refuses(toolkit: Toolkit) -> None:
    """Who names it is told, and not its password."""
    proxy = f"http://ada:hush-hush@127.0.0.1:{unused_port()}"
    report = await doctor(toolkit, **toolkit.without_browser(), TOOLKIT_PROXY=proxy)
    ((state, what, todo),) = report.about("proxy")
    assert (state, "which the environment names, cannot be reached" in what) == ("wrong", True)
    assert todo == "Start it, or take it out of the environment."
    assert "hush" not in report.told
    report = await doctor(toolkit, **toolkit.without_browser(), TOOLKIT_PROXY="gopher://x")
    assert report.about("proxy")[0][0] == "wrong"


async def test_the_sites_are_asked_only_when_wished(toolkit: Toolkit, aura: Aura, assistant: Assistant) -> None:
    """By what is stored both are good; of the one that its site does not take any more the command is told."""
    site, origin = assistant
    site.login.expire()
    mine, theirs = f"aura {aura[1]}", f"openassistant {origin}"
    report = await doctor(toolkit, **toolkit.without_browser())
    assert [told[0] for told in report.about(mine, theirs)] == ["ok", "ok"]
    assert site.requests == aura[0].requests == []
    report = await doctor(toolkit, "--online", **toolkit.without_browser())
    assert report.wrong() == ["browser", theirs]
    assert f"`toolkit login openassistant --base-url {origin}`" in report.about(theirs)[0][2]
    ((state, told, _),) = report.about("clock")
    assert (state, told.startswith("It goes as those of http://"), " and http://" in told) == ("ok", True, True)
    assert (aura[1] in told, origin in told) == (True, True)
    report = await doctor(toolkit, "aura", "--online", **toolkit.without_browser())
    assert not report.about(theirs)
    assert report.about(mine)[0][0] == "ok"
    assert report.about("clock")[0][:2] == ("ok", f"It goes as that of {aura[1]}.")


async def test_a_clock_that_is_off(toolkit: Toolkit, aura: Aura) -> None:
    """Which way and by how much, as the site's page told when the session was made."""
    session = BrowserSession(provider="aura", origin=aura[1], headers={"user-agent": "Kept/1"}, clock_skew=312.0)
    await toolkit.keep(replace(session, expires_at=time.time() - 9))
    report = await doctor(toolkit, **toolkit.without_browser())
    assert report.about("clock")[0][:2] == ("wrong", f"It is 312 s behind that of {aura[1]}.")
    assert report.about(f"aura {aura[1]}")[0][:2] == ("note", "The session has expired.")
    assert clock.check_clock({"a": -61.0}).what == "It is 61 s ahead of that of a."


async def test_providers_without_a_session(toolkit: Toolkit) -> None:
    """One that needs a login lacks something, one that does not lacks nothing; a name that nobody has is a mistake."""
    report = await doctor(toolkit, "openassistant", "aura", **toolkit.without_browser())
    assert report.wrong() == ["browser", "openassistant"]
    assert "`toolkit login openassistant" in report.about("openassistant")[0][2]
    assert report.about("aura")[0][0] == "ok"
    assert (await toolkit.run("doctor", "aurra")).code == 2


async def test_a_session_that_is_handed_in(toolkit: Toolkit) -> None:
    """One that is none is told of, without a letter of it."""
    report = await doctor(toolkit, **toolkit.without_browser(), TOOLKIT_SESSION_OPENASSISTANT="hush-hush")
    assert "openassistant" in report.wrong()
    assert "hush" not in report.told
    told = "TOOLKIT_SESSION_OPENWEBUI hands in a session that does not tell which deployment it is for."
    for secret, state, what in (
        ("Cookie: token=v1", "note", told),
        ('[{"name": "token", "value": "v", "domain": "a.example", "secure": true}]', "ok", "comes first"),
    ):
        (found,) = sessions.check_environment({"TOOLKIT_SESSION_OPENWEBUI": secret}, ("openwebui",))
        assert found.state == state
        assert what in found.what


async def test_each_check_comes_to_an_end() -> None:
    """What hangs, and what fails, is a finding like another."""

    async def failing() -> list[CheckResult]:
        raise StoreError("No.", hint="Do.")

    assert await run_check("x", 60, failing()) == [CheckResult("x", "wrong", "No.", "Do.")]
    assert (await run_check("x", 0.001, hanging()))[0].state == "wrong"


async def test_a_browser_without_windows(driver: Playwright) -> None:
    """That it starts is not all that a login needs."""
    found = find_browser(Profile(), driver.chromium.executable_path)
    if found is None or not found.shell or found.path is None:
        pytest.skip("There is no headless shell.")
    first, second = await browsers.check_browser(Profile(executable_path=found.path))
    assert (first.state, second.state) == ("ok", "note")
    assert "`toolkit login` needs" in second.what


async def hanging(*_: object) -> list[CheckResult]:
    await asyncio.Event().wait()
    return []


def test_a_machine_without_a_screen() -> None:
    """That is worth a note, with the ways to log in all the same."""
    assert check_display({}, "linux").state == "note"
    assert check_display({"DISPLAY": ":0"}, "linux").state == check_display({}, "darwin").state == "ok"


def unused_port() -> int:
    """A port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
