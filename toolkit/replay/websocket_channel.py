"""The server's end of a replayed WebSocket over aiohttp, with the recorded subprotocol, compression and headers."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from aiohttp import WSMsgType, web

from toolkit.har.model import Entry
from toolkit.replay.recorded_response import response_headers

CLOSING_SECONDS = 1.0  # that a client has to answer a close frame
# Frames that are sent in one turn of the loop: before the next one a connection over TLS does not tell that it is lost,
# and asyncio logs the fifth write to one that is.
MOST_AT_ONCE = 4
NO_CODE = 1005  # a close frame without a code (RFC 6455, section 7.1.5)
OF_HANDSHAKE = ("sec-websocket-accept", "sec-websocket-extensions", "sec-websocket-protocol", "content-type")


def recorded_protocol(entry: Entry) -> str:
    """Returns the subprotocol that the recorded server has chosen; "" for none."""
    return next(iter(entry.response.values("Sec-WebSocket-Protocol")), "")


def offered_protocols(request: web.BaseRequest) -> list[str]:
    """Returns the subprotocols that the handshake `request` offers."""
    lines = request.headers.getall("Sec-WebSocket-Protocol", [])
    return [word.strip() for line in lines for word in line.split(",") if word.strip()]


class WebSocketChannel:
    """The connection that the handshake `request` opens, answered as in `entry`."""

    def __init__(self, request: web.Request, entry: Entry) -> None:
        chosen = recorded_protocol(entry)
        extensions = ", ".join(entry.response.values("Sec-WebSocket-Extensions"))
        self.response = web.WebSocketResponse(
            protocols=[chosen] if chosen else [],
            compress="permessage-deflate" in extensions,
            timeout=CLOSING_SECONDS,
            max_msg_size=0,
        )
        headers = response_headers(entry)
        for name in OF_HANDSHAKE:
            headers.popall(name, None)
        self.response.headers.extend(headers)
        self._request = request
        self._sent = 0

    async def open(self) -> None:
        """Answers the handshake."""
        await self.response.prepare(self._request)

    async def send(self, data: str | bytes) -> None:
        transport = self._request.transport
        if transport is None or transport.is_closing():
            return  # the client has gone, and `receive` tells so
        with suppress(ConnectionError):
            if isinstance(data, str):
                await self.response.send_str(data)
            else:
                await self.response.send_bytes(data)
        self._sent += 1
        if self._sent % MOST_AT_ONCE == 0:
            await asyncio.sleep(0)

    async def receive(self) -> str | bytes | None:
        message = await self.response.receive()
        return message.data if message.type in (WSMsgType.TEXT, WSMsgType.BINARY) else None

    async def close(self, code: int, reason: str) -> None:
        if code != NO_CODE:
            await self.response.close(code=code, message=reason.encode())
            return
        with suppress(ConnectionError):
            await self.response.send_frame(b"", WSMsgType.CLOSE)
        # aiohttp closes with a code of its own, so the client's answer ends this one.
        await asyncio.sleep(0)
        if self._request.transport is not None:
            self._request.transport.close()

    async def lose(self) -> None:
        if self._request.transport is not None:
            self._request.transport.close()  # what was sent before arrives; no close frame does
