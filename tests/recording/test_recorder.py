"""The recorder: what our own calls leave, and that no secret is among it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from tests.recording.helpers import SITE, client, read_chunks
from toolkit.chats.messages import ChatRequest, read_messages
from toolkit.har.model import Entry
from toolkit.recording.files import load, save
from toolkit.recording.recorder import Recorder
from toolkit.redaction.redact import redact
from toolkit.replay.local_network import LocalNetwork
from toolkit.session.browser_session import BrowserSession, Cookie
from toolkit.session.recipe import Harvest

SECRET = "sesame-open-sesame-0123456789"
OTHER = "another-secret-of-some-length"


def recorded() -> Recorder:
    """A recorder that was told of one call with secrets in all places."""
    recorder = Recorder()
    exchange = recorder.begin(
        "POST",
        f"{SITE}/chat?key={SECRET}",
        [("Cookie", f'a=1; session={SECRET}; q="{OTHER}"; empty='), ("Authorization", f"Bearer {OTHER}")],
        f'{{"token": "{SECRET}"}}'.encode(),
    )
    exchange.response(
        200,
        "OK",
        [
            ("Set-Cookie", f"session={SECRET}; Path=/; Secure; Expires=Thu, 01 Jan 2026 01:00:00 GMT"),
            ("Set-Cookie", "gone=; Max-Age=0"),
            ("Transfer-Encoding", "chunked"),
        ],
    )
    exchange.chunk(f"you said {SECRET[:9]}".encode())
    exchange.chunk(f"{SECRET[9:]}; и".encode())
    exchange.chunk(b"\xff" + OTHER.encode())
    exchange.end(None)
    return recorder


def test_a_call_is_kept_with_its_chunks_and_times() -> None:
    """Method, status, reason, every chunk's size and rising times are kept."""
    entry = recorded().recording("a test").entries[0]
    assert (entry.request.method, entry.response.status, entry.response.status_text) == ("POST", 200, "OK")
    assert [len(data) for _, data in entry.response.content.pieces()] == [18, 24, 30]
    times = [ms for ms, _ in entry.response.content.pieces()]
    assert times == sorted(times)
    assert entry.time >= entry.timings.receive >= times[-1] >= 0
    assert entry.error is None


def test_no_secret_is_written(tmp_path: Path) -> None:
    """Values of cookies and authorization are gone from everywhere, also where a chunk boundary cuts them."""
    save(recorded().recording("a test"), tmp_path / "file.har")
    entry = load(tmp_path / "file.har").entries[0]
    everything = (tmp_path / "file.har").read_bytes() + entry.response.content.body()
    assert SECRET.encode() not in everything
    assert OTHER.encode() not in everything
    assert b"PLACEHOLDER" in entry.response.content.body()


def test_placeholders_keep_length_place_and_identity() -> None:
    """A secret has the same placeholder wherever it stands, of its own length; what is around it stays."""
    entry = recorded().recording("a test").entries[0]
    session = placeholder(entry, "session", SECRET)
    quoted = placeholder(entry, "q", f'"{OTHER}"')
    assert entry.request.headers[0].value == f"a=1; session={session}; q={quoted}; empty="
    assert entry.request.headers[1].value == f"Bearer {quoted.strip(chr(34))}"
    assert entry.request.url == f"{SITE}/chat?key={session}"
    assert [pair.value for pair in entry.request.query_string] == [session]
    assert entry.response.headers[0].value == (
        f"session={session}; Path=/; Secure; Expires=Thu, 01 Jan 2026 01:00:00 GMT"
    )
    assert entry.response.headers[1].value == "gone=; Max-Age=0"
    assert entry.response.cookies[0].value == session
    assert entry.response.cookies[0].expires == "2026-01-01T01:00:00+00:00"


def placeholder(entry: Entry, name: str, secret: str) -> str:
    value = next(cookie.value for cookie in entry.request.cookies if cookie.name == name)
    assert len(value) == len(secret)
    assert value != secret
    return value


def test_redacting_again_changes_nothing() -> None:
    """A recording of a replay has the placeholders that it was replayed from; the given entries stay as they are."""
    once = recorded().recording("a test").entries
    assert redact(once) == once


def test_a_recorder_shows_no_secret() -> None:
    """Neither a recording's repr nor an entry's has a value in it."""
    recorder = recorded()
    assert SECRET not in repr(recorder.recording("a test")) + repr(recorder.recording("a test").entries)


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        (None, None),
        ("CancelledError", None),
        ("GeneratorExit", None),
        ("BadRequest", None),
        ("SiteError", None),
        ("StreamTimeout", "StreamTimeout"),
        ("StreamInterrupted", "StreamInterrupted"),
        ("ClientPayloadError: cut", "ClientPayloadError: cut"),
    ],
)
def test_only_faults_of_the_connection_are_kept(told: str | None, kept: str | None) -> None:
    """What a caller does, or reads out of an answer, is not replayed as a broken connection."""
    recorder = Recorder()
    recorder.begin("GET", SITE, [], b"").end(told)
    assert recorder.recording("a test").entries[0].error == kept


async def test_calls_are_ordered_by_their_start() -> None:
    """Overlapping calls are in the order in which they began, whichever ended first."""
    recorder = Recorder()
    first = recorder.begin("GET", f"{SITE}/1", [], b"")
    await asyncio.sleep(0.001)
    recorder.begin("GET", f"{SITE}/2", [], b"").end()
    first.end()
    assert [entry.request.url for entry in recorder.recording("a test").entries] == [f"{SITE}/1", f"{SITE}/2"]


async def test_what_our_calls_recorded_replays(tmp_path: Path) -> None:
    """Record through a replay, save, load and replay: chunks and breaks are the same again."""
    recorder = Recorder()
    whole = recorder.begin("GET", f"{SITE}/whole", [], b"")
    whole.response(200, "Fine", [("transfer-encoding", "chunked"), ("x-a", "1")])
    chunks = ["ж".encode()[:1], "ж".encode()[1:], b"end"]
    for data in chunks:
        whole.chunk(data)
    whole.end()
    cut = recorder.begin("POST", f"{SITE}/cut", [("content-type", "application/json")], b"[1]")
    cut.response(200, "OK", [("transfer-encoding", "chunked")])
    cut.chunk(b"half")
    cut.end("StreamInterrupted")
    save(recorder.recording("a test"), tmp_path / "file.har")
    async with LocalNetwork(recording=load(tmp_path / "file.har")) as network, client(network) as session:
        read: list[bytes] = []
        async with session.get(f"{SITE}/whole") as response:
            await read_chunks(response, read)
            assert (response.reason, response.headers["X-A"]) == ("Fine", "1")
        assert read == chunks
        read.clear()
        async with session.post(f"{SITE}/cut", json=[1]) as response:
            with pytest.raises(aiohttp.ClientPayloadError):
                await read_chunks(response, read)
        assert read == [b"half"]


class Place(msgspec.Struct, frozen=True):
    """A site, as a recording sees its provider."""

    name: str = "place"
    page: str = f"{SITE}/"
    hosts: tuple[str, ...] = ("chat.example",)
    harvest: Harvest = Harvest(cookies=("sid",))


def session_of(value: str, **more: Any) -> BrowserSession:
    return BrowserSession(
        provider="place",
        origin=SITE,
        cookies=(Cookie(name="sid", value=value, domain="chat.example"),),
        local_storage={SITE: {"draft": "what somebody has begun to write"}},
        **more,
    )


def test_the_question_is_kept_with_all_that_it_was_asked_with() -> None:
    """Model, settings, tools, options and the system prompt come back as the call that can be made again."""
    asked = ChatRequest(
        messages=read_messages([{"role": "system", "content": "Be short."}, {"role": "user", "content": "Hi"}]),
        model="large",
        temperature=0.0,
        max_tokens=7,
        tools=({"type": "function", "function": {"name": "look"}},),
        tool_choice="auto",
        options={"top_p": 0.9, "stop": ("a", "b"), "folder": Path("mine")},
    )
    recorder = Recorder()
    recorder.record_chat(session_of(SECRET), asked, Place(), SITE)
    recorder.record_chat(session_of(SECRET), ChatRequest(messages=read_messages("A second one")), Place(), SITE)
    chat = recorder.recording("a test").chat
    assert chat is not None
    assert (chat.provider, chat.base_url) == ("place", SITE)
    assert chat.messages == [{"role": "system", "content": "Be short."}, {"role": "user", "content": "Hi"}]
    assert chat.settings == {
        "model": "large",
        "temperature": 0.0,
        "max_tokens": 7,
        "tools": [{"type": "function", "function": {"name": "look"}}],
        "tool_choice": "auto",
        "top_p": 0.9,
        "stop": ["a", "b"],
        "folder": "mine",
    }


def test_a_call_that_starts_anew_is_recorded_from_there() -> None:
    """The session is the one that the site took, and the refusal of the one before is no part of the recording."""
    recorder, asked = Recorder(), ChatRequest(messages=read_messages("Hi"))
    recorder.begin("GET", f"{SITE}/before", [], b"").end()
    recorder.record_chat(session_of(OTHER), asked, Place(), None)
    recorder.begin("POST", f"{SITE}/refused", [("Cookie", f"sid={OTHER}")], b"").end()
    recorder.record_chat(session_of(SECRET), asked, Place(), None)
    recorder.begin("POST", f"{SITE}/taken", [("Cookie", f"sid={SECRET}")], b"").end()
    recording = recorder.recording("a test")
    assert [entry.request.url for entry in recording.entries] == [f"{SITE}/before", f"{SITE}/taken"]
    assert recording.session is not None
    assert recording.session.to_session().cookies[0].value == recording.entries[1].request.cookies[0].value


@pytest.mark.parametrize("page", [False, True])
def test_the_session_is_what_calls_need(page: bool) -> None:
    """Drafts and settings are for a browser alone; so a recording has them only with the page."""
    recorder = Recorder(page=page)
    recorder.record_chat(session_of(SECRET), ChatRequest(messages=read_messages("Hi")), Place(), None)
    recording = recorder.recording("a test")
    assert recording.session is not None
    assert bool(recording.session.to_session().local_storage) is page
    assert not recording.lean  # no page was watched


def test_an_api_key_is_kept_as_a_placeholder(tmp_path: Path) -> None:
    """A replay sends the placeholder as the key, which is what the recorded calls sent."""
    recorder = Recorder()
    session = BrowserSession(provider="place", origin=SITE, api_key=SECRET)
    recorder.record_chat(session, ChatRequest(messages=read_messages("Hi")), Place(), None)
    recorder.begin("GET", SITE, [("Authorization", f"Bearer {SECRET}")], b"").end()
    save(recorder.recording("a test"), tmp_path / "file.har")
    recording = load(tmp_path / "file.har")
    assert recording.session is not None
    assert recording.entries[0].request.headers[0].value == f"Bearer {recording.session.to_session().api_key}"
    assert SECRET not in (tmp_path / "file.har").read_text(encoding="utf-8")


def test_each_step_is_told(tmp_path: Path) -> None:
    """With the size of what is redacted, since that is what takes its time."""
    recorder, told = Recorder(), list[str]()
    exchange = recorder.begin("POST", SITE, [], b"x" * 250_000)
    exchange.response(200, "OK", [])
    exchange.chunk(b"y" * 1_000_000)
    exchange.end()
    save(recorder.recording("a test", told.append), tmp_path / "file.har", told.append)
    assert told == ["redacting 1.2 MB", "checking the recording", f"writing {tmp_path / 'file.har'}"]
