"""A connection of socket.io 5 over engine.io 4 by a WebSocket, for sites that speak it. It exchanges the greetings and
answers heartbeats; what the events mean is the provider's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from msgspec import Struct

from toolkit.chats.events import KEEP_ALIVE, KeepAlive
from toolkit.errors import ProtocolError, StreamInterrupted, ToolkitError
from toolkit.providers.reported_errors import reported_error
from toolkit.streams.engine_io import CLOSE, MESSAGE, OPEN, PING, PONG, EnginePacket, decode_packet, encode_packet
from toolkit.streams.json_decoding import decode_json
from toolkit.streams.socket_io import (
    ACK,
    CONNECT,
    CONNECT_ERROR,
    DISCONNECT,
    EVENT,
    ROOT,
    SocketEvent,
    SocketPacket,
    decode_event,
    decode_socket_packet,
    encode_event,
    encode_socket_packet,
)

if TYPE_CHECKING:
    from toolkit.http.transport import Transport
    from toolkit.http.websocket import WebSocket

QUERY = {"EIO": "4", "transport": "websocket"}  # at once, without the polling that a page begins with


class ConnectRefusal(Struct):
    """What a site says where it refuses a connection."""

    message: str = ""


class Acknowledged(NamedTuple):
    """The site has dealt with the event that was sent under the number `id`."""

    id: int


class SocketIO:
    """An async context manager around a connection to the socket.io server at `url`, which gets `auth` at its
    beginning.

    `explain_refusal` gives the error for a connection that the site refuses with a message; by default it is the one
    of `reported_error`. Raises `ProtocolError` for a site that does not speak the protocol, and what
    `Transport.websocket` raises.
    """

    def __init__(
        self,
        http: Transport,
        url: str,
        auth: Any,
        *,
        explain_refusal: Callable[[str], Awaitable[ToolkitError]] | None = None,
    ) -> None:
        self._opening: AbstractAsyncContextManager[WebSocket] = http.websocket(url, params=QUERY)
        self._url = url
        self._auth = auth
        self._explain_refusal = explain_refusal
        self._socket: WebSocket

    async def __aenter__(self) -> SocketIO:
        self._socket = await self._opening.__aenter__()
        try:
            await self._connect()
        except BaseException as error:
            await self._opening.__aexit__(type(error), error, error.__traceback__)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._opening.__aexit__(kind, error, trace)

    def tell_when_left(self, *events: str) -> None:
        """Have `events`, which have no arguments, sent where the connection is left before this is called again."""
        self._socket.farewell = tuple(encode_packet(EnginePacket(MESSAGE, encode_event(name))) for name in events)

    async def emit(self, name: str, *arguments: Any, id: int | None = None) -> None:
        """Send an event; under the number `id`, if it is to be acknowledged."""
        await self._send(encode_event(name, *arguments, id=id))

    async def receive(self) -> SocketEvent | Acknowledged | KeepAlive:
        """The next event of the site, what it acknowledges, or `KEEP_ALIVE` for a heartbeat. The end of the connection
        is always an error, since only an event can tell that something is complete."""
        while True:
            packet = await self._receive()
            if packet is None:
                return KEEP_ALIVE
            if packet.type == EVENT and packet.namespace == ROOT:
                return decode_event(packet)
            if packet.type == ACK and packet.id is not None:
                return Acknowledged(packet.id)
            if packet.type == DISCONNECT:
                raise self._ended()

    async def _connect(self) -> None:
        first = decode_packet(await self._socket.receive())
        if first.type != OPEN:
            raise ProtocolError("The site does not begin as an engine.io server does.", url=self._url)
        auth = "" if self._auth is None else msgspec.json.encode(self._auth).decode()
        await self._send(encode_socket_packet(SocketPacket(CONNECT, auth)))
        while (packet := await self._receive()) is None or packet.type != CONNECT:
            if packet is not None and packet.type == CONNECT_ERROR:
                said = decode_json(packet.json or "{}", ConnectRefusal).message
                if self._explain_refusal is not None:
                    raise await self._explain_refusal(said)
                raise reported_error(said, self._url)

    def _ended(self) -> StreamInterrupted:
        """The error for a connection that the site has ended, to which nothing is said any more."""
        self._socket.farewell = ()
        return StreamInterrupted("The site ended the connection before the answer was complete.", url=self._url)

    async def _send(self, packet: str) -> None:
        await self._socket.send(encode_packet(EnginePacket(MESSAGE, packet)))

    async def _receive(self) -> SocketPacket | None:
        """The next packet; None for a heartbeat, and for a binary message, which nothing here asks for."""
        packet = decode_packet(await self._socket.receive())
        if packet.type == PING:
            await self._socket.send(encode_packet(EnginePacket(PONG, packet.data)))
        elif packet.type == CLOSE:
            raise self._ended()
        elif packet.type == MESSAGE and isinstance(packet.data, str):
            return decode_socket_packet(packet.data)
        return None
