"""Whatever others have written, names and answers of sites, fields of recordings, it steers no terminal."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec.structs import replace

from tests.cli import one_by_one
from tests.cli.conftest import Toolkit
from tests.cli.pseudo_terminal import terminal
from tests.sites.base import Refusal
from tests.sites.scripted import ScriptedSite
from tests.sites.serving import serve
from toolkit.session.browser_session import BrowserSession, Cookie

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals as POSIX has them")

CLIPBOARD, TITLE, C1, DELETE = "\x1b]52;c;aGk=\x07", "\x1b]0;owned\x07", "\x9b2J\x85", "\x7f"
BIDI = "\u202e\u2066\u200f\u061c"
FORGED = "FORGED"  # which begins no line
STEERING = f"x{CLIPBOARD}{TITLE}{C1}{DELETE}{BIDI}"
NAME = f"{STEERING}\n{FORGED}\r{FORGED}\u2028{FORGED}"
# What a terminal is sent that takes no codes: text, tabs, and line ends as the terminal driver makes them.
HARMFUL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u061c\u2028-\u202e\u2066-\u2069]")
FORGED_LINE = re.compile(rf"(?m)^{FORGED}|\r{FORGED}")
DUMB = {"TERM": "dumb", "NO_COLOR": "1"}


def hostile_recording(origin: str) -> dict[str, Any]:
    """A HAR as somebody else could have made it."""
    pair = {"name": f"x-{NAME}", "value": NAME}
    secret = {"name": f"x-token{NAME}token", "value": "abcdefGHIJ1234567890"}
    entry = {
        "startedDateTime": "2026-01-01T00:00:00Z",
        "time": 1,
        "comment": NAME,
        "request": {
            "method": f"GE{NAME}T",
            "url": f"https://chat.example.org/{NAME}?{NAME}token=abcdefGHIJ12345678",
            "headers": [pair, secret, {"name": "cookie", "value": f"{NAME}sid=abcdefGHIJ1234567890"}],
            "cookies": [{"name": f"c{NAME}", "value": "abcdefGHIJ1234567890"}],
        },
        "response": {
            "status": 200,
            "statusText": NAME,
            "headers": [pair, {"name": "set-cookie", "value": f"s{NAME}=abcdefGHIJ1234567890"}],
            "content": {"size": 0, "mimeType": NAME, "text": json.dumps({f"password{NAME}": f"abcdef{NAME}"})},
        },
    }
    chat = {"provider": "codelinkava", "base_url": origin, "messages": [{"role": "user", "content": NAME}]}
    session = {"provider": "codelinkava", "origin": origin, "account": NAME}
    creator = {"name": NAME, "version": NAME}
    return {
        "log": {
            "version": "1.2",
            "creator": creator,
            "comment": NAME,
            "entries": [entry],
            "_chat": chat,
            "_session": session,
        }
    }


@pytest.fixture
async def hostile(toolkit: Toolkit) -> AsyncIterator[tuple[ScriptedSite, str]]:
    """A site that has hostile names, and a hostile session for it; a hostile recording lies in the folder."""
    site = ScriptedSite()
    async with serve(site.app()) as origin:
        session = BrowserSession(
            provider="codelinkava",
            origin=origin,
            identity=NAME,
            headers={"user-agent": "Kept/1"},
            local_storage={origin: {NAME: NAME}},
        )
        await toolkit.keep(session)
        worse = {
            "headers": {f"x-{STEERING}": NAME},
            "cookies": (Cookie(name=STEERING, value=NAME, domain="127.0.0.1"),),
        }
        await toolkit.keep(replace(session, account=f"acc {NAME}", **worse))
        (toolkit.folder / "h.har").write_text(json.dumps(hostile_recording(origin)))
        (toolkit.folder / "state.json").write_text(json.dumps(session.to_storage_state()))
        yield site, origin


AT = ("codelinkava", "--base-url", "ORIGIN")
WORSE = (*AT, "--account", f"acc {NAME}")
COMMANDS = {
    "recording show": ("recording", "show", "h.har"),
    "recording show, a body": ("recording", "show", "h.har", "--body", "1"),
    "recording check": ("recording", "check", "h.har"),
    "replay": ("replay", "h.har", "--", "true"),
    "a replayed chat": ("chat", "codelinkava", "--replay=h.har"),
    "a replayed chat, JSON": ("chat", "codelinkava", "--json", "--replay=h.har"),
    "a replayed session": ("session", "check", "codelinkava", "--replay=h.har"),
    "import": ("session", "import", "codelinkava", "state.json", "--base-url", "ORIGIN"),
    "list": ("session", "list"),
    "list, JSON": ("session", "list", "--json"),
    "show": ("session", "show", *WORSE),
    "show, values": ("session", "show", *WORSE, "--values"),
    "show, JSON": ("session", "show", *WORSE, "--values", "--json"),
    "check": ("session", "check", *WORSE),
    "check all": ("session", "check", "--all"),
    "export": ("session", "export", *WORSE),
    "export, curl": ("session", "export", *WORSE, "--format", "curl"),
    "providers": ("providers",),
    "doctor": ("doctor",),
    "doctor, JSON": ("doctor", "--json"),
    "models": ("models", *AT),
    "chat": ("chat", AT[0], "Hi", *AT[1:], "--usage"),
    "chat, plain": ("chat", AT[0], "Hi", *AT[1:], "--plain", "--usage"),
    "chat, JSON": ("chat", AT[0], "Hi", *AT[1:], "--json", "--usage"),
    "an unknown account": ("session", "show", *AT, "--account", STEERING),
    "an unknown provider": ("chat", NAME, "Hi"),
    "an unknown option": ("chat", "aura", "Hi", "-o", NAME),
    "an unknown file": ("recording", "show", f"{STEERING}.har"),
    "with a log": ("chat", AT[0], "Hi", *AT[1:], "--debug"),
    "rm": ("session", "rm", *WORSE),  # the last, since it takes away what others show
}


async def test_nothing_steers_a_terminal(toolkit: Toolkit, hostile: tuple[ScriptedSite, str]) -> None:
    """Neither a character that moves the cursor or reorders text, nor a line that looks like one of ours."""
    site, origin = hostile
    source = {"source": {"name": NAME}, "document": [NAME], "metadata": [{"source": f"https://example.org/{NAME}"}]}
    site.says(STEERING, reasoning=STEERING, sources=[source], selected_model_id=NAME)
    commands = [[arg.replace("ORIGIN", origin) for arg in args] for args in COMMANDS.values()]
    toolkit.module = one_by_one.__name__
    env = {**DUMB, **toolkit.without_browser()}
    async with terminal(toolkit, toolkit.file("commands.json", commands), env=env) as screen:
        await screen.end()
    for name, raw in zip(COMMANDS, one_by_one.parted(screen.raw, len(COMMANDS)), strict=True):
        assert raw.strip(), f"{name} printed nothing"
        assert not (found := HARMFUL.findall(raw)), (name, found, raw)
        assert not FORGED_LINE.search(raw.replace("\r\n", "\n")), (name, raw)


@pytest.mark.parametrize(
    ("status", "body"), [(500, NAME), (429, json.dumps({"error": NAME})), (401, NAME), (200, NAME)]
)
async def test_no_refusal_steers_a_terminal(
    toolkit: Toolkit, hostile: tuple[ScriptedSite, str], status: int, body: str
) -> None:
    """What a site gives as its reason is shown in one line."""
    site, origin = hostile
    site.refusals["/api/chat"] = Refusal(status, body)
    async with terminal(toolkit, "chat", AT[0], "Hi", "--base-url", origin, env=DUMB) as screen:
        assert await screen.end() != 0
    assert not HARMFUL.search(screen.raw), screen.raw
    assert not FORGED_LINE.search(screen.raw.replace("\r\n", "\n")), screen.raw


def test_json_is_the_same_for_a_program() -> None:
    """What is escaped in it is read as it was."""
    from toolkit.cli.printable_text import printable_json

    text = printable_json({NAME: NAME}, indent=1)
    assert json.loads(text) == {NAME: NAME}
    assert not HARMFUL.search(text)


def test_a_line_has_none_of_the_characters_that_steer() -> None:
    """Of all that there are: each is replaced or left out, alone as within a text, and every other one stays."""
    from toolkit.cli.printable_text import printable_line

    for character in map(chr, range(sys.maxunicode + 1)):
        shown = printable_line(character)
        harmful = bool(HARMFUL.match(character)) or character in "\t\n\r"
        assert (shown != character) == harmful
        assert not HARMFUL.search(shown)
    assert printable_line(f"a {NAME} b") == "".join(map(printable_line, f"a {NAME} b"))
