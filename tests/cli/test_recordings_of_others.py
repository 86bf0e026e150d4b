"""`toolkit recording adopt`, `drift` and `redact`: recordings of other programs, and such as have become old."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adoption.programs import ANSWER, PROGRAMS, QUESTION, TOKEN, answered, asked, chrome, entry, har
from tests.cli.conftest import Call, Toolkit
from tests.sites.base import Refusal
from tests.sites.scripted import ScriptedSite
from toolkit.client.client import Client
from toolkit.har.model import Recording
from toolkit.recording.files import load, save
from toolkit.recording.recorder import Recorder
from toolkit.session.browser_session import BrowserSession
from toolkit.stores.memory import MemoryStore

Scripted = tuple[ScriptedSite, str]


# --- adopt


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_recording_is_adopted_and_replays(call: Call, here: Path, program: str) -> None:
    """In two commands, without a browser; the file passes the check."""
    (here / "foreign.har").write_bytes(PROGRAMS[program]())
    adopted = call("recording", "adopt", "foreign.har", "-o", "ours.har")
    assert (adopted.code, adopted.errors) == (0, [])
    assert adopted.out == f"answer={json.dumps(ANSWER, ensure_ascii=False)}\n"
    told = adopted.err.splitlines()[-1]
    assert told.startswith("note: adopted in ours.har: ")
    assert told.endswith(" exchanges, a call of openwebui at https://webui.example")
    assert call("recording", "check", "ours.har").code == 0
    replayed = call("chat", "openwebui", "--replay=ours.har")
    assert (replayed.code, replayed.out) == (0, f"{ANSWER}\n")


async def test_a_recording_comes_by_a_pipe(toolkit: Toolkit) -> None:
    """By stdin, under any of its names."""
    names = ["-"] if sys.platform == "win32" else ["-", "/dev/stdin"]
    for name in names:
        result = await toolkit.run("recording", "adopt", name, "-o", "ours.har", stdin=chrome())
        assert result.code == 0, result.err
        assert load(toolkit.folder / "ours.har").chat is not None


def test_what_cannot_be_adopted_is_told(call: Call, here: Path) -> None:
    """An error in one sentence, and no file."""
    (here / "half.har").write_bytes(chrome()[:-9])
    (here / "list.json").write_text("[]")
    names = ["half.har", "list.json", "absent.har"] + ([] if sys.platform == "win32" else ["/dev/zero"])
    for name in names:
        result = call("recording", "adopt", name, "-o", "ours.har")
        assert result.code == 1
        assert len(result.errors) == 1
        assert name in result.err
    assert not (here / "ours.har").exists()


def test_what_is_adopted_stays(call: Call, here: Path) -> None:
    """A recording has less than the file that it is made of, so it never takes the place of that."""
    (here / "foreign.har").write_bytes(chrome())
    (here / "same.har").hardlink_to(here / "foreign.har")
    for name in ("foreign.har", "same.har"):
        result = call("recording", "adopt", "foreign.har", "-o", name)
        assert (result.code, result.out) == (2, "")
        assert "foreign.har stays as it is: name another file with -o." in result.err
    assert (here / "foreign.har").read_bytes() == chrome()


def test_a_file_without_a_call_is_written_all_the_same(call: Call, here: Path) -> None:
    """Redacted, and with a note; so too where the provider that is named has none."""
    (here / "foreign.har").write_bytes(chrome())
    result = call("recording", "adopt", "foreign.har", "-o", "ours.har", "--provider", "aura")
    assert (result.code, result.out) == (0, "")
    assert "note: no call of aura was found." in result.err
    assert TOKEN not in (here / "ours.har").read_text()


def test_the_deployment_can_be_named(call: Call, here: Path) -> None:
    """As for one below a path, which nothing in the file tells."""
    request = asked(url="https://webui.example/chat/api/chat/completions")
    (here / "foreign.har").write_text(json.dumps(har("x", entry(request, answered()))))
    command = ("recording", "adopt", "foreign.har", "-o", "ours.har")
    assert "no call" in call(*command).err
    assert "a call of openwebui" in call(*command, "--base-url", "https://webui.example/chat").err
    chat = load(here / "ours.har").chat
    assert chat is not None
    assert chat.base_url == "https://webui.example/chat"


# --- drift


@pytest.fixture
async def recorded(toolkit: Toolkit, scripted: Scripted) -> Scripted:
    """The site, of whose call `old.har` is a recording."""
    site, origin = scripted
    site.says("Hello", usage={"total_tokens": 3})
    recorder = Recorder()
    session = BrowserSession(provider="codelinkava", origin=origin)
    store = MemoryStore()
    async with Client("codelinkava", base_url=origin, session=session, store=store, recorder=recorder) as client:
        await client.chat(QUESTION).text()
    save(recorder.recording("a test"), toolkit.folder / "old.har")
    return scripted


async def test_a_site_that_is_the_same_has_not_drifted(toolkit: Toolkit, recorded: Scripted) -> None:
    """Though it answers otherwise; the recorded question is asked with the stored session."""
    site, _ = recorded
    site.says("Something", " else", usage={"total_tokens": 9})
    result = await toolkit.run("recording", "drift", "old.har")
    assert (result.code, result.out) == (0, "old.har: nothing has changed\n")
    assert site.asked[-1] == [QUESTION]
    assert site.requests[-1].headers["User-Agent"] == "Kept/1"


async def test_harmless_changes_are_no_failure(toolkit: Toolkit, recorded: Scripted) -> None:
    """They are told all the same."""
    site, _ = recorded
    site.says("Hello", usage={"total_tokens": 3, "cached_tokens": 1})
    result = await toolkit.run("recording", "drift", "old.har")
    assert result.code == 0
    assert result.out.splitlines() == [
        "harmless: POST /api/chat: usage.cached_tokens: a field came (was not there, is number)",
        "old.har: 1 change, the worst is harmless",
    ]


async def test_a_breaking_change_fails(toolkit: Toolkit, recorded: Scripted) -> None:
    """With the exit code of an error, and as JSON for whoever reads it; an answer that cannot be read is one."""
    site, _ = recorded
    site.frames = [{"choices": [{"text": "Hello"}]}]
    result = await toolkit.run("recording", "drift", "old.har", "--json")
    assert result.code == 1
    told = json.loads(result.out)
    assert (told["file"], told["provider"], told["worst"]) == ("old.har", "codelinkava", "breaking")
    assert {"severity", "change", "call", "place", "was", "now"} == set(told["changes"][0])
    assert "a field went" in {change["change"] for change in told["changes"]}
    assert "Hello" not in result.out


async def test_what_tells_nothing_of_the_answers_is_an_error(toolkit: Toolkit, recorded: Scripted) -> None:
    """A site that wants one to wait has not drifted; and a recording without a call has no question."""
    site, _ = recorded
    site.refusals["/api/chat"] = Refusal(429)
    result = await toolkit.run("recording", "drift", "old.har")
    assert (result.code, result.out) == (4, "")
    save(Recording(entries=load(toolkit.folder / "old.har").entries), toolkit.folder / "none.har")
    result = await toolkit.run("recording", "drift", "none.har")
    assert result.code == 1
    assert "none.har does not tell of a call." in result.err


# --- redact


@pytest.fixture
def old(here: Path) -> Iterator[Path]:
    """A recording with a secret in it that no rule had found when it was made."""
    document = har("toolkit", entry(asked(url="https://site.example/?a=Sesame1234"), answered()))
    document["log"]["entries"][0]["request"]["headers"].append({"name": "x-note", "value": "about Sesame1234"})
    path = here / "old.har"
    path.write_text(json.dumps(document))
    yield path
    assert sorted(file.name for file in here.iterdir() if file.suffix != ".har") == []


def test_an_old_recording_is_redacted_anew(call: Call, old: Path) -> None:
    """In place; what changed is told by kind and place, without a value, and nothing changes a second time."""
    result = call("recording", "redact", "old.har", "--redact-query", "a")
    assert result.code == 0, result.err
    assert "a secret (query) in log.entries[0].request.url" in result.out
    assert "log.entries[0].request.headers[x-note].value" in result.out
    text = old.read_text()
    for secret in ("Sesame1234", TOKEN):
        assert secret not in text + result.out + result.err
    assert call("recording", "check", "old.har").code == 0
    changed = old.stat().st_mtime_ns
    again = call("recording", "redact", "old.har", "--redact-query", "a")
    assert (again.code, again.out) == (0, "old.har: there is nothing to change\n")
    assert old.stat().st_mtime_ns == changed


def test_a_redacted_copy_leaves_the_recording_alone(call: Call, old: Path) -> None:
    """With `-o`; what is to be kept is kept, in the copy as well."""
    before = old.read_bytes()
    result = call("recording", "redact", "old.har", "-o", "new.har", "--keep", "token", "--keep", "theme")
    assert result.code == 0, result.err
    assert old.read_bytes() == before
    assert TOKEN in (old.parent / "new.har").read_text()
    assert load(old.parent / "new.har").keep == ("token", "theme")


def test_what_a_person_has_saved_is_taken_out_of_an_old_recording(call: Call, here: Path) -> None:
    """Of what its page was answered, and told so; once."""
    listed = {"mimeType": "application/json", "text": '{"chats": [{"id": "5f1c", "title": "My illness"}], "n": 1}'}
    one = entry(asked(url="https://site.test/chats", headers=[], cookies=[]), answered(content=listed))
    other = one | {"pageref": "page_1"}
    one.pop("pageref", None)
    (here / "old.har").write_text(json.dumps(har("toolkit", one, other)))
    result = call("recording", "redact", "old.har")
    assert result.code == 0, result.err
    assert result.out.splitlines() == [
        "a list of what a person has saved in log.entries[1].response.content.text",
        "old.har: 1 places changed",
    ]
    kept, emptied = load(here / "old.har").entries
    assert b"My illness" in kept.response.content.body()
    assert json.loads(emptied.response.content.body()) == {"chats": [], "n": 1}
    assert call("recording", "redact", "old.har").out == "old.har: there is nothing to change\n"


def test_who_was_signed_in_is_taken_out_of_an_old_recording(call: Call, here: Path) -> None:
    """And told as that, where it stands and where else it was; with `--keep-identity` it stays."""
    told = {"mimeType": "application/json", "text": '{"email": "ada.lovelace@analytical.org", "name": "Ada Lovelace"}'}
    greeting = {"mimeType": "text/plain", "text": "Hello Ada Lovelace"}
    entries = [
        entry(asked(url=f"https://site.test/{number}", headers=[], cookies=[]), answered(content=content))
        for number, content in enumerate((told, greeting))
    ]
    (here / "old.har").write_text(json.dumps(har("toolkit", *entries)))
    kept = call("recording", "redact", "old.har", "--keep-identity", "-o", "kept.har")
    assert kept.code == 0, kept.err
    assert "Ada Lovelace" in (here / "kept.har").read_text()
    result = call("recording", "redact", "old.har")
    assert result.code == 0, result.err
    assert "an e-mail address in log.entries[0].response.content.text" in result.out
    assert "what is told of at another place in log.entries[1].response.content.text" in result.out
    assert "ovelace" not in (here / "old.har").read_text() + result.out + result.err


@pytest.mark.skipif(os.name == "nt", reason="folders are not protected so")
def test_a_recording_that_cannot_be_redacted_stays(call: Call, old: Path) -> None:
    """A rule that cannot be used is told, and nothing is written."""
    before = old.read_bytes()
    assert call("recording", "redact", "old.har", "--redact-pattern", "(").code == 2
    assert old.read_bytes() == before
