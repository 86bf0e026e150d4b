"""Calls over a WebSocket are recorded as they are made, and replay once the site is gone."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from msgspec import UNSET, UnsetType

import toolkit
from tests.recording.helpers import SITE, socket
from toolkit.client.client import Client
from toolkit.errors import ReplayMismatch, ToolkitError
from toolkit.har.model import Entry, Recording
from toolkit.har.websockets import WebSocketClose
from toolkit.http.transport import Transport
from toolkit.providers.chainlit.provider import Chainlit
from toolkit.recording.check import check
from toolkit.recording.files import load, save
from toolkit.recording.recorder import Recorder
from toolkit.replay.local_network import LocalNetwork
from toolkit.session.browser_session import BrowserSession
from toolkit.stores.memory import MemoryStore

DEMO = Path(toolkit.__file__).parent / "recording" / "demos" / "chainlit.har"
WS = f"wss{SITE[5:]}/ws"


async def call(recording: Recording, recorder: Recorder | None = None) -> str:
    """Make the call of `recording` in a network that plays it, strictly."""
    assert recording.chat is not None
    async with (
        LocalNetwork(recording=recording, strict=True) as network,
        Client(
            Chainlit,
            base_url=recording.chat.base_url,
            session=network.session,
            route=network.route,
            store=MemoryStore(),
            recorder=recorder,
            retries=0,
        ) as client,
    ):
        return await client.chat(recording.chat.messages).text()


async def test_a_call_is_recorded_and_replayed_without_its_site(tmp_path: Path) -> None:
    """What is recorded of a call has the same frames in the same order, tells where ids were made up, and gives the
    same answer, again and again; another question is told with its place."""
    demo = load(DEMO)
    recorder = Recorder(random=Chainlit.random, uncompared=Chainlit.uncompared)
    answer = await call(demo, recorder)
    made = recorder.recording("made in a test")
    save(made, path := tmp_path / "made.har")
    assert check(path) == []
    again = load(path)
    assert await call(again) == answer
    assert _shape(again.entries) == _shape(demo.entries)
    (recorded,) = [one for one in again.entries if one.is_socket]
    assert {"frames.connect.sessionId", "frames.client_message.message.id"} <= set(recorded.request.random or ())
    assert again.chat is not None
    again.chat.messages = [{"role": "user", "content": "Something else"}]
    with pytest.raises(ReplayMismatch, match=r"differs.*: frames\.client_message\.message\.output: recorded"):
        await call(again)


def _shape(entries: Sequence[Entry]) -> list[tuple[str, int]]:
    """The sides and opcodes of the frames of a client's socket."""
    (one,) = [one for one in entries if one.is_socket and isinstance(one.pageref, UnsetType)]
    return [(message.type, message.opcode) for message in one.messages or ()]


@pytest.mark.parametrize(
    ("close", "by", "code"),
    [
        (WebSocketClose("server", 1000), "server", 1000),
        (WebSocketClose("server", 4001, "no more"), "server", 4001),
        (WebSocketClose("lost"), "lost", None),
        (UNSET, "client", 1000),
    ],
)
async def test_the_end_is_recorded(close: WebSocketClose | UnsetType, by: str, code: int | None) -> None:
    """Who has closed a socket, with its code and reason; and text and bytes as they were, each with its time."""
    recorder = Recorder()
    one = socket(("<", "hello"), (">", b"\x00"), ("<", b"\x01"), close=close)
    session = BrowserSession(provider="x", origin=SITE)
    async with (
        LocalNetwork(recording=Recording(entries=[one])) as network,
        Transport(session, page=SITE, route=network.route, recorder=recorder) as http,
    ):
        with suppress(ToolkitError):
            async with http.websocket(WS) as ws:
                assert await ws.receive() == "hello"
                await ws.send(b"\x00")
                assert await ws.receive() == b"\x01"
                if not isinstance(close, UnsetType):
                    await ws.receive()
    (entry,) = recorder.recording("").entries
    assert entry.close
    assert (entry.close.by, entry.close.code or None) == (by, code)
    assert [message.payload() for message in entry.messages or ()] == ["hello", b"\x00", b"\x01"]
    times = [message.ms for message in entry.messages or () if not isinstance(message.ms, UnsetType)]
    assert times == sorted(times)
    assert len(times) == 3


async def test_a_refused_handshake_is_recorded_as_an_answer() -> None:
    """Its status and body, so that its replay is the same error."""
    refused, recorder = socket(status=403, body=b"no entry"), Recorder()
    session = BrowserSession(provider="x", origin=SITE)
    async with (
        LocalNetwork(recording=Recording(entries=[refused])) as network,
        Transport(session, page=SITE, route=network.route, recorder=recorder) as http,
    ):
        with pytest.raises(ToolkitError):
            async with http.websocket(WS):
                pass
    (entry,) = recorder.recording("").entries
    assert (entry.response.status, entry.response.content.body(), entry.messages) == (403, b"no entry", [])
    assert entry.request.url == WS
