"""Open WebUI: files of messages are uploaded, waited for until the site has read them, and attached."""

from __future__ import annotations

from typing import Any

import pytest

from tests.providers.conftest import PATIENT, Chatting, session_for
from tests.sites.base import PIECES, Refusal
from tests.sites.openwebui import OpenWebUISite
from toolkit.chats.contents import File, Image
from toolkit.chats.events import Status
from toolkit.client.client import Client
from toolkit.errors import BadRequest, ProtocolError, SiteError, StreamTimeout
from toolkit.providers.openwebui import file_uploads
from toolkit.providers.openwebui.provider import OpenWebUI
from toolkit.recording.recorder import Recorder
from toolkit.replay.local_network import LocalNetwork

TEXT = "".join(PIECES)
CHAT, FILES = "/api/chat/completions", "/api/v1/files/"
FACT = File("fäct.txt", "4711 gears ü".encode(), "text/plain")
MODEL = "mistral-small"


def question(*parts: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": ["How many?", *parts]}]


async def test_a_file_is_uploaded_read_and_attached(chatting: Chatting) -> None:
    """Its bytes, name and type arrive; the message that the model gets is text alone. What the site does is told."""
    site = OpenWebUISite()
    async with chatting("openwebui", site) as client:
        events = [event async for event in client.chat(question(FACT, File("b.pdf", id="known"))).events()]
    ((id, content),) = site.files.contents.items()
    assert content == (FACT.name, FACT.mime_type, FACT.data)
    assert events[:2] == [Status("reading fäct.txt"), Status("has read fäct.txt", done=True)]
    body = site.calls(CHAT)[0].body
    assert body["files"] == [{"type": "file", "id": id}, {"type": "file", "id": "known"}]
    assert body["messages"] == [{"role": "user", "content": "How many?"}]
    order = [call.path for call in site.requests if call.path != "/api/models"]
    assert order == [FILES, f"{FILES}{id}/process/status", CHAT]
    assert site.problems == []


async def test_what_the_caller_attaches_himself_goes_first(chatting: Chatting) -> None:
    """And none of it twice."""
    site = OpenWebUISite()
    given = [{"type": "collection", "id": "k1"}, {"type": "file", "id": "f1"}]
    async with chatting("openwebui", site) as client:
        await client.chat(question(File("a", id="f1"), File("b", id="f2")), model=MODEL, files=given).text()
    assert site.calls(CHAT)[0].body["files"] == [*given, {"type": "file", "id": "f2"}]


async def test_a_file_that_is_an_image_is_shown(chatting: Chatting) -> None:
    """The site refuses to read it as text."""
    site = OpenWebUISite()
    data = b"\x89PNG\r\n\x1a\n"
    async with chatting("openwebui", site) as client:
        await client.chat(question(File("a.png", data, "image/png")), model=MODEL).text()
    content = site.calls(CHAT)[0].body["messages"][0]["content"]
    assert content[1] == Image.from_bytes(data, "image/png").as_dict()
    assert site.files.contents == {}


async def test_a_conversation_uploads_a_file_once(chatting: Chatting) -> None:
    """Later questions repeat the earlier ones with their files; other content of the same name is another file."""
    site = OpenWebUISite()
    talk = question(FACT)
    async with chatting("openwebui", site) as client:
        talk += [{"role": "assistant", "content": await client.chat(talk, model=MODEL).text()}]
        talk += [{"role": "user", "content": "Really?"}]
        await client.chat(talk, model=MODEL).text()
        await client.chat(question(FACT._replace(data=b"other")), model=MODEL).text()
    ids = list(site.files.contents)
    attached = [[file["id"] for file in call.body["files"]] for call in site.calls(CHAT)]
    assert attached == [ids[:1], ids[:1], ids[1:]]


@pytest.mark.parametrize("states", [["pending", "failed"], ["not_found"]])
async def test_a_file_that_the_site_cannot_read_is_an_error(states: list[str], chatting: Chatting) -> None:
    """With the file's name and the site's reason; no question is asked, and the next call tries again."""
    site = OpenWebUISite()
    site.files.states, site.files.error = states, "The content is empty."
    reason = "The content is empty" if "failed" in states else "not_found"
    async with chatting("openwebui", site) as client:
        for _ in range(2):
            with pytest.raises(SiteError, match=rf"cannot read fäct\.txt: {reason}\. .*Leave it out"):
                await client.chat(question(FACT), model=MODEL).text()
    assert len(site.files.contents) == 2
    assert site.calls(CHAT) == []


async def test_the_wait_for_a_file_has_an_end(chatting: Chatting, monkeypatch: pytest.MonkeyPatch) -> None:
    """A site that reads for ever runs into a deadline that says so."""
    monkeypatch.setattr(file_uploads, "PROCESSING_SECONDS", 0.2)
    site = OpenWebUISite()
    site.files.states = ["processing"]
    async with chatting("openwebui", site) as client:
        with pytest.raises(StreamTimeout, match=r"has not read fäct\.txt within 0\.2 s") as caught:
            await client.chat(question(FACT), model=MODEL).text()
    assert (caught.value.deadline, caught.value.seconds) == ("processing", 0.2)
    assert site.calls(CHAT) == []


async def test_a_stream_of_states_without_an_end_is_an_error(chatting: Chatting) -> None:
    """Nobody knows then whether the file is read."""
    site = OpenWebUISite()
    site.files.states, site.files.ends = ["processing"], True
    async with chatting("openwebui", site) as client:
        with pytest.raises(ProtocolError, match=r"does not tell whether it has read fäct\.txt"):
            await client.chat(question(FACT), model=MODEL).text()


async def test_an_older_site_reads_files_at_once(chatting: Chatting) -> None:
    """It tells no state, and has none to be asked for."""
    site = OpenWebUISite()
    site.files.reads_at_once = True
    async with chatting("openwebui", site) as client:
        assert await client.chat(question(FACT), model=MODEL).text() == TEXT
    assert [call.path for call in site.requests] == [FILES, CHAT]


async def test_a_refused_file_is_the_sites_error(chatting: Chatting) -> None:
    """Such as one of a type that the site does not take."""
    site = OpenWebUISite()
    site.refusals[FILES] = Refusal(400, '{"detail": "File type exe is not allowed"}')
    async with chatting("openwebui", site) as client:
        with pytest.raises(BadRequest, match="File type exe is not allowed"):
            await client.chat(question(FACT), model=MODEL).text()


async def test_a_call_with_a_file_is_recorded_and_replayed() -> None:
    """The form's boundary is another one each time; another file is another call."""
    site, recorder = OpenWebUISite(), Recorder(random=OpenWebUI.random)
    session = session_for("openwebui", site)
    common: dict[str, Any] = {"base_url": session.origin, "deadlines": PATIENT, "retries": 0}
    asked: dict[str, Any] = {"messages": question(FACT), "model": MODEL, "save": True}
    async with (
        LocalNetwork(apps=site.hosts()) as network,
        Client("openwebui", route=network.route, recorder=recorder, session=session, **common) as client,
    ):
        first = client.chat(**asked)
        assert await first.text() == TEXT
    recording = recorder.recording("a file")
    assert recording.session is not None
    async with (
        LocalNetwork(recording=recording) as network,
        Client("openwebui", route=network.route, session=recording.session.to_session(), **common) as client,
    ):
        again = client.chat(**asked)
        assert await again.text() == TEXT
        assert again.chat_id == first.chat_id
        assert again.chat_id in site.history.chats
        assert network.refused == []
