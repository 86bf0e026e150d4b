"""`SyncClient` is `Client` without asyncio: its visits and checks too, and Ctrl-C leaves nothing of them behind."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from inspect import signature
from typing import Any

import pytest
from playwright.async_api import Browser, Playwright

from tests.cli.conftest import Toolkit, assistant, aura, toolkit
from tests.cli.test_login import display, headed, sign_in, site, stored, window_of
from tests.cli.test_signals import nothing_runs, slow_page
from tests.client.test_sync_stream import ANSWER, Served, portals, served
from tests.sites.asking import SECONDS, until
from tests.sites.aura import AuraSite
from tests.sites.nextauth import USER
from tests.sites.openassistant import OpenAssistantSite
from toolkit import Client, SyncClient
from toolkit.browser.installed_browsers import find_browser
from toolkit.browser.profiles import Profile
from toolkit.errors import BrowserError, LoginRequired, ToolkitError, UsageError
from toolkit.session.browser_session import BrowserSession
from toolkit.stores.base import Key
from toolkit.stores.memory import MemoryStore

# Fixtures, which pytest finds here.
__all__ = ["assistant", "aura", "display", "served", "site", "slow_page", "stored", "toolkit"]

METHODS = ("session", "harvest", "refresh", "login", "check")
openassistant = pytest.mark.parametrize("served", ["openassistant"], indirect=True)
not_windows = pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C cannot be sent to one process there")
only_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")


def test_it_has_what_a_client_has() -> None:
    """All of its public names but for those of asyncio, and the methods for the session take the same."""
    names = {name for name in dir(Client) if not name.startswith("_")} - {"aclose", "answer"}
    client = SyncClient("aura", account="work", store=MemoryStore())
    assert all(hasattr(client, name) for name in (*names, "provider", "key"))
    for name in METHODS:
        assert str(signature(getattr(SyncClient, name))) == str(signature(getattr(Client, name)))
    assert client.provider.name == "aura"
    assert client.key == Key("aura", client.provider.site, "work")


@openassistant
def test_the_session_is_asked_for(served: Served) -> None:
    """With `with` and without, in any thread, as often as one likes; and no thread is left by it."""
    client = SyncClient("openassistant", **served.arguments)
    assert client.session().origin == "https://open-assistant.io"
    assert client.check().identity == USER
    assert portals() == []
    with client:
        with ThreadPoolExecutor(2) as pool:
            assert [told.identity for told in pool.map(lambda _: client.check(), range(4))] == [USER] * 4
        assert client.chat("Hi").text() == ANSWER
        assert len(portals()) == 1
    assert portals() == []


@openassistant
async def test_inside_a_running_loop(served: Served) -> None:
    """As in a notebook: that loop is blocked, and nothing hangs."""
    assert SyncClient("openassistant", **served.arguments).check().identity == USER


@pytest.mark.parametrize(
    ("provider", "method", "arguments", "kind"),
    [
        ("openassistant", "check", {}, LoginRequired),
        ("openassistant", "refresh", {}, LoginRequired),
        ("openassistant", "login", {"cdp": "http://127.0.0.1:1"}, BrowserError),
        ("aura", "login", {}, UsageError),
    ],
)
async def test_errors_are_those_of_a_client(
    provider: str, method: str, arguments: dict[str, Any], kind: type[ToolkitError]
) -> None:
    """The same kind, in the same words."""
    with pytest.raises(kind) as theirs:
        await getattr(Client(provider, store=MemoryStore()), method)(**arguments)
    with pytest.raises(kind) as ours:
        getattr(SyncClient(provider, store=MemoryStore()), method)(**arguments)
    assert str(ours.value) == str(theirs.value)
    assert portals() == []


@openassistant
def test_a_session_that_the_site_does_not_take(served: Served) -> None:
    """Says so by `check`, as with asyncio."""
    assert isinstance(served.site, OpenAssistantSite)
    served.site.login.expire()
    with pytest.raises(LoginRequired):
        SyncClient("openassistant", **served.arguments).check()


async def test_visits(served: Served, chromium: Browser) -> None:
    """Harvested where there is none, kept, renewed, and harvested again, each by a browser that is closed afterwards;
    all of it inside a running loop. (Without a browser there is nothing to test, which the fixture knows.)"""
    arguments = {**served.arguments, "session": None, "store": MemoryStore()}
    client = SyncClient("aura", **arguments)
    sessions = [client.session(), client.session(), client.refresh(), client.harvest(), client.session()]
    visits = [session.harvested_at for session in sessions]
    assert visits == [visits[0], visits[0], visits[2], visits[3], visits[3]]
    assert visits[0] < visits[2] < visits[3]
    assert client.chat("Hi").text() == ANSWER
    assert portals() == []


async def script(toolkit: Toolkit, text: str, *arguments: str, **env: str) -> asyncio.subprocess.Process:
    """A program in a home of its own, with pipes, in a group of its own as a shell gives one to each."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", text, *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**toolkit.environ, "PYTHONPATH": os.pathsep.join(sys.path), **env},
        cwd=toolkit.folder,
        start_new_session=True,
    )
    toolkit.started.append(process)
    return process


async def ended(process: asyncio.subprocess.Process) -> tuple[str, str]:
    """What a program has said, once its stdin is closed and it has ended; notes for root are left out."""
    async with asyncio.timeout(SECONDS):
        out, err = await process.communicate(b"")
    return out.decode(), "".join(line for line in err.decode().splitlines(True) if "sandbox" not in line)


CONTEXT = """
import sys
from playwright.sync_api import sync_playwright
from toolkit import SyncClient
from toolkit.errors import UsageError

with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=sys.argv[2])
    context = browser.new_context(user_agent="Own/1")
    client = SyncClient("aura", base_url=sys.argv[1], context=context)
    assert client.session() == client.session()
    print(client.session().user_agent, client.check().state, len(context.pages))
    for visit in (client.harvest, client.refresh, client.login):
        try:
            visit()
        except UsageError as error:
            print(error.hint)
"""


async def test_a_context_of_the_sync_api(toolkit: Toolkit, aura: tuple[AuraSite, str], chromium: Browser) -> None:
    """The session is what was harvested there. Its thread alone can visit in it, so no other browser is taken for a
    visit instead."""
    found = find_browser(Profile(), chromium.browser_type.executable_path)
    assert found is not None
    process = await script(toolkit, CONTEXT, aura[1], str(found.path))
    out, err = await ended(process)
    assert (out.splitlines(), err) == (["Own/1 ok 0", *["Make another `SyncClient` to visit the site again."] * 3], "")


LOGIN = """
import sys
from toolkit import SyncClient

with SyncClient("openassistant", base_url=sys.argv[1]) as client:
    session = client.login(seconds=600)
    assert client.session() == session
    print(session.identity, client.check().identity)
"""


async def test_a_login_by_hand(
    toolkit: Toolkit, driver: Playwright, display: str, site: tuple[OpenAssistantSite, str]
) -> None:
    """User and password are typed into a real window; the session is kept."""
    process = await script(toolkit, LOGIN, site[1], TOOLKIT_BROWSERS=headed(toolkit, display))
    async with window_of(process, toolkit, driver, "/auth/") as page:
        await sign_in(display, page)
        out, err = await ended(process)
    assert (out, err) == (f"{USER} {USER}\n", "")
    kept = await toolkit.store.load(Key("openassistant", site[1]))
    assert kept is not None
    assert kept.identity == USER


@only_linux
@pytest.mark.parametrize("send", [os.kill, os.killpg], ids=["process", "group"])
async def test_ctrl_c_while_a_window_is_open(
    toolkit: Toolkit, driver: Playwright, display: str, site: tuple[OpenAssistantSite, str], stored: BrowserSession,
    send: Callable[[int, int], None],
) -> None:  # fmt: skip
    """The window closes, no process or file is left, the stored session is as before (see the fixture), and the
    traceback is that of Ctrl-C alone; whether the program alone hears it, or the browser's driver too."""
    process = await script(toolkit, LOGIN, site[1], TOOLKIT_BROWSERS=headed(toolkit, display))
    async with window_of(process, toolkit, driver, "/auth/"):
        send(process.pid, signal.SIGINT)
        interrupted(process, *await ended(process))
    await nothing_runs(toolkit)
    assert toolkit.litter() == []


VISIT = """
import asyncio, sys
from toolkit import SyncClient

client = SyncClient("aura", base_url=sys.argv[1])
async def inside():
    client.harvest()

%s
"""


@only_linux
@pytest.mark.parametrize(
    "visit",
    [
        "client.session()",
        pytest.param("with client: client.harvest()", marks=pytest.mark.exhaustive),
        pytest.param("client.models()", marks=pytest.mark.exhaustive),
        "client.chat('Hi').text()",
        "asyncio.new_event_loop().run_until_complete(inside())",
    ],
)
async def test_ctrl_c_while_a_browser_runs(
    toolkit: Toolkit, chromium: Browser, slow_page: tuple[asyncio.Event, str], visit: str
) -> None:
    """With the browser at the site, whose page does not come: nothing is left, and nothing is stored."""
    asked, origin = slow_page
    process = await script(toolkit, VISIT % visit, origin)
    await asked.wait()
    process.send_signal(signal.SIGINT)
    interrupted(process, *await ended(process))
    await nothing_runs(toolkit)
    assert toolkit.litter() == []
    assert await toolkit.store.sessions() == {}


def interrupted(process: asyncio.subprocess.Process, out: str, err: str) -> None:
    """Check that a program has ended by Ctrl-C, and has said that alone."""
    assert err.strip().endswith("KeyboardInterrupt"), err
    assert err.count("Traceback") == 1, err
    assert "never retrieved" not in err
    assert "destroyed" not in err
    assert (process.returncode, out) == (-signal.SIGINT, "")


AGAIN = """
import sys
from toolkit import SyncClient

client = SyncClient("openassistant", base_url=sys.argv[1])
with client:
    try:
        client.login()
    except KeyboardInterrupt:
        print(client.chat("Hi").text(), end="")
print(client.check().identity, end="")
"""


@only_linux
async def test_ctrl_c_ends_the_visit_and_not_the_client(
    toolkit: Toolkit, driver: Playwright, display: str, assistant: tuple[OpenAssistantSite, str]
) -> None:
    """Whoever catches it goes on with the session of before, as a notebook does."""
    process = await script(toolkit, AGAIN, assistant[1], TOOLKIT_BROWSERS=headed(toolkit, display))
    async with window_of(process, toolkit, driver, "/auth/"):
        process.send_signal(signal.SIGINT)
        out, err = await ended(process)
    assert (out, err, process.returncode) == (ANSWER.strip() + USER, "", 0)
    await nothing_runs(toolkit)
    assert toolkit.litter() == []


TWICE = """
import asyncio, os, signal, threading
from toolkit.client.background_loop import run

raised = threading.Event()

async def work():
    os.kill(os.getpid(), signal.SIGINT)
    try:
        await asyncio.Event().wait()
    finally:
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.to_thread(raised.wait)
        await asyncio.sleep(0)
        print("tidied")

try:
    run(work)
except KeyboardInterrupt:
    print("interrupted")
    raised.set()
"""


@not_windows
async def test_a_second_ctrl_c_does_not_wait(toolkit: Toolkit) -> None:
    """What is being tidied up goes on with it, and the program's end waits for that."""
    process = await script(toolkit, TWICE)
    out, err = await ended(process)
    assert (out.split(), err, process.returncode) == (["interrupted", "tidied"], "", 0)


STARTING = """
import os, signal, sys, threading
from toolkit.client.background_loop import run

starting = [signal.SIGINT]

def look(event, _):  # the new loop makes a pair of sockets, in its thread
    if event == "socket.__new__" and threading.current_thread() is not threading.main_thread() and starting:
        os.kill(os.getpid(), starting.pop())

async def work():
    print("begun")

sys.addaudithook(look)
try:
    run(work)
except KeyboardInterrupt:
    print("interrupted", threading.active_count())
"""


@not_windows
async def test_ctrl_c_while_the_loop_starts(toolkit: Toolkit) -> None:
    """It waits until there is one to end: no thread is left, and none is waited for in vain."""
    process = await script(toolkit, STARTING)
    out, err = await ended(process)
    assert (out, err, process.returncode) == ("interrupted 1\n", "", 0)


LEFT = """
import sys, threading
ended = threading.Event()
threading._register_atexit(ended.set)  # after the toolkit's own: those that came last are called first
from toolkit import SyncClient, ToolkitError

def work():
    client = SyncClient(sys.argv[1], base_url=sys.argv[2], cookies={"next-auth.session-token": sys.argv[3]})
    try:
        print("asked", flush=True)
        %s
    except ToolkitError as error:
        print(type(error).__name__, error.what)

threading.Thread(target=work).start()
sys.stdin.readline()
"""
BETWEEN = "stream = client.chat('Hi'); print(next(stream), flush=True); ended.wait(); stream.text()"


async def test_the_end_of_a_program_that_does_not_wait_for_its_threads(
    toolkit: Toolkit, slow_page: tuple[asyncio.Event, str]
) -> None:
    """What they do in the loop is cancelled, and they are told."""
    asked, origin = slow_page
    process = await script(toolkit, LEFT % "client.check()", "aura", origin, "")
    await asked.wait()
    out, err = await ended(process)
    assert (out, err) == ("asked\nToolkitError The program has ended before this was done.\n", "")


@pytest.mark.parametrize("then", ["print(client.chat('Hi').text())", BETWEEN], ids=["reading", "between pieces"])
async def test_an_answer_that_the_end_of_the_program_cuts(
    toolkit: Toolkit, assistant: tuple[OpenAssistantSite, str], then: str
) -> None:
    """Is never a short one, and its chat is deleted."""
    stand_in, origin = assistant
    stand_in.hold_after = 1
    process = await script(toolkit, LEFT % then, "openassistant", origin, stand_in.login.new_token())
    assert process.stdout is not None
    for told in ("asked", stand_in.answer[0])[: 1 + (then == BETWEEN)]:
        assert (await process.stdout.readline()).decode() == told + "\n"
    await until(lambda: bool(stand_in.open_chats))
    out, err = await ended(process)
    assert (out, err) == ("StreamInterrupted The program has ended before the answer was complete.\n", "")
    assert not stand_in.open_chats
