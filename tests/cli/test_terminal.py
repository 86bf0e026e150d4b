"""`toolkit` on a terminal: a conversation, what is shown meanwhile, and nothing that a site could do to it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from tests.cli.conftest import Toolkit
from tests.cli.pseudo_terminal import CTRL_D, terminal
from tests.sites.aura import AuraSite, error
from tests.sites.base import Refusal
from tests.sites.openassistant import OpenAssistantSite

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals as POSIX has them")

Aura = tuple[AuraSite, str]
Assistant = tuple[OpenAssistantSite, str]
CHAT = "/api/chat"


def asked(site: AuraSite) -> list[list[str]]:
    """The messages of each chat call, by their content."""
    return [[message["content"] for message in call.body["messages"]] for call in site.calls(CHAT)]


async def test_a_conversation_has_a_memory(toolkit: Toolkit, aura: Aura) -> None:
    """Each question goes with those before it and their answers; an empty line is none, `/exit` ends it with code 0."""
    site, origin = aura
    site.answer = ["Hello, ", "Ada."]
    async with terminal(toolkit, "chat", "aura", "--system", "Be brief.", "--base-url", origin) as screen:
        await screen.shows("aura: Ctrl-D ends the conversation, /help lists what else there is.\n")
        await screen.shows("> ")
        screen.type("I am Ada — да\n")
        await screen.shows("Hello, Ada.\n> ")
        screen.type("Who am I?\n")
        await screen.shows("Hello, Ada.\n> ", times=2)
        screen.type("\n")
        await screen.shows("> \n> ")
        screen.type("/exit\n")
        assert await screen.end() == 0
    assert asked(site) == [["I am Ada — да"], ["I am Ada — да", "Hello, Ada.", "Who am I?"]]
    assert [call.body["prompt"] for call in site.calls(CHAT)] == ["Be brief."] * 2


async def test_ctrl_d_ends_a_conversation(toolkit: Toolkit, aura: Aura) -> None:
    """The end of input is a proper end: exit code 0, and the shell's prompt on a line of its own."""
    async with terminal(toolkit, "chat", "aura", "--base-url", aura[1]) as screen:
        await screen.shows("> ")
        screen.type(CTRL_D)
        assert await screen.end() == 0
    assert screen.screen.replace("\r", "").endswith("> \n")


async def test_a_question_that_fails_is_said_and_forgotten(toolkit: Toolkit, aura: Aura) -> None:
    """The conversation goes on without it, also where half of an answer had come, and the error has its own line."""
    site, origin = aura
    site.answer, site.refusals = ["Yes."], {CHAT: error("Upstream down")}
    async with terminal(toolkit, "chat", "aura", "--base-url", origin) as screen:
        await screen.shows("> ")
        screen.type("first\n")
        await screen.shows("Upstream down")
        site.refusals, site.answer, site.ending = {}, ["half"], "cut"
        await screen.shows("> ", times=2)
        screen.type("second\n")
        await screen.shows("half\nerror: aura: The connection broke")
        site.answer, site.ending = ["Yes."], "eof"
        await screen.shows("> ", times=3)
        screen.type("third\n")
        await screen.shows("Yes.\n> ")
        screen.type(CTRL_D)
        assert await screen.end() == 0
    assert asked(site) == [["first"], ["second"], ["third"]]


async def test_answers_can_go_to_a_file_meanwhile(toolkit: Toolkit, aura: Aura) -> None:
    """With stdout elsewhere the terminal has the prompts, and the file has the answers and nothing else."""
    site, origin = aura
    site.answer = ["Yes."]
    path = toolkit.folder / "answers"
    to_file = os.open(path, os.O_WRONLY | os.O_CREAT)
    async with terminal(toolkit, "chat", "aura", "--base-url", origin, stdout=to_file) as screen:
        os.close(to_file)
        await screen.shows("> ")
        screen.type("Is it?\n")
        await screen.shows("> ", times=2)
        screen.type(CTRL_D)
        assert await screen.end() == 0
    assert path.read_text() == "Yes.\n"


async def test_a_site_cannot_steer_the_terminal(toolkit: Toolkit, aura: Aura) -> None:
    """Control characters of an answer, or of an error's text, are shown as such; a pipe gets an answer as it is."""
    site, origin = aura
    site.answer = ["a\x1b]0;title\x07b\x9b2J", "\rc\r\n", "\td"]
    async with terminal(toolkit, "chat", "aura", "Hi", "--plain", "--base-url", origin) as screen:
        assert await screen.end() == 0
    assert "a\ufffd]0;title\ufffdb\ufffd2Jc\n\td\n" in screen.raw.replace("\r\n", "\n")
    assert (await toolkit.run("chat", "aura", "Hi", "--base-url", origin)).out == "".join(site.answer) + "\n"
    site.refusals = {CHAT: Refusal(400, '{"message": "no\\u009b2J\\u001bway"}')}
    async with terminal(toolkit, "chat", "aura", "Hi", "--base-url", origin) as screen:
        assert await screen.end() == 1
    assert "no\ufffd2J\ufffdway" in screen.screen


async def test_the_place_in_the_queue_is_shown(toolkit: Toolkit, assistant: Assistant) -> None:
    """On a terminal one sees what is waited for, and it is gone when the answer comes."""
    site, origin = assistant
    site.script.queue, site.answer, site.hold_after = [(2, 3)], ["Yes."], 1
    async with terminal(toolkit, "chat", "openassistant", "Hi", "--base-url", origin) as screen:
        await screen.shows("waiting for openassistant: place 2 of 3 in its queue")
        site.hold_after = None
        assert await screen.end() == 0
    after = screen.raw.rpartition("queue")[2]
    assert "\x1b[2K" in after  # the line is erased,
    assert "\x1b[?25h" in after  # and the cursor is back
    assert after.endswith("Yes.\r\n")


async def test_the_visit_is_shown(toolkit: Toolkit, aura: Aura) -> None:
    """While the browser is at the site stderr says so, and the line is gone before stdout gets the result."""
    args = ("harvest", "aura", "--base-url", aura[1])
    async with terminal(toolkit, *args) as screen:
        assert await screen.end() == 0
    assert f" visiting {aura[1]}/" in screen.screen
    assert "aura: a session for" in screen.raw.rpartition("\x1b[?25h")[2]


async def test_stdout_is_free_of_what_is_shown(toolkit: Toolkit, assistant: Assistant, tmp_path: Path) -> None:
    """With stderr on a terminal and stdout in a pipe, the pipe gets the events and nothing else."""
    site, origin = assistant
    site.script.queue, site.answer = [(1, 1)], ["Yes."]
    args = ("chat", "openassistant", "Hi", "--json", "--base-url", origin)
    async with terminal(toolkit, *args, stdout=asyncio.subprocess.PIPE) as screen:
        assert isinstance(screen.process, asyncio.subprocess.Process)
        assert screen.process.stdout is not None
        out = await screen.process.stdout.read()
        assert await screen.end() == 0
    assert out.decode().splitlines() == [
        '{"type": "queued", "position": 1, "size": 1}',
        '{"type": "text", "text": "Yes."}',
        '{"type": "finished", "reason": "stop"}',
    ]


async def test_a_dumb_terminal_gets_no_status_line(toolkit: Toolkit, assistant: Assistant) -> None:
    """One that cannot take a line back is shown none, and no colours where `NO_COLOR` is set."""
    site, origin = assistant
    site.script.queue, site.answer = [(1, 1)], ["Yes."]
    args = ("chat", "openassistant", "Hi", "--base-url", origin)
    async with terminal(toolkit, *args, env={"TERM": "dumb"}) as screen:
        assert await screen.end() == 0
    assert screen.raw == "Yes.\r\n"
    async with terminal(toolkit, "chat", "nobody", env={"NO_COLOR": "1"}) as screen:
        assert await screen.end() == 2
    assert screen.raw.startswith("error: There is no provider")
