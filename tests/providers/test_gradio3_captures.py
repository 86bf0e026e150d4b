"""The Gradio provider reads what an app of version 3 sent: each capture is replayed, and gives its text or error."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from toolkit.chats.deadlines import Deadlines
from toolkit.chats.events import Queued
from toolkit.client.client import Client
from toolkit.errors import EmptyAnswer, LoginRequired, SiteError, StreamInterrupted
from toolkit.har.model import Entry
from toolkit.har.websockets import WebSocketClose
from toolkit.recording.files import load
from toolkit.replay.local_network import LocalNetwork
from toolkit.session.browser_session import BrowserSession

CAPTURES = Path(__file__).parents[3] / "shared" / "captures" / "gradio3"
pytestmark = pytest.mark.skipif(not CAPTURES.is_dir(), reason="the captures of the real app are not on this machine")

SITE = "https://gradio3.example.org"
PATIENT = Deadlines(connect=60, first_piece=60, between_pieces=60)
BLUE = "The sky is blue because of Rayleigh scattering."


def capture(name: str) -> list[Entry]:
    entries = list(load(CAPTURES / f"{name}.har").entries)
    for entry in entries:
        if entry.is_socket:
            entry.request.random = ["frames.session_hash"]
    return entries


@asynccontextmanager
async def client(entries: list[Entry]) -> AsyncIterator[Client]:
    session = BrowserSession.from_cookie_values("gradio", SITE, {"access-token-x": "x"})
    recording = replace(load(CAPTURES / "ok.har"), entries=entries)
    async with (
        LocalNetwork(recording=recording, match=("url",)) as network,
        Client("gradio", base_url=SITE, session=session, route=network.route, deadlines=PATIENT, retries=0) as client,
    ):
        yield client


@pytest.mark.parametrize(
    ("name", "answer"), [("ok", BLUE), ("slow", BLUE), ("unicode", "Grüße, 世界 🦜 👩\u200d👩\u200d👧 — fin")]
)
async def test_the_answer_is_the_captured_one(name: str, answer: str) -> None:
    """In pieces, though the app sends it anew each time; first it tells the place in the queue."""
    async with client(capture(name)) as chatting:
        events = [event async for event in chatting.chat(name).events()]
    assert events[0] == Queued(1, 1)
    assert "".join(getattr(event, "text", "") for event in events) == answer
    assert len(events) > 5


async def test_a_captured_failure_is_the_right_error() -> None:
    """An empty answer, a session that is none, and what the app reported, which came to its page."""
    async with client(capture("empty")) as chatting:
        with pytest.raises(EmptyAnswer):
            await chatting.chat("empty").text()
    async with client(capture("not-logged-in")) as chatting:
        with pytest.raises(LoginRequired):
            await chatting.chat("ok").text()
    whole = capture("ok")
    failed = next(
        message
        for entry in load(CAPTURES / "browser.har").entries
        for message in entry.messages or ()
        if '"success":false' in message.data
    )
    whole[-1] = replace(whole[-1], messages=[*(whole[-1].messages or ())[:9], failed])
    async with client(whole) as chatting:
        with pytest.raises(SiteError, match="The app reported: scripted failure") as caught:
            await chatting.chat("ok").text()
    assert caught.value.text == "The sky is"


@pytest.mark.parametrize(
    ("end", "told"),
    [
        (WebSocketClose("lost"), "The connection broke"),
        (WebSocketClose("server", 1012), "1012: the site restarts"),
        (WebSocketClose("server", 1000), "The queue ended before the answer was complete"),
    ],
    ids=lambda value: str(getattr(value, "code", "")),
)
async def test_an_answer_that_is_cut_anywhere_is_no_answer(end: WebSocketClose, told: str) -> None:
    """Also by the code that a complete one ends with."""
    whole = capture("ok")
    for cut in range(1, len(whole[-1].messages or ()), 2):
        entries = [*whole[:-1], replace(whole[-1], messages=list(whole[-1].messages or ())[:cut], close=end)]
        async with client(entries) as chatting:
            with pytest.raises(StreamInterrupted, match=re.escape(told)) as caught:
                await chatting.chat("ok").text()
        assert BLUE.startswith(caught.value.text)


async def test_every_capture_is_tested() -> None:
    """None is left out."""
    tested = {"ok", "slow", "unicode", "empty", "not-logged-in", "browser"}
    assert {file.stem for file in CAPTURES.glob("*.har")} == tested
