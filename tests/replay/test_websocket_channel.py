"""The server's end of a replayed WebSocket, where the client is gone."""

from __future__ import annotations

import asyncio
import os
import struct
from socket import SO_LINGER, SOL_SOCKET

import pytest
from aiohttp import web

from tests.recording.helpers import SITE, client, socket
from toolkit.replay.local_network import LocalNetwork
from toolkit.replay.websocket_channel import WebSocketChannel


async def test_to_a_client_that_is_gone_little_is_written(caplog: pytest.LogCaptureFixture) -> None:
    """However many frames are due at once: asyncio complains of the fifth write to a connection that is lost, and over
    TLS nothing tells before the loop's next turn that it is."""
    opened: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    sent = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        channel = WebSocketChannel(request, socket(("<", "word")))
        await channel.open()
        handle = await opened
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, handle)  # the client's connection ends in this moment
        os.close(nothing)
        for _ in range(30):
            await channel.send("word")
        sent.set()
        return channel.response

    app = web.Application()
    app.router.add_get("/ws", answer)
    async with LocalNetwork(apps={"chat.example": app}) as network, client(network) as session:
        ws = await session.ws_connect(f"wss{SITE[5:]}/ws")
        connection = ws.get_extra_info("socket")
        connection.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))  # and that by a reset
        opened.set_result(connection.fileno())
        await asyncio.wait_for(sent.wait(), 10)
    assert [record.getMessage() for record in caplog.records if record.name == "asyncio"] == []
