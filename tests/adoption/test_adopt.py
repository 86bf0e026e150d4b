"""Recordings of other programs become ones of ours: the call is found, replays, and holds no secret."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.adoption.programs import (
    ANSWER,
    ATTACHED_FILES,
    BODY,
    PROGRAMS,
    QUESTION,
    SITE,
    TOKEN,
    answered,
    asked,
    attached,
    chrome,
    entry,
    har,
)
from tests.recording.helpers import CAPTURES
from tests.replay.replayed_client import replayed_client
from toolkit.adoption.adopt import Adopted, adopt
from toolkit.errors import StatusError, StreamInterrupted
from toolkit.har.model import Recording
from toolkit.providers import registry
from toolkit.recording.check import check
from toolkit.recording.files import load, save
from toolkit.recording.foreign_files import read_foreign_file
from toolkit.recording.foreign_har import parse_foreign_har

DEMOS = Path(registry.__file__).parents[1] / "recording" / "demos"
PAGES = CAPTURES.parent / "pages"
ON_SOCKETS = ("chainlit", "streamlit")  # whose questions are frames of a WebSocket, in which none is looked for
KINDS = [registry.find(name) for name in registry.BUILT_IN]


async def adopted(data: bytes | Path, **options: Any) -> Adopted:
    path = data if isinstance(data, Path) else Path("it.har")
    if isinstance(data, Path):
        return await adopt(parse_foreign_har(path.name, *read_foreign_file(path)), KINDS, **options)
    return await adopt(parse_foreign_har(path.name, data, lambda _: None), KINDS, **options)


async def replayed(recording: Recording) -> str:
    """The answer of the recorded call, asked of a strict replay."""
    async with replayed_client(recording) as (client, chat):
        return await client.chat(chat.messages, **chat.settings).text()


@pytest.mark.parametrize("program", PROGRAMS)
async def test_a_recording_of_each_program_replays(program: str, tmp_path: Path) -> None:
    """The call is told with its provider, its deployment and its question; it passes the check, has nothing secret and
    nothing of the person's page, and a strict replay gives the answer."""
    file, out = tmp_path / "foreign.har", tmp_path / "ours.har"
    file.write_bytes(PROGRAMS[program]())
    made = await adopted(file)
    assert (made.answer, made.error) == (ANSWER, None)
    save(made.recording, out)
    assert check(out) == []
    text = out.read_text(encoding="utf-8")
    assert TOKEN not in text
    assert "About my health" not in text
    recording = load(out)
    assert recording.chat is not None
    assert (recording.chat.provider, recording.chat.base_url) == ("openwebui", SITE)
    assert recording.chat.messages == [{"role": "user", "content": QUESTION}]
    assert recording.chat.settings == {"model": "plain"}
    assert [one.request.method for one in recording.entries if not isinstance(one.pageref, str)] == ["POST"]
    assert recording.lean
    assert recording.session is not None
    assert "token" in {cookie["name"] for cookie in recording.session.storage_state["cookies"]}
    assert await replayed(recording) == ANSWER


async def test_bodies_in_files_beside_the_recording_are_read(tmp_path: Path) -> None:
    """Those that Playwright attaches; one that is not there is told with its entry and its name."""
    file = tmp_path / "foreign.har"
    file.write_text(json.dumps(attached()))
    for name, data in ATTACHED_FILES.items():
        (tmp_path / name).write_bytes(data)
    assert (await adopted(file)).answer == ANSWER
    (tmp_path / "answered.txt").unlink()
    made = await adopted(file)
    assert made.answer == ""
    assert "log.entries[0]: its body is in the file answered.txt, which is not there" in made.notes


async def test_files_outside_of_the_folder_are_not_read(tmp_path: Path) -> None:
    """A recording of somebody else cannot have files of this machine put into ours."""
    (tmp_path / "private").write_text("private")
    (tmp_path / "folder").mkdir()
    content = {"mimeType": "text/plain", "_file": "../private"}
    file = tmp_path / "folder" / "foreign.har"
    file.write_text(json.dumps(har("x", entry(asked(), answered(content=content)))))
    notes = (await adopted(file)).notes
    assert "log.entries[0]: its body is in the file ../private, which is not there" in notes


async def test_page_keeps_what_the_page_fetched() -> None:
    """Beside the call, as exchanges of a page, which a replay of the call need not repeat; without what was misread."""
    recording = (await adopted(chrome(), page=True)).recording
    paths = [one.request.url.removeprefix(SITE) for one in recording.entries]
    assert paths == [
        "/",
        "/app.js",
        "/api/v1/chats/",
        "/blocked.png",
        "wss://webui.example/ws",
        "/api/chat/completions",
    ]
    assert [isinstance(one.pageref, str) for one in recording.entries] == [True] * 5 + [False]
    assert await replayed(recording) == ANSWER


@pytest.mark.parametrize("content", [{}, {"size": 400, "mimeType": "text/event-stream"}, {"size": 0, "text": ""}])
async def test_an_answer_that_is_missing_is_told(content: dict[str, Any]) -> None:
    """Which entry has none, and what to do, since browsers keep no body of some streams. The rest is recorded."""
    nothing = entry(asked(url=f"{SITE}/x", method="GET", postData=None), answered(), "2026-11-30T10:00:00Z")
    made = await adopted(json.dumps(har("x", nothing, entry(asked(), answered(content=content)))).encode())
    [note] = [note for note in made.notes if "missing" in note]
    assert f"the answer is missing in log.entries[1], POST {SITE}/api/chat/completions" in note
    assert "`toolkit record`" in note
    assert made.recording.chat is not None
    assert made.error is not None


async def test_without_a_call_what_may_be_one_is_kept() -> None:
    """Redacted and without scripts, pictures and what was never answered; a note says so."""
    foreign = json.loads(chrome())
    foreign["log"]["entries"].pop()
    made = await adopted(json.dumps(foreign).encode())
    assert made.recording.chat is None
    assert made.recording.session is None
    assert [one.request.url.removeprefix(SITE) for one in made.recording.entries] == [
        "/",
        "/api/v1/chats/",
        "wss://webui.example/ws",
    ]
    (note,) = (note for note in made.notes if "no call of aura, codelinkava" in note)
    assert note.endswith("What is asked over a WebSocket is not looked for.")
    entries = foreign["log"]["entries"]
    foreign["log"]["entries"] = [one for one in entries if not one["request"]["url"].startswith("wss")]
    (note,) = (await adopted(json.dumps(foreign).encode())).notes
    assert "WebSocket" not in note


async def test_an_export_without_a_login_is_adopted() -> None:
    """Browsers leave cookies and tokens out of exports. The call replays without them, and the lack is told."""
    request = asked()
    request["headers"] = [pair for pair in request["headers"] if pair["name"] != "cookie"]
    made = await adopted(json.dumps(har("WebInspector", entry(request, answered()))).encode())
    assert any("shows no login" in note for note in made.notes)
    assert await replayed(made.recording) == ANSWER


async def test_the_system_message_and_the_conversation_are_read() -> None:
    """All messages up to the last question, which is what has to be asked again."""
    messages = [
        {"role": "system", "content": "Be short."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello"},
        {"role": "user", "content": QUESTION},
        {"role": "assistant", "content": "..."},
    ]
    request = asked(postData={"mimeType": "application/json", "text": json.dumps(BODY | {"messages": messages})})
    made = await adopted(json.dumps(har("x", entry(request, answered()))).encode())
    assert made.recording.chat is not None
    assert made.recording.chat.messages == messages[:4]
    assert any("differs in body.messages, body.stream_options" in note for note in made.notes)


@pytest.mark.parametrize("name", [name for name in registry.BUILT_IN if name not in ON_SOCKETS])
async def test_the_call_of_every_provider_is_found(name: str) -> None:
    """In its demo recording, read as if another program had written it: the same question, and the same answer."""
    demo = load(DEMOS / f"{name}.har")
    assert demo.chat is not None
    made = await adopted(DEMOS / f"{name}.har")
    assert made.recording.chat is not None
    assert made.error is None
    found = made.recording.chat
    assert (found.provider, found.base_url, found.messages) == (name, demo.chat.base_url, demo.chat.messages)
    assert await replayed(made.recording) == made.answer != ""


@pytest.mark.parametrize(
    ("site", "provider", "start"),
    [("openchat-ui", "aura", "Sunlight holds every"), ("openassistant", "openassistant", "Because air spreads")],
)
@pytest.mark.parametrize("kind", ["playwright", "exact"])
async def test_a_recording_of_a_real_page_replays(site: str, provider: str, start: str, kind: str) -> None:
    """Though the page asks otherwise than the provider: with GET for POST, other fields, and nothing deleted."""
    file = PAGES / site / f"{kind}.har"
    if not file.exists():
        pytest.skip("no folder of recorded pages beside the project")
    made = await adopted(file)
    assert made.recording.chat is not None
    assert made.recording.chat.provider == provider
    assert made.recording.chat.messages[-1] == {"role": "user", "content": QUESTION}
    assert made.answer.startswith(start)
    assert await replayed(made.recording) == made.answer


async def test_a_call_that_cannot_be_made_again_is_told() -> None:
    """A request without a model, where there is no list of models to choose from: it is kept, as one of a page."""
    body = {name: value for name, value in BODY.items() if name != "model"}
    request = asked(postData={"mimeType": "application/json", "text": json.dumps(body)})
    made = await adopted(json.dumps(har("x", entry(request, answered()))).encode())
    assert made.recording.chat is None
    assert len(made.recording.entries) == 1
    assert any("a call of openwebui was found, which cannot be made" in note for note in made.notes)


async def test_what_the_file_does_not_answer_is_not_asked() -> None:
    """A provider may ask for the list of its models first, and go on without: the recorded model is named then, so that
    a strict replay asks nothing else. Each answer stays with its own request."""
    made = await adopted(CAPTURES / "openassistant" / "ok-get-events.har")
    assert made.error is None
    assert [entry.request.url.rpartition("/")[2].partition("?")[0] for entry in made.recording.entries] == [
        *("chat", "prompter_message", "assistant_message", "events", "chat")
    ]
    assert made.recording.chat is not None
    assert made.recording.chat.settings == {"model": "OA_SFT_Llama_30B_6"}
    assert await replayed(made.recording) == made.answer != ""


async def test_a_call_that_is_refused_before_it_tells_its_model() -> None:
    """It asks for no list of models either, so that its error is all that a replay tells."""
    made = await adopted(CAPTURES / "openassistant" / "prompter-bad-parent-400.har")
    assert isinstance(made.error, StatusError)
    assert made.recording.chat is not None
    assert made.recording.chat.settings == {"model": "OA_SFT_Llama_30B_6"}
    with pytest.raises(StatusError) as raised:
        await replayed(made.recording)
    assert raised.value.status == made.error.status == 400


async def test_a_time_out_of_the_other_program_is_a_cut() -> None:
    """It had waited no longer; a replay breaks there at once, as the note says, and does not wait in silence."""
    made = await adopted(CAPTURES / "openassistant" / "two-messages-first-cancelled.har")
    assert isinstance(made.error, StreamInterrupted)
    assert any("ends with an error: openassistant: The connection broke" in note for note in made.notes)
    with pytest.raises(StreamInterrupted):
        async with asyncio.timeout(5.0):
            await replayed(made.recording)


async def test_a_model_that_is_the_default_is_not_named_where_the_file_has_the_list() -> None:
    """A replay asks for the list then, as the recorded call did; without the list the model has to be named."""
    foreign = json.loads((DEMOS / "aura.har").read_bytes())
    made = await adopted(json.dumps(foreign).encode())
    assert made.recording.chat is not None
    assert made.recording.chat.settings == {}
    entries = foreign["log"]["entries"]
    foreign["log"]["entries"] = [one for one in entries if not one["request"]["url"].endswith("/api/models")]
    assert len(foreign["log"]["entries"]) < len(entries)
    less = await adopted(json.dumps(foreign).encode())
    assert less.recording.chat is not None
    assert list(less.recording.chat.settings) == ["model"]
    assert await replayed(less.recording) == made.answer != ""
