"""The page on answers: its programs run against a site that says all of it, and its tables are those of the program."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import get_args

import msgspec

import toolkit
from tests.readme.blocks import section
from tests.readme.generated import error_tree
from tests.readme.reader import Reader, reading
from tests.readme.whole_site import PNG, WholeSite, answer
from toolkit.chats.deadlines import Deadlines
from toolkit.chats.events import ChatEvent

WEATHER = {"index": 0, "id": "call-1", "function": {"name": "weather", "arguments": '{"city": "Paris"}'}}


async def run(name: str, has: str, folder: Path, webui: WholeSite) -> str:
    """What the program of a section prints, where there is a session and no browser."""
    async with reading(name, folder, {"webui.example.org": webui.app()}, forking=["python"]) as reader:
        await reader.sign_in(webui)
        printed = await reader.python(has, reader.toolkit.without_browser())
    assert webui.problems == []
    return printed


async def test_what_goes_in(tmp_path: Path) -> None:
    """Texts and images, from a file and at a URL, reach the site as parts of one message."""
    webui = WholeSite(answer({"content": "The first."}))
    (tmp_path / "photo.png").write_bytes(PNG)
    assert await run("answers.md#What goes in", "Image.open", tmp_path, webui) == "The first.\n"
    system, user = webui.bodies[0]["messages"]
    assert system == {"role": "system", "content": "Be brief."}
    text, held, linked = user["content"]
    assert text == {"type": "text", "text": "Which of these is older?"}
    assert held["image_url"]["url"] == f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
    assert linked["image_url"]["url"] == "https://images.example.org/other.png"


async def test_tools(tmp_path: Path) -> None:
    """A call is told, and its result goes back under its id."""
    webui = WholeSite(answer({"tool_calls": [WEATHER]}, finish="tool_calls"), answer({"content": "Yes."}))
    printed = await run("answers.md#Tools", "tools=tools", tmp_path, webui)
    assert printed == 'weather({"city": "Paris"})\nYes.\n'
    _, called, result = webui.bodies[1]["messages"]
    assert called["tool_calls"][0]["id"] == result["tool_call_id"] == "call-1"
    assert result["content"] == "Rain all day."


async def test_events(tmp_path: Path) -> None:
    """Sources, reasoning and text come in the order in which the site says them."""
    webui = WholeSite(answer({"reasoning_content": "Light."}, {"content": "Scattering."}))
    printed = await run("answers.md#Events", "events()", tmp_path, webui)
    assert printed == "[Sky] https://sky.example.org\n(Light.)\nScattering.\nstop 34\n"


async def test_a_cut_answer(tmp_path: Path) -> None:
    """It is an error with the text so far."""
    webui = WholeSite(answer({"content": "In the beginning"}, finish="length"))
    printed = await run("answers.md#How an answer ends", "AnswerTruncated", tmp_path, webui)
    assert printed == "In the beginning ... (length)\n"


async def test_the_errors_are_those_that_there_are(tmp_path: Path) -> None:
    """Else `python -m tests.readme.generated` writes the tree anew."""
    async with reading("answers.md#Errors", tmp_path, {}) as reader:
        assert tree_of(reader) == error_tree()
    assert "EmptyAnswer" in error_tree()


def tree_of(reader: Reader) -> str:
    return reader.take("text", "ToolkitError").text


def test_every_event_is_in_the_table() -> None:
    """With its fields, and the attribute of the stream that has it after the end."""
    rows = re.findall(r"^\| `(\w+)\(([^)]*)\)` \|.*\| (?:`(\w+)`.*)?\|$", section("answers.md#Events"), re.MULTILINE)
    fields = {
        kind.__name__: list(getattr(kind, "_fields", None) or kind.__struct_fields__) for kind in get_args(ChatEvent)
    }
    assert {name: listed.split(", ") for name, listed, _ in rows} == fields
    attributes = [attribute for _, _, attribute in rows if attribute]
    assert len(attributes) == 8
    assert all(hasattr(kind, name) for name in attributes for kind in (toolkit.ChatStream, toolkit.SyncStream))


def test_every_deadline_is_in_the_table() -> None:
    """With its default."""
    rows = re.findall(r"^\| `(\w+)` \| (\S+) \|", section("answers.md#Deadlines"), re.MULTILINE)
    defaults = msgspec.structs.asdict(Deadlines())
    assert {name: None if value == "None" else float(value) for name, value in rows} == defaults
