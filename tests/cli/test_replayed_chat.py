"""`toolkit chat --replay`: the shipped demos and one's own recordings, with the recorded question or another one."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Call, Toolkit
from tests.recording.helpers import without_page
from toolkit.har.model import Recording
from toolkit.providers import registry
from toolkit.recording.files import load

DEMOS = files("toolkit") / "recording" / "demos"
AURA = Path(str(DEMOS / "aura.har"))


def recorded() -> Recording:
    return load(AURA)


def question() -> str:
    chat = recorded().chat
    assert chat is not None
    return str(chat.messages[0]["content"])


def answer() -> str:
    """Aura's answer is the body of its last exchange, as it is."""
    return recorded().entries[-1].response.content.body().decode()


def changed(path: Path, **log: Any) -> str:
    """The demo with other values at the top of its log."""
    document = json.loads(AURA.read_text(encoding="utf-8"))
    document["log"].update(log)
    path.write_text(json.dumps(document), encoding="utf-8")
    return str(path)


async def test_the_demo_is_answered_and_not_kept(toolkit: Toolkit) -> None:
    """The README's command: a real browser, the recorded question, the recorded answer; no session remains."""
    result = await toolkit.run("chat", "aura", "--replay")
    assert (result.code, result.out, result.errors) == (0, answer() + "\n", [])
    assert await toolkit.store.sessions() == {}
    assert toolkit.litter() == []


def test_every_provider_has_a_demo() -> None:
    """Each of them says which provider it is of, and what was asked."""
    for name in registry.names():
        chat = load(Path(str(DEMOS / f"{name}.har"))).chat
        assert chat is not None
        assert chat.provider == name
        assert chat.messages


async def test_a_recording_answers_its_own_question(toolkit: Toolkit, tmp_path: Path) -> None:
    """Asked with the very prompt that was recorded, here by a pipe, a file answers; as JSON too."""
    lean = without_page(AURA, tmp_path)
    result = await toolkit.run("chat", "aura", "-", "--json", f"--replay={lean}", stdin=question())
    events = [json.loads(line) for line in result.out.splitlines()]
    assert "".join(event.get("text", "") for event in events) == answer()
    assert events[-1] == {"type": "finished", "reason": "stop"}


async def test_another_question_is_told_with_the_difference(toolkit: Toolkit, tmp_path: Path) -> None:
    """What was recorded and what was asked, side by side, and how to ask the recorded one."""
    result = await toolkit.run("chat", "aura", "Is the sea blue?", f"--replay={without_page(AURA, tmp_path)}")
    assert (result.code, result.out) == (1, "")
    (line,) = result.errors
    assert line.startswith("error: aura: No recorded exchange answers this POST: body.messages[0].content: ")
    assert "'Is the sea blue?'" in line
    assert question()[:20] in line
    assert line.endswith("(https://openchat.team/api/chat) Without a prompt, the recorded question is asked again.")


async def test_a_recording_of_another_site_is_told(toolkit: Toolkit, tmp_path: Path) -> None:
    """Where a file does not say of what it is, the host that it lacks does."""
    path = changed(tmp_path / "unnamed.har", _chat=None)
    result = await toolkit.run("chat", "codelinkava", "Hi", f"--replay={path}")
    assert (result.code, result.out) == (1, "")
    assert result.errors == [
        "error: codelinkava: The recording has nothing of ava-ai-ef611.web.app. Replay another one."
    ]


async def test_a_harvest_can_be_replayed(toolkit: Toolkit) -> None:
    """The session that a recorded site gives is shown, and not kept."""
    result = await toolkit.run("harvest", "aura", f"--replay={AURA}")
    assert (result.code, result.errors) == (0, [])
    assert result.out.startswith("aura: a session for https://openchat.team, no expiry known (replayed, not kept)\n")
    assert await toolkit.store.sessions() == {}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "There is no recording 'mine.har'. --replay takes what follows it as a file: put it last, or write"),
        (b"", "mine.har is not JSON, or not whole: "),
        (b'{"log": {"entries": [', "mine.har is not JSON, or not whole: "),
        (b'{"log": {"entries": [{"request": {}}]}}', "mine.har is not a HAR file: Object missing required field "),
        (b"[]", "mine.har is not a HAR file: "),
        (b"\xff\xfe", "mine.har is not JSON, or not whole: "),
    ],
)
@pytest.mark.parametrize("form", [("--replay=mine.har",), ("--replay", "mine.har")])
def test_a_file_that_is_no_recording(
    call: Call, here: Path, form: tuple[str, ...], content: bytes | None, told: str
) -> None:
    """Missing, empty, cut off, of another shape: told with its name, and where in it, before a browser is started."""
    if content is not None:
        (here / "mine.har").write_bytes(content)
    result = call("chat", "aura", *form)
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("error: ")
    assert told in result.err
    assert result.err.count("\n") == 1


def test_a_recording_of_another_provider(call: Call, here: Path) -> None:
    """It says of which it is."""
    result = call("chat", "codelinkava", f"--replay={AURA}")
    assert (result.code, result.out) == (1, "")
    assert result.err == f"error: {AURA} is a recording of aura, not of codelinkava.\n"


def test_a_recording_that_does_not_tell_the_question(call: Call, here: Path) -> None:
    """Such as a browser's export: without a prompt it is a usage error."""
    path = changed(here / "mute.har", _chat=None)
    result = call("chat", "aura", f"--replay={path}")
    assert (result.code, result.out) == (2, "")
    assert "The recording does not tell what was asked: give a prompt before --replay." in result.err


async def test_a_setting_that_makes_no_other_request(toolkit: Toolkit, tmp_path: Path) -> None:
    """Such as the default: the answer comes, with a note of how the question differs."""
    lean = without_page(AURA, tmp_path)
    result = await toolkit.run("chat", "aura", question(), "--temperature", "0.5", f"--replay={lean}")
    assert (result.code, result.out, result.errors) == (0, answer() + "\n", [])
    told = "this is asked otherwise than it was recorded, and by the same requests: temperature: not recorded, got 0.5"
    assert f"note: {told}\n" in result.err
