"""What goes wrong: one line on stderr that says what to do, an exit code, no traceback unless asked, no secret ever."""

from __future__ import annotations

import re
import shutil
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme
from aiohttp import web

from tests.cli.conftest import TRACEBACK, Call, Toolkit
from tests.sites.aura import AuraSite
from tests.sites.base import Refusal
from tests.sites.openassistant import OpenAssistantSite
from toolkit.providers import registry
from toolkit.replay.local_network import LocalNetwork
from toolkit.session.browser_session import BrowserSession

Aura = tuple[AuraSite, str]
DEMO = Path(registry.__file__).parents[1] / "recording" / "demos" / "openwebui.har"
Assistant = tuple[OpenAssistantSite, str]
CHAT = "/api/chat"
DOWN = "http://127.0.0.1:47"  # nobody is there, and no browser refuses to go there


# --- usage: exit code 2


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("chat", "aurra", "Hi"), "There is no provider 'aurra'. Did you mean aura? Known: aura, codelinkava, "),
        (("harvest", "chatgpt"), "There is no provider 'chatgpt'. Known: aura, "),
        (("chat", "aura", ""), "There is no prompt: give one as argument, or on stdin. See `toolkit chat --help`."),
        (("chat", "aura", " \n"), "There is no prompt"),
        (("chat",), "Missing argument 'PROVIDER'. See `toolkit chat --help`."),
        (("chta",), "No such command 'chta'"),
        (("chat", "aura", "Hi", "--modle", "x"), "No such option '--modle'"),
        (("chat", "aura", "Hi", "--max-tokens", "0"), "0 is not in the range x>=1"),
        (("chat", "aura", "Hi", "-t", "hot"), "'hot' is not a valid float"),
        (("chat", "aura", "Hi", "--base-url", "chat.example.org"), "`--base-url` is not the address of a site. Write"),
        (("chat", "aura", "Hi", "--proxy", "http//h"), "http://[user:password@]host:port"),
        (("chat", "aura", "Hi", "--proxy", "http://h:1", "--replay"), "it goes with no --proxy"),
    ],
)
def test_usage_errors(call: Call, args: tuple[str, ...], told: str) -> None:
    """One line, exit code 2; a name that comes near is proposed, and the form of what was expected is shown."""
    result = call(*args)
    assert (result.code, result.out) == (2, "")
    assert told in re.sub("option: --modle", r"option '--modle'", result.err)  # older versions of click
    assert re.fullmatch(r"error: .*\n", result.err)


@pytest.mark.parametrize(
    "args",
    [("recording", "show", "-x.har"), ("chat", "openwebui", "--replay=-x.har"), ("chat", "aura", "--replay", "-x.har")],
)
def test_a_file_whose_name_looks_like_an_option(
    call: Call, args: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How it is named is told, where there is such a file, and it can be read by that."""
    monkeypatch.chdir(tmp_path)
    assert "./" not in call(*args).err
    shutil.copy(DEMO, "-x.har")
    result = call(*args)
    assert (result.code, result.out) == (2, "")
    assert re.fullmatch(r"error: .*-x'?\. To name the file '-x\.har', write '\./-x\.har'\.\n", result.err)
    assert call("recording", "show", "./-x.har").code == 0


def test_bare_toolkit_shows_its_help(call: Call) -> None:
    """Without a command it is a usage error, and the help is what to read."""
    result = call()
    assert result.code == 2
    assert "toolkit chat aura --replay" in result.err


def test_a_group_alone_shows_its_help(call: Call) -> None:
    """And nothing besides."""
    result = call("session")
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("Usage: toolkit session ")
    assert "See `" not in result.err


# --- browsers.json


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('{"profiles": {"a": {}};}', "line 1, column 23: not JSON"),
        ('{"profiles": {"a": {"headles": true}}}', "$.profiles.a: unknown field `headles`. Did you mean `headless`?"),
        ('{"profiles": {"headless": {"args": 1}}}', "$.profiles.headless.args: expected `array`, got `int`"),
        ("[]", "expected an object"),
    ],
)
@pytest.mark.parametrize("command", [("chat", "aura", "Hi"), ("harvest", "aura")])
def test_a_bad_browsers_file(call: Call, here: Path, command: tuple[str, ...], content: str, told: str) -> None:
    """The error names the file, the place in it and what was expected, before anything is visited."""
    (here / "mine.json").write_text(content)
    result = call(*command, "--browsers", "mine.json")
    assert (result.code, result.out) == (1, "")
    assert "mine.json" in result.err
    assert told in result.err


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("--profile", "hedless"), "There is no profile 'hedless' in "),
        (("--browsers", "nowhere.json"), "nowhere.json cannot be read: No such file or directory."),
    ],
)
async def test_a_wrong_name_is_told_though_no_browser_is_needed(
    toolkit: Toolkit, aura: Aura, args: tuple[str, ...], told: str
) -> None:
    """Also where a session is at hand: what a person asks for is never passed over."""
    result = await toolkit.run("chat", "aura", "Hi", "--base-url", aura[1], *args)
    assert (result.code, result.out) == (1, "")
    assert told in result.err


def test_no_browser(call: Call, here: Path) -> None:
    """Where there is none, or not the one that the profile names: which, and how to get one."""
    (here / "mine.json").write_text('{"profiles": {"headless": {"executable_path": "/nowhere/chrome"}}}')
    result = call("harvest", "aura", "--browsers", "mine.json")
    assert (result.code, result.out) == (1, "")
    assert "There is no program at '/nowhere/chrome'" in result.err
    assert "Run `toolkit install`" in result.err


# --- the network and the site: exit code 1


async def test_a_site_that_is_down(toolkit: Toolkit) -> None:
    """Told with its address, whether the browser finds out or a call."""
    result = await toolkit.run("chat", "aura", "Hi", "--base-url", DOWN)
    assert (result.code, result.out) == (1, "")
    assert re.fullmatch(rf"error: aura: The site cannot be reached \(\w+\)\. \({DOWN}/\) .+\.", result.errors[0])
    await toolkit.keep(BrowserSession(provider="aura", origin=DOWN))
    result = await toolkit.run("chat", "aura", "Hi", "--base-url", DOWN)
    assert (result.code, result.out) == (1, "")
    assert re.fullmatch(rf"error: aura: The site cannot be reached \(.+\)\. \({DOWN}/api/models\) .+\.\n", result.err)


@pytest.fixture
async def untrusted() -> AsyncIterator[str]:
    """The origin of a site whose certificate is of an authority that nobody knows."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    runner = web.AppRunner(AuraSite().app(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    yield f"https://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_a_wrong_certificate(toolkit: Toolkit, untrusted: str) -> None:
    """Refused by the browser as by the calls; nobody goes on without."""
    result = await toolkit.run("chat", "aura", "Hi", "--base-url", untrusted)
    assert (result.code, result.out) == (1, "")
    assert "The certificate is refused (ERR_CERT_AUTHORITY_INVALID)." in result.err
    assert "Check the site's address and this machine's clock" in result.err
    await toolkit.keep(BrowserSession(provider="aura", origin=untrusted))
    result = await toolkit.run("chat", "aura", "Hi", "--base-url", untrusted)
    assert (result.code, result.out) == (1, "")
    assert "The site's certificate is refused" in result.err
    assert "Check the site's address and this machine's clock" in result.err


@pytest.mark.parametrize("command", [("harvest", "aura"), ("chat", "aura", "Hi")])
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_that_refuses(toolkit: Toolkit, command: tuple[str, ...], scheme: str) -> None:
    """A 407, to the browser or to a call: told as the proxy's, without user and password, also with `--debug`."""
    site = f"{scheme}://chat.example.org"
    if command[0] == "chat":
        await toolkit.keep(BrowserSession(provider="aura", origin=site))
    async with LocalNetwork(apps={"chat.example.org": AuraSite().app()}, proxy_auth=("me", "right")) as network:
        proxy = network.address.replace("://", "://n0body:geh%40im@")
        result = await toolkit.run(*command, "--base-url", site, "--proxy", proxy, "--debug")
    assert (result.code, result.out) == (1, "")
    assert TRACEBACK in result.err
    assert result.errors[-1].startswith("error: aura: The proxy ")
    assert result.errors[-1].endswith(" Check the proxy's address, user and password.")
    assert not re.search(r"n0body|geh(%40|@)im|bjBib2R5", result.err)
    assert network.log == []


async def test_a_login_is_needed(toolkit: Toolkit, assistant: Assistant) -> None:
    """A session that the site has ended, and that a visit cannot renew: exit code 3, and the command to log in with."""
    site, origin = assistant
    command = f"`toolkit login openassistant --base-url {origin}`"
    site.login.expire()
    result = await toolkit.run("chat", "openassistant", "Hi", "--base-url", origin)
    assert (result.code, result.out) == (3, "")
    assert command in result.errors[0]
    assert not site.open_chats
    assert len(result.errors) == 1


async def test_too_many_calls(toolkit: Toolkit, aura: Aura) -> None:
    """Exit code 4, with how long to wait where the site says so."""
    site, origin = aura
    site.refusals = {CHAT: Refusal(429, '{"message": "Slow down"}', headers={"Retry-After": "30"})}
    result = await toolkit.run("chat", "aura", "Hi", "--base-url", origin)
    assert (result.code, result.out) == (4, "")
    assert result.err == (
        f"error: aura: The site answered 429: Too Many Requests: Slow down. ({origin}/api/chat) "
        "Wait 30 s before the next call.\n"
    )


async def test_what_the_site_says(toolkit: Toolkit, aura: Aura) -> None:
    """An error status is told in the site's own words; `--debug`, before or after the command, gives a traceback."""
    site, origin = aura
    site.fail("Upstream down")
    args = ("chat", "aura", "Hi", "--base-url", origin)
    for command in (args, ("--debug", *args), (*args, "--debug")):
        result = await toolkit.run(*command)
        assert (result.code, result.out) == (1, "")
        assert result.errors[-1].startswith("error: aura: The site answered 500: Upstream down.")
        assert (TRACEBACK in result.err) == ("--debug" in command)
        assert "StopAsyncIteration" not in result.err


# --- where sessions are kept


async def test_a_state_folder_that_cannot_be_used(toolkit: Toolkit, aura: Aura) -> None:
    """One line that names it and the variable for another one; for every command that needs it."""
    (toolkit.folder / "file").write_text("")
    env = {"TOOLKIT_STATE_DIR": str(toolkit.folder / "file")}
    for command in (("chat", "aura", "Hi", "--base-url", aura[1]), ("providers",)):
        result = await toolkit.run(*command, env=env)
        assert (result.code, result.out) == (1, "")
        assert re.fullmatch(r"error: .*/file/sessions.* Not a directory\. .*TOOLKIT_STATE_DIR.*", result.errors[0])
        assert len(result.errors) == 1


async def test_a_corrupt_session_is_said_and_replaced(toolkit: Toolkit, aura: Aura) -> None:
    """It is set aside, a note says where, and a new one is harvested."""
    site, origin = aura
    (path,) = toolkit.store.folder.glob("*.json")
    path.write_text(path.read_text()[:-20])
    result = await toolkit.run("chat", "aura", "Hi", "--base-url", origin)
    assert (result.code, result.out, result.errors) == (0, "".join(site.answer) + "\n", [])
    (aside,) = toolkit.store.folder.glob("*.corrupt-*")
    assert result.err.startswith("note: a stored session was not readable (JSON is malformed: ")
    assert f"); it was set aside as {aside}\n" in result.err
    assert [key.origin for key in await toolkit.store.sessions()] == [origin]


# --- what is nobody's fault but ours


def test_a_bug_is_called_one(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that is none of ours: its type and text, and how to see more; `--debug` shows the way to it."""

    def broken(self: object) -> None:
        try:
            raise OSError("https://me:geheim@host/path?token=geheim is gone")
        except OSError as error:
            raise LookupError("no http://me:geheim@host/?q=geheim; nor ws://h/p?geheim") from error

    monkeypatch.setattr("toolkit.stores.file.FileStore.sessions", broken)
    result = call("providers")
    assert (result.code, result.out) == (1, "")
    assert result.err == (
        "error: LookupError: no http://host/ nor ws://h/p\n"
        "This is a bug, of the toolkit or of the provider; `--debug` shows where.\n"
    )
    result = call("providers", "--debug")
    assert result.err.count(TRACEBACK) == 2
    assert "OSError: https://host/path is gone\n\nThe above exception was the direct cause" in result.err
    assert "in broken" in result.err
    assert "geheim" not in re.sub(r"\n    raise .*", "", result.err)  # but in the lines of this file
