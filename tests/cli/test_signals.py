"""Ctrl-C, and being told to end: what was begun is undone, a short line says so, and nothing is left behind."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable

import pytest
from aiohttp import web

from tests.cli.conftest import Toolkit, python_path
from tests.cli.held_deletions import holding_deletions
from tests.cli.pseudo_terminal import CTRL_C, Terminal, terminal
from tests.sites.asking import SECONDS
from tests.sites.openassistant import OpenAssistantSite
from tests.sites.serving import serve

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")

Assistant = tuple[OpenAssistantSite, str]
Stop = Callable[[Terminal], None]


def ctrl_c(screen: Terminal) -> None:
    """As a terminal does it: every process of the group gets the signal, Playwright's driver among them."""
    screen.type(CTRL_C)


def terminate(screen: Terminal) -> None:
    """As `kill` does it."""
    screen.process.send_signal(signal.SIGTERM)


def terminate_group(screen: Terminal) -> None:
    """As `timeout` does it, and a service manager: the driver is told to end as well."""
    os.killpg(screen.process.pid, signal.SIGTERM)


def hang_up(screen: Terminal) -> None:
    """As a terminal does it whose window is closed, though this one stays to be looked at."""
    os.killpg(screen.process.pid, signal.SIGHUP)


def said(screen: Terminal) -> list[str]:
    """The lines on the screen but for those that come and go, and notes."""
    lines = re.split(r"[\r\n]+", screen.screen)
    return [line for line in lines if line and not re.match(r"(\^C)?[⠀-⣿] |note: ", line)]


async def nothing_runs(toolkit: Toolkit) -> None:
    """Wait for the end of the last process: the driver ends a moment after the command."""
    async with asyncio.timeout(SECONDS):
        while toolkit.running():  # noqa: ASYNC110 - nothing announces the end of another one's child
            await asyncio.sleep(0.01)


@pytest.fixture
async def slow_page() -> AsyncIterator[tuple[asyncio.Event, str]]:
    """A site whose page never comes: an event that somebody has asked for it, and its origin."""
    asked, closing = asyncio.Event(), asyncio.Event()

    async def never(request: web.Request) -> web.Response:
        asked.set()
        await closing.wait()
        return web.Response()

    app = web.Application()
    app.router.add_get("/", never)
    async with serve(app) as origin:
        yield asked, origin
        closing.set()


@pytest.mark.parametrize(
    ("stop", "code", "word"),
    [
        (ctrl_c, 130, "interrupted"),
        (terminate, 143, "terminated"),
        (terminate_group, 143, "terminated"),
    ],
)
async def test_a_visit_can_be_stopped(
    toolkit: Toolkit, slow_page: tuple[asyncio.Event, str], stop: Stop, code: int, word: str
) -> None:
    """With the browser at the site: no process, temporary file or session is left, and nothing else is said."""
    asked, origin = slow_page
    async with terminal(toolkit, "harvest", "aura", "--base-url", origin, alone=True) as screen:
        await asked.wait()
        stop(screen)
        async with asyncio.timeout(SECONDS):
            assert await screen.end() == code
    assert [line.removeprefix("^C") for line in said(screen)] == [word]
    assert screen.raw.rpartition("\x1b[?25h")[1], "the cursor is not back"
    await nothing_runs(toolkit)
    assert await toolkit.store.sessions() == {}
    # A browser that is told twice to end, by its driver and by us, does not remove its own (empty) folder.
    assert [name for name in toolkit.litter() if not (stop is terminate_group and "Chromium" in name)] == []


async def test_the_start_of_a_browser_can_be_stopped(toolkit: Toolkit, slow_page: tuple[asyncio.Event, str]) -> None:
    """Ctrl-C while Playwright's driver, or the browser, is only being started."""
    async with terminal(toolkit, "harvest", "aura", "--base-url", slow_page[1], alone=True) as screen:
        await screen.shows("visiting")
        screen.type(CTRL_C)
        async with asyncio.timeout(SECONDS):
            assert await screen.end() == 130
    assert [line.removeprefix("^C") for line in said(screen)] == ["interrupted"]
    await nothing_runs(toolkit)
    assert toolkit.litter() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=str)
@pytest.mark.parametrize("program", ["driver", "browser"])
async def test_what_is_stopped_keeps_no_command_from_ending(
    toolkit: Toolkit, slow_page: tuple[asyncio.Event, str], number: signal.Signals, program: str
) -> None:
    """Within a few seconds; and neither the driver nor the browser is left, though they read no order to end."""
    asked, origin = slow_page
    process = await toolkit.start("harvest", "aura", "--base-url", origin)
    await asked.wait()
    for pid in toolkit.pids("run-driver" if program == "driver" else "--remote-debugging-pipe"):
        os.kill(pid, signal.SIGSTOP)
    began = time.monotonic()
    process.send_signal(number)
    async with asyncio.timeout(SECONDS):
        _, err = await process.communicate()
    assert process.returncode == 128 + number
    assert err.decode().splitlines()[-1] == {signal.SIGTERM: "terminated", signal.SIGINT: "interrupted"}[number]
    assert time.monotonic() - began < SECONDS / 10, "it has waited for what is stopped"
    await nothing_runs(toolkit)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=str)
async def test_an_installation_can_be_stopped(toolkit: Toolkit, number: signal.Signals) -> None:
    """While it tries a browser whose driver is stopped: it ends as other commands do, and leaves nothing."""
    process = await toolkit.start("install")
    async with asyncio.timeout(SECONDS):
        while not (drivers := toolkit.pids("run-driver")):  # noqa: ASYNC110 - nothing announces another one's child
            await asyncio.sleep(0.01)
        os.kill(drivers[0], signal.SIGSTOP)
        process.send_signal(number)
        _, err = await process.communicate()
    assert process.returncode == 128 + number
    assert err.decode().splitlines()[-1] == {signal.SIGTERM: "terminated", signal.SIGINT: "interrupted"}[number]
    await nothing_runs(toolkit)


HANGING = """
import os, threading

opened = os.open

def open_hanging(path, *args, **options):
    if str(path).endswith("hanging.json"):
        print("hangs", flush=True)
        threading.Event().wait()
    return opened(path, *args, **options)

os.open = open_hanging
"""


@pytest.mark.parametrize(("command", "number"), [("chat", signal.SIGTERM), ("login", signal.SIGINT)])
async def test_a_file_system_that_hangs_keeps_no_command_from_ending(
    toolkit: Toolkit, command: str, number: signal.Signals
) -> None:
    """While a command waits for browsers.json, it ends by a signal all the same."""
    (toolkit.folder / "sitecustomize.py").write_text(HANGING)
    arguments = ("aura", "Hi") if command == "chat" else ("aura",)
    process = await toolkit.start(
        command, *arguments, "--browsers", "hanging.json", env={"PYTHONPATH": python_path(toolkit.folder)}
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"hangs\n"
    process.send_signal(number)
    async with asyncio.timeout(SECONDS):
        _, err = await process.communicate()
    assert process.returncode == 128 + number
    assert err.decode().splitlines()[-1] == {signal.SIGTERM: "terminated", signal.SIGINT: "interrupted"}[number]


async def test_ctrl_c_gives_no_traceback_while_modules_load(toolkit: Toolkit) -> None:
    """From the first moment on that a person could press it."""
    slow = toolkit.folder / "click.py"  # in the place of the first module that is loaded
    slow.write_text("import time\nprint('loading', flush=True)\ntime.sleep(60)\n")
    async with terminal(toolkit, "--help", env={"PYTHONPATH": python_path(toolkit.folder)}, alone=True) as screen:
        await screen.shows("loading")
        screen.type(CTRL_C)
        assert await screen.end() == 130
    assert screen.screen == "loading\n^Cinterrupted\n"


@pytest.mark.parametrize(
    ("stop", "code", "word"), [(ctrl_c, 130, "interrupted"), (terminate, 143, "terminated"), (hang_up, 129, "hung up")]
)
async def test_an_answer_can_be_stopped(
    toolkit: Toolkit, assistant: Assistant, stop: Stop, code: int, word: str
) -> None:
    """In the middle of the stream: the site's chat is deleted before the command ends."""
    site, origin = assistant
    site.hold_after = 1
    async with terminal(toolkit, "chat", "openassistant", "Hi", "--base-url", origin, alone=True) as screen:
        await screen.shows("Hello")
        assert site.open_chats
        stop(screen)
        async with asyncio.timeout(SECONDS):
            assert await screen.end() == code
    assert said(screen)[-1].endswith(word)
    assert not site.open_chats
    assert site.requests[-1].method == "DELETE"
    assert toolkit.litter() == toolkit.running() == []


async def test_ctrl_c_in_a_pipe_deletes_the_chat_too(toolkit: Toolkit, assistant: Assistant) -> None:
    """Without a terminal it is the same: what had arrived on stdout, one line on stderr."""
    site, origin = assistant
    site.hold_after = 1
    process = await toolkit.start("chat", "openassistant", "Hi", "--base-url", origin)
    assert process.stdout is not None
    assert await process.stdout.readexactly(5) == b"Hello"
    process.send_signal(signal.SIGINT)
    async with asyncio.timeout(SECONDS):
        out, err = await process.communicate()
    assert (process.returncode, out, err) == (130, b"", b"interrupted\n")
    assert not site.open_chats


async def test_ctrl_c_is_the_last_event(toolkit: Toolkit, assistant: Assistant) -> None:
    """With `--json`, who reads the events learns that the answer is not whole, and what there is of it."""
    site, origin = assistant
    site.hold_after = 1
    process = await toolkit.start("chat", "openassistant", "Hi", "--json", "--base-url", origin)
    assert process.stdout is not None
    while b"Hello" not in await process.stdout.readline():
        pass
    process.send_signal(signal.SIGINT)
    async with asyncio.timeout(SECONDS):
        out, _ = await process.communicate()
    last = json.loads(out.splitlines()[-1])
    assert (process.returncode, last["type"], last["error"], last["text"]) == (130, "error", "Interrupted", "Hello")


async def test_a_second_ctrl_c_does_not_wait(toolkit: Toolkit, assistant: Assistant) -> None:
    """Where the site does not answer to the deletion either, a person need not sit out the deadline for that."""
    site, origin = assistant
    async with (
        holding_deletions(toolkit, site, origin) as (slow, deletions),
        terminal(toolkit, "chat", "openassistant", "Hi", "--base-url", slow, alone=True) as screen,
    ):
        await screen.shows("Hello")
        screen.type(CTRL_C)
        async with asyncio.timeout(SECONDS):
            await deletions.get()
        screen.type(CTRL_C)
        async with asyncio.timeout(SECONDS):
            assert await screen.end() == 130
    assert said(screen)[-1] == "interrupted"


async def test_being_told_twice_to_end_is_being_told(toolkit: Toolkit, assistant: Assistant) -> None:
    """`timeout` sends SIGTERM to the process and to its group: the chat is deleted all the same."""
    site, origin = assistant
    site.hold_after = 1
    async with terminal(toolkit, "chat", "openassistant", "Hi", "--base-url", origin, alone=True) as screen:
        await screen.shows("Hello")
        terminate(screen)
        terminate_group(screen)
        assert await screen.end() == 143
    assert said(screen)[-1].endswith("terminated")
    assert not site.open_chats


async def test_nohup_is_respected(toolkit: Toolkit, assistant: Assistant) -> None:
    """A signal that is ignored when the command starts stays ignored."""
    site, origin = assistant
    site.hold_after = 1

    def ignore() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    process = await toolkit.start("chat", "openassistant", "Hi", "--base-url", origin, preexec_fn=ignore)
    assert process.stdout is not None
    assert await process.stdout.readexactly(5) == b"Hello"
    process.send_signal(signal.SIGHUP)
    site.hold_after = None
    out, _ = await process.communicate()
    assert (process.returncode, b"Hello" + out) == (0, ("".join(site.answer) + "\n").encode())


LEFT = """
from toolkit.cli import log_output

class Left:
    def __del__(self):
        raise RuntimeError("Event loop is closed")

with log_output.show_log():
    Left()
left = Left()  # collected as the interpreter ends
"""


async def test_what_is_collected_late_complains_to_nobody(toolkit: Toolkit) -> None:
    """A process that was started and is gone before its event loop knows leaves something that cannot be closed."""
    command, pipe = (sys.executable, "-c", LEFT), asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, env=toolkit.environ, stdout=pipe, stderr=pipe)
    assert await process.communicate() == (b"", b"")
    assert process.returncode == 0
