"""The Chainlit provider reads what a real app sent: each capture is replayed, and gives its text or the right error."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from toolkit.chats.deadlines import Deadlines
from toolkit.client.client import Client
from toolkit.errors import EmptyAnswer, LoginRequired, SiteError, StreamInterrupted, ToolkitError
from toolkit.har.model import Entry
from toolkit.har.websockets import WebSocketClose
from toolkit.providers.chainlit import provider
from toolkit.providers.chainlit.provider import Chainlit
from toolkit.recording.files import load
from toolkit.replay.engine_io_merge import frame_places
from toolkit.replay.local_network import LocalNetwork
from toolkit.session.browser_session import BrowserSession

CAPTURES = Path(__file__).parents[3] / "shared" / "captures" / "chainlit"
pytestmark = pytest.mark.skipif(not CAPTURES.is_dir(), reason="the captures of the real app are not on this machine")

SITE = "https://chainlit.example.org"
PATIENT = Deadlines(connect=60, first_piece=60, between_pieces=60)
BLUE = "The sky is blue because of Rayleigh scattering."
# Captured clients were others: they told another name, and in JSON with other spaces.
OTHERS = ("frames.client_message.message.name", "frames.client_message.message.metadata", "frames.fetch_favorites")

ERRORS: dict[str, tuple[type[ToolkitError], str, str]] = {
    "error": (SiteError, "The site reported: scripted failure", "Half of "),
    "empty": (EmptyAnswer, "The answer has no text", ""),
    "not-logged-in": (LoginRequired, "The app refused the connection: Connection refused by server", ""),
}


@pytest.fixture(autouse=True)
def _no_greeting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The captured clients asked without waiting for the app's answer to their greeting."""
    monkeypatch.setattr(provider, "GREETING_SECONDS", 0.01)


def socket_of(name: str) -> Entry:
    """The last socket of a capture, in which something was asked."""
    sockets = [entry for entry in load(CAPTURES / f"{name}.har").entries if entry.is_socket]
    asked = [one for one in sockets if any("client_message" in message.data for message in one.messages or ())]
    entry = (asked or sockets)[-1]
    entry.request.random = frame_places(entry, Chainlit.random)
    return entry


@asynccontextmanager
async def client(*entries: Entry) -> AsyncIterator[Client]:
    session = BrowserSession.from_cookie_values("chainlit", SITE, {"access_token": "x"})
    recording = replace(load(CAPTURES / "ok.har"), entries=list(entries))
    async with (
        LocalNetwork(recording=recording, match=("url",), uncompared=OTHERS) as network,
        Client(Chainlit, base_url=SITE, session=session, route=network.route, deadlines=PATIENT, retries=0) as client,
    ):
        yield client


@pytest.mark.parametrize("name", ["ok", "slow"])
async def test_the_answer_is_the_captured_one(name: str) -> None:
    """Token by token, and it is complete."""
    async with client(socket_of(name)) as chatting:
        stream = chatting.chat(name)
        assert await stream.text() == BLUE
        assert stream.finish_reason == "stop"


@pytest.mark.parametrize("name", ERRORS)
async def test_a_captured_failure_is_the_right_error(name: str) -> None:
    """The class tells the kind of failure, the text what the app said; what had come before it is kept."""
    kind, told, text = ERRORS[name]
    async with client(socket_of(name)) as chatting:
        with pytest.raises(kind, match=told) as caught:
            await chatting.chat(name).text()
    assert caught.value.text == text


def asked_on_the_page(name: str, question: str) -> Entry:
    """A socket of its own for a question that the page of the capture has asked, among others."""
    alone = socket_of("ok")
    greeting = [one for one in alone.messages or () if one.data.startswith("40") or "connection_" in one.data]
    rest = list(socket_of(name).messages or ())
    start = next(i for i, one in enumerate(rest) if one.is_sent and f'"output":"{question}"' in one.data)
    end = next((i for i, one in enumerate(rest) if i > start and "client_message" in one.data), len(rest))
    return replace(alone, messages=[*greeting, *rest[start:end]])


@pytest.mark.parametrize(
    ("name", "question", "answer"),
    [
        ("browser", "ok why is the sky blue?", BLUE),
        ("browser", "slow please", BLUE),
        ("browser", "unicode", "Grüße, 世界 🦜 👩\u200d👩\u200d👧 — fin"),
        ("resume", "ok after restart", BLUE),
    ],
)
async def test_what_the_page_was_answered_is_read(name: str, question: str, answer: str) -> None:
    """The same questions, as the app's own page asked them."""
    async with client(asked_on_the_page(name, question)) as chatting:
        assert await chatting.chat(question).text() == answer


@pytest.mark.parametrize(
    ("end", "told"),
    [
        (WebSocketClose("lost"), "The connection broke"),
        (WebSocketClose("server", 1012), "1012: the site restarts"),
        (WebSocketClose("server", 1000), "1000"),
        (WebSocketClose("server"), "1000"),
    ],
    ids=lambda value: str(getattr(value, "code", "")),
)
async def test_an_answer_that_is_cut_anywhere_is_no_answer(end: WebSocketClose, told: str) -> None:
    """After whatever frame the socket ends, and by whatever code: only the end that the app tells is one."""
    whole = socket_of("ok")
    messages = list(whole.messages or ())
    asked = next(i for i, one in enumerate(messages) if "client_message" in one.data)
    over = next(i for i, one in enumerate(messages) if '"on_message"' in one.data and '"end":"2' in one.data)
    for cut in range(asked + 1, over + 1, 4):
        async with client(replace(whole, messages=messages[:cut], close=end)) as chatting:
            with pytest.raises(StreamInterrupted, match=re.escape(told)) as caught:
                await chatting.chat("ok").text()
        assert BLUE.startswith(caught.value.text)


async def test_every_capture_is_tested() -> None:
    """No capture is left out; the two of a browser are sessions of its page, with several questions."""
    tested = {"ok", "slow", *ERRORS, "browser", "resume"}
    assert {file.stem for file in CAPTURES.glob("*.har")} == tested
