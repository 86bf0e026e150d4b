"""Typing while an answer comes: it does not garble the answer, and stands at the next prompt."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from tests.cli.conftest import Toolkit
from tests.cli.held_deletions import holding_deletions
from tests.cli.pseudo_terminal import CTRL_C, CTRL_D, Terminal, terminal
from tests.sites.asking import SECONDS
from tests.sites.openassistant import OpenAssistantSite
from tests.sites.scripted import ScriptedSite

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals as POSIX has them")

Scripted = tuple[ScriptedSite, str]
Assistant = tuple[OpenAssistantSite, str]
PASTE = "\x1b[200~{}\x1b[201~"  # what a terminal makes of a paste where a program asks for it
LONG = "long " * 1000 + "line"  # longer than a line that a terminal itself edits
ASKS_FOR_MARKS, ASKS_FOR_NONE = "\x1b[?2004h", "\x1b[?2004l"


async def half_an_answer(screen: Terminal, site: ScriptedSite) -> None:
    """Ask a question at the first prompt, and wait for the first half of its answer."""
    site.says("half", " whole")
    site.hold_after = 1
    await screen.shows("\n> ")
    assert screen.echoes() is False  # readline writes what is typed itself
    screen.type("first\n")
    await screen.shows("half")


async def test_what_is_typed_meanwhile_waits_for_the_prompt(toolkit: Toolkit, scripted: Scripted) -> None:
    """None of it is written into the answer; then it stands at the prompt, and a corrected letter is corrected."""
    site, origin = scripted
    async with terminal(toolkit, "chat", "codelinkava", "--base-url", origin) as screen:
        await half_an_answer(screen, site)
        assert not screen.echoes()
        screen.type("secomd\x7f\x7fnd\nthi")
        site.hold_after = None
        await screen.shows("half whole\n> thi")
        screen.type("rd\n")
        await screen.shows("half whole\n> ", times=3)
        screen.type(CTRL_D)
        assert await screen.end() == 0
    assert "hold" not in screen.screen.partition("half whole")[0]
    assert [messages[-1] for messages in site.asked] == ["first", "second", "third"]


async def test_a_paste_meanwhile_is_one_question(toolkit: Toolkit, scripted: Scripted) -> None:
    """With all its lines, however long: the terminal is asked to mark pastes during the answer too."""
    site, origin = scripted
    async with terminal(toolkit, "chat", "codelinkava", "--base-url", origin) as screen:
        await half_an_answer(screen, site)
        assert ASKS_FOR_NONE not in screen.raw.rpartition(ASKS_FOR_MARKS)[2]
        screen.type(PASTE.format(LONG + "\r\rtwo\r"))
        site.hold_after = None
        await screen.shows("two")
        assert len(site.asked) == 1
        screen.type("\r")
        await screen.shows("half whole\n> ", times=2)
        screen.type(CTRL_D)
        assert await screen.end() == 0
    assert [messages[-1] for messages in site.asked] == ["first", LONG + "\n\ntwo"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_the_terminal_is_given_back(toolkit: Toolkit, scripted: Scripted, number: signal.Signals) -> None:
    """As it was, where an answer is interrupted and where the command is told to end."""
    site, origin = scripted
    async with terminal(toolkit, "chat", "codelinkava", "--base-url", origin) as screen:
        await half_an_answer(screen, site)
        screen.interrupt(number)
        if number == signal.SIGINT:
            await screen.shows("/retry asks again\n> ")
            screen.type(CTRL_D)
        await screen.end()
        assert screen.echoes()
    assert screen.raw.rpartition("\x1b[?2004")[2].startswith("l")


async def test_the_terminal_is_given_back_in_a_hurry(toolkit: Toolkit, assistant: Assistant) -> None:
    """Also where the command ends without cleaning up, since the site does not answer and Ctrl-C is pressed again."""
    site, origin = assistant
    async with (
        holding_deletions(toolkit, site, origin) as (slow, deletions),
        terminal(toolkit, "chat", "openassistant", "--base-url", slow) as screen,
    ):
        await screen.shows("\n> ")
        screen.type("Hi\n")
        await screen.shows("Hello")
        for _ in ("the answer", "the command"):
            screen.type(CTRL_C)
            async with asyncio.timeout(SECONDS):
                await deletions.get()
        assert not screen.echoes()
        screen.type(CTRL_C)
        assert await screen.end() == 130
        assert screen.echoes()
