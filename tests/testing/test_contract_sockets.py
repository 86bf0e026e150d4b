"""The contract of providers, for a site that answers over a WebSocket."""

from __future__ import annotations

import json
from contextlib import suppress

import msgspec
import pytest

from tests.recording.helpers import socket
from tests.testing.test_contract_checks import ANSWER, Sky
from toolkit import Provider
from toolkit.chats.messages import ChatRequest
from toolkit.errors import SiteError, StreamInterrupted
from toolkit.har.model import (
    RecordedChat,
    RecordedSession,
    Recording,
)
from toolkit.http.transport import Transport
from toolkit.providers.base import Finished, Pieces
from toolkit.testing import provider_contract


class OnSocket(Provider):
    """A good one, whose site answers over a WebSocket."""

    name = "onsocket"
    url = "https://sky.example.org"
    error_events = (b'{"error": "overloaded"}',)

    async def stream(self, request: ChatRequest, http: Transport) -> Pieces:
        async with http.websocket(f"{self.api}/ws") as socket:
            await socket.send_json({"ask": request.messages[-1].text})
            while (piece := await socket.receive_json(SocketPiece)).error is None and not piece.done:
                yield piece.text
            if piece.error is not None:
                raise SiteError(piece.error, url=socket.url)
            yield Finished("stop")


class SocketPiece(msgspec.Struct):
    text: str = ""
    done: bool = False
    error: str | None = None


class Credulous(OnSocket):
    """Takes every end of the socket for the end of the answer."""

    async def stream(self, request: ChatRequest, http: Transport) -> Pieces:
        with suppress(StreamInterrupted):
            async for piece in super().stream(request, http):
                yield piece


class Shrugging1000(OnSocket):
    """Takes a socket that is closed well for a whole answer."""

    async def stream(self, request: ChatRequest, http: Transport) -> Pieces:
        async with http.websocket(f"{self.api}/ws") as socket:
            await socket.send_json({"ask": request.messages[-1].text})
            async for piece in socket.json(SocketPiece):
                if piece.done:
                    break
                yield piece.text


def on_socket() -> Recording:
    """A call of `OnSocket`."""
    said = [(">", json.dumps({"ask": "Hi"})), *(("<", json.dumps({"text": sign})) for sign in ANSWER)]
    entry = socket(*said, ("<", '{"done": true}'), url=f"wss{Sky.url[5:]}/ws")
    chat = RecordedChat("onsocket", [{"role": "user", "content": "Hi"}])
    return Recording(entries=[entry], chat=chat, session=RecordedSession("onsocket", Sky.url))


def test_a_site_over_a_socket_is_checked_too() -> None:
    """Cut before each of its last frames, closed by each code, lost, silent, with other frames, and refused."""
    provider_contract(OnSocket, on_socket(), answer=ANSWER)
    for kind, fault in ((Credulous, "reset in the middle"), (Shrugging1000, "a socket that is closed as complete")):
        with pytest.raises(AssertionError, match=f"with {fault}.* at request 1 .* as if it were whole"):
            provider_contract(kind, on_socket(), answer=ANSWER)
