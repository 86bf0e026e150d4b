"""The frames of WebSockets in files of other programs: the developer tools, Playwright in both its ways, mitmproxy."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.recording.helpers import client
from toolkit.har.model import Entry, Recording
from toolkit.recording.foreign_har import ForeignHar, parse_foreign_har
from toolkit.replay.local_network import LocalNetwork

STARTED = "2026-11-30T10:00:00.000Z"
SECONDS = 1796032800.0
WS = "wss://chat.example/ws"
FRAMES = [
    {"type": "receive", "time": SECONDS + 0.010, "opcode": 1, "data": "hello"},
    {"type": "send", "time": SECONDS + 0.020, "opcode": 2, "data": "AAE="},
    {"type": "receive", "time": SECONDS + 0.030, "opcode": 1, "data": "bye"},
]


def har(**fields: Any) -> dict[str, Any]:
    """An entry as DevTools write it, with `fields` instead of its own."""
    request = {"method": "GET", "url": fields.pop("url", WS), "headers": [], "queryString": [], "cookies": []}
    response = {"status": 101, "statusText": "Switching Protocols", "headers": [], "content": fields.pop("content", {})}
    return {"startedDateTime": STARTED, "time": 30, "request": request, "response": response, **fields}


def milliseconds(frames: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**frame, "time": frame["time"] * 1000} for frame in frames]


def read(entry: dict[str, Any], **files: bytes) -> ForeignHar:
    data = json.dumps({"log": {"creator": {"name": "x"}, "entries": [entry]}}).encode()
    return parse_foreign_har("x.har", data, files.get)


def only(found: ForeignHar) -> Entry:
    (one,) = found.entries
    return one.entry


LINES = "\n".join(json.dumps(frame) for frame in milliseconds(FRAMES)).encode()
WAYS: dict[str, tuple[dict[str, Any], dict[str, bytes]]] = {
    "developer tools": (har(_resourceType="websocket", _webSocketMessages=FRAMES), {}),
    "Playwright, embedded": (har(_webSocketMessages=milliseconds(FRAMES)), {}),
    "Playwright, attached": (har(content={"_file": "a.jsonl"}), {"a.jsonl": LINES}),
    "mitmproxy": (har(url="https://chat.example/ws", _webSocketMessages=FRAMES), {}),
    "with others between": (har(_webSocketMessages=[{"type": "error", "data": "x"}, 5, None, *FRAMES]), {}),
}


@pytest.mark.parametrize("way", WAYS)
async def test_the_frames_of_each_program_are_read_and_replayed(way: str) -> None:
    """Side, opcode, data and time, in seconds; as an entry of a WebSocket, which then plays."""
    entry, files = WAYS[way]
    one = only(read(entry, **files))
    assert (one.request.url, one.resource_type, one.is_socket) == (WS, "websocket", True)
    assert [(frame.type, frame.opcode, frame.data) for frame in one.messages or ()] == [
        (frame["type"], frame["opcode"], frame["data"]) for frame in FRAMES
    ]
    assert [round(frame.seconds - SECONDS, 3) for frame in one.messages or ()] == [0.01, 0.02, 0.03]
    async with (
        LocalNetwork(recording=Recording(entries=[one]), strict=True) as network,
        client(network) as session,
        session.ws_connect(WS) as ws,
    ):
        assert await ws.receive_str() == "hello"
        await ws.send_bytes(b"\x00\x01")
        assert await ws.receive_str() == "bye"


def test_a_file_of_frames_that_is_not_there_is_told() -> None:
    """The socket stays, without frames."""
    found = read(har(content={"_file": "gone.jsonl"}))
    assert only(found).messages == []
    assert "gone.jsonl, which is not there" in found.notes[0]


def test_our_own_fields_are_kept() -> None:
    """Times since the answer, and how a socket was closed."""
    close = {"by": "server", "code": 1012, "reason": "", "_ms": 40.0}
    one = only(read(har(_webSocketMessages=[{**FRAMES[0], "_ms": 9.5}], _webSocketClose=close)))
    assert one.messages
    assert one.messages[0].ms == 9.5
    assert one.close
    assert (one.close.by, one.close.code) == ("server", 1012)
