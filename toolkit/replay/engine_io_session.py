"""A replayed session of engine.io 4: the client polls, or changes to a WebSocket, or opens one at once.

See https://socket.io/docs/v4/engine-io-protocol/: the server pings, a client that changes transport sends `2probe` on
the new one and then `5`, and a poll that is waiting meanwhile is answered by `6`.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from aiohttp import web
from multidict import CIMultiDict

from toolkit.har.model import Entry
from toolkit.replay.engine_io_merge import OpenPacket, join_payload, split_payload
from toolkit.replay.recorded_response import response_headers
from toolkit.replay.websocket_channel import WebSocketChannel

PING, PONG, CLOSE, UPGRADE, NOOP = "2", "3", "1", "5", "6"
PROBE, PROBED = "2probe", "3probe"
UNKNOWN_SESSION = {"code": 1, "message": "Session ID unknown"}


class EngineIoSession:
    """The server's end of one session, whose first packet is `opening`. `entry` is the recorded socket."""

    def __init__(self, entry: Entry, opening: OpenPacket) -> None:
        self.opening = opening
        self.entry = entry
        self._outgoing: list[str | bytes] = []
        self._changed = asyncio.Event()  # there is something for a poll
        self._incoming: asyncio.Queue[str | bytes | None] = asyncio.Queue()
        self._socket: WebSocketChannel | None = None
        self._changing = self._ended = False
        self._polls: list[web.BaseRequest] = []

    # --- as a channel (`toolkit.replay.socket_performance`)

    async def send(self, data: str | bytes) -> None:
        if self._socket is not None:
            await self._socket.send(data)
        else:
            self._outgoing.append(data)
            self._changed.set()

    async def receive(self) -> str | bytes | None:
        return await self._incoming.get()

    async def close(self, code: int, reason: str) -> None:
        if self._socket is not None:
            await self._socket.close(code, reason)
        else:
            await self.send(CLOSE)
        self._ended = True

    async def lose(self) -> None:
        self._ended = True
        if self._socket is not None:
            await self._socket.lose()
        for request in self._polls:
            if request.transport is not None:
                request.transport.close()

    # --- heartbeats

    async def ping(self) -> None:
        """Pings for ever, as the server of the open packet said it would."""
        while True:
            await asyncio.sleep(self.opening.ping_interval / 1000)
            await self.send(PING)

    # --- what clients ask

    async def poll(self, request: web.Request) -> web.Response:
        """Answers a poll: with the packets that are there, or when the next one comes."""
        self._polls.append(request)
        try:
            while not self._outgoing and not self._changing and not self._ended:
                self._changed.clear()
                await self._changed.wait()
        finally:
            self._polls.remove(request)
        if self._outgoing:
            packets, self._outgoing = self._outgoing, []
            return self.payload(request, packets)
        return self.payload(request, [NOOP]) if self._changing else unknown_session()

    async def post(self, request: web.Request) -> web.Response:
        """Takes the packets that a client posts."""
        for packet in split_payload((await request.read()).decode("utf-8", "replace")):
            self._take(packet)
        return web.Response(text="ok", content_type="text/html", headers=self._cors(request))

    async def use_socket(self, socket: WebSocketChannel, *, opened_by_it: bool) -> None:
        """Carries the session by `socket` until that is closed: at once where the socket has opened the session, else
        once the client has changed to it."""
        if opened_by_it:
            await self._change_to(socket)
        while (data := await socket.receive()) is not None:
            if data == PROBE:
                await socket.send(PROBED)
                self._changing = True
                self._changed.set()  # a poll that is waiting ends
            elif data == UPGRADE:
                await self._change_to(socket)
            elif data == PING:  # version 3 of the protocol: the client pings
                await socket.send(PONG)
            else:
                self._take(data)
        self._changing = False
        if self._socket is socket:
            self._incoming.put_nowait(None)

    def payload(self, request: web.BaseRequest, packets: list[str | bytes]) -> web.Response:
        """Returns the answer to a poll with `packets`."""
        headers = CIMultiDict(self._cors(request))
        return web.Response(
            body=join_payload(packets).encode(), headers=headers, content_type="text/plain", charset="UTF-8"
        )

    def _take(self, packet: str | bytes) -> None:
        self._incoming.put_nowait(None if packet == CLOSE else packet)

    async def _change_to(self, socket: WebSocketChannel) -> None:
        self._socket, self._changing = socket, False
        packets, self._outgoing = self._outgoing, []
        for packet in packets:
            await socket.send(packet)
        self._changed.set()

    def _cors(self, request: web.BaseRequest) -> dict[str, str]:
        """Returns the headers by which the recorded server has allowed a page of another origin to read its answers."""
        return {
            name: value
            for name, value in response_headers(self.entry).items()
            if name.lower().startswith("access-control-")
        }


def unknown_session() -> web.Response:
    return web.json_response(UNKNOWN_SESSION, status=400)


async def cancel(task: asyncio.Task[None]) -> None:
    """Cancels `task`, and waits for its end."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
