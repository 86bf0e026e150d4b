"""The Streamlit provider reads what a real app sent: each capture is replayed, and gives its text or its error."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from toolkit.chats.deadlines import Deadlines
from toolkit.client.client import Client
from toolkit.errors import EmptyAnswer, SiteError, StreamInterrupted
from toolkit.har.model import Entry
from toolkit.har.websockets import WebSocketClose, WebSocketMessage
from toolkit.providers.streamlit.messages import RUN, AppMessage, read_message
from toolkit.providers.streamlit.provider import Streamlit
from toolkit.recording.files import load
from toolkit.replay.local_network import LocalNetwork
from toolkit.session.browser_session import BrowserSession

CAPTURES = Path(__file__).parents[3] / "shared" / "captures" / "streamlit"
pytestmark = pytest.mark.skipif(not CAPTURES.is_dir(), reason="the captures of the real app are not on this machine")

SITE = "https://streamlit.example.org"
PATIENT = Deadlines(connect=60, first_piece=60, between_pieces=60)
BLUE = "The sky is blue because of Rayleigh scattering."


def socket_of(name: str) -> Entry:
    return next(entry for entry in load(CAPTURES / f"{name}.har").entries if entry.is_socket)


def read(message: WebSocketMessage) -> AppMessage:
    data = message.payload()
    assert isinstance(data, bytes)
    return read_message(data)


def without_login(entry: Entry, question: str) -> Entry:
    """The socket as it would be had the app no login form: its first run, then what follows the last question."""
    messages = list(entry.messages or ())
    asked = next(i for i, one in enumerate(messages) if one.is_sent and question.encode() in one.payload())
    runs = [i for i, one in enumerate(messages[:asked]) if not one.is_sent and read(one).page]
    return replace(entry, messages=[*messages[:1], *messages[runs[-1] :]], close=entry.close)


@asynccontextmanager
async def client(entry: Entry) -> AsyncIterator[Client]:
    session = BrowserSession.from_cookie_values("streamlit", SITE, {"_streamlit_xsrf": "2|ab|cd|1"})
    recording = replace(load(CAPTURES / "ok.har"), entries=[entry])
    async with (
        LocalNetwork(recording=recording, match=("url",)) as network,
        Client(Streamlit, base_url=SITE, session=session, route=network.route, deadlines=PATIENT, retries=0) as client,
    ):
        yield client


@pytest.mark.parametrize("name", ["ok", "slow"])
async def test_the_answer_is_the_captured_one(name: str) -> None:
    """In pieces, though the app sends it anew each time; our own frames are those of the page, byte by byte."""
    async with client(without_login(socket_of(name), name)) as chatting:
        stream = chatting.chat(name)
        pieces = [piece async for piece in stream]
    assert "".join(pieces) == BLUE
    assert len(pieces) > 4
    assert stream.finish_reason == "stop"


async def test_a_captured_failure_is_the_right_error() -> None:
    """An empty answer; an exception, without the server's paths; a login form in the page."""
    async with client(without_login(socket_of("empty"), "empty")) as chatting:
        with pytest.raises(EmptyAnswer):
            await chatting.chat("empty").text()
    async with client(without_login(socket_of("error"), "error")) as chatting:
        with pytest.raises(SiteError, match=r"The app reported: ValueError: scripted failure \(") as caught:
            await chatting.chat("error").text()
    assert "/srv" not in str(caught.value)
    async with client(socket_of("not-logged-in")) as chatting:
        with pytest.raises(SiteError, match="wants a password in its page first"):
            await chatting.chat("ok").text()


@pytest.mark.parametrize("code", [None, 1000, 1012])
async def test_an_answer_that_is_cut_anywhere_is_no_answer(code: int | None) -> None:
    """Whatever the code: only the end of the script's run is one."""
    whole = without_login(socket_of("ok"), "ok")
    messages = list(whole.messages or ())
    over = [i for i, one in enumerate(messages) if not one.is_sent and read(one).finished == 0][-1]
    end = WebSocketClose("lost") if code is None else WebSocketClose("server", code)
    for cut in range(1, over + 1, 3):
        async with client(replace(whole, messages=messages[:cut], close=end)) as chatting:
            with pytest.raises(StreamInterrupted) as caught:
                await chatting.chat("ok").text()
        assert BLUE.startswith(caught.value.text)


async def test_every_capture_is_tested() -> None:
    """None is left out; that of a browser has the page's own locale and address in its frames."""
    tested = {"ok", "slow", "empty", "error", "not-logged-in", "browser"}
    assert {file.stem for file in CAPTURES.glob("*.har")} == tested
    assert socket_of("ok").messages[0].payload() == RUN  # type: ignore[index]
