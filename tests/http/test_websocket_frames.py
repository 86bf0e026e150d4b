"""Frames as the wire has them: what aiohttp's own server would not send."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from tests.http.test_websocket import Server, Site
from tests.sites.serving import serve
from toolkit.errors import ProtocolError
from toolkit.http.transport import Transport
from toolkit.http.websocket import WebSocket
from toolkit.session.browser_session import BrowserSession
from toolkit.streams.base import FRAME_LIMIT

TEXT, BINARY, CLOSE, PING, REST = 1, 2, 8, 9, 0  # opcodes (RFC 6455, section 5.2)
RESERVED = 0x20  # a bit that only an extension gives a meaning
BROKEN = "break the protocol of WebSockets"


def frame(data: bytes, opcode: int = TEXT, *, last: bool = True, bits: int = 0) -> bytes:
    """One frame of a server, of up to 125 bytes but for pings."""
    return bytes(((0x80 if last else 0) | bits | opcode, len(data))) + data


@asynccontextmanager
async def sending(
    data: bytes, then: Callable[[asyncio.Transport], Awaitable[None]] | None = None
) -> AsyncIterator[WebSocket]:
    """A socket whose site sends one good message, and then `data` as it is."""

    async def talk(socket: Server) -> None:
        await socket.send_str("Hi")
        transport = site.requests[0].transport
        assert transport is not None
        transport.write(data)
        if then is not None:
            await then(transport)

    site = Site(talk)
    async with (
        serve(site.app()) as origin,
        Transport(BrowserSession(provider="p", origin=origin), page=origin) as http,
        http.websocket(f"{origin}/ws") as socket,
    ):
        assert await socket.receive() == "Hi"
        yield socket


async def test_a_message_in_fragments_is_one() -> None:
    """Also where they cut a letter, where one is empty, and with a ping between them (RFC 6455, section 5.4)."""
    word = "Grüße".encode()
    parts = frame(word[:3], last=False) + frame(b"", REST, last=False) + frame(b"?", PING) + frame(word[3:], REST)
    async with sending(parts + frame(b"after")) as socket:
        assert [await socket.receive(), await socket.receive()] == ["Grüße", "after"]


BREACHES = {
    "a reserved bit": frame(b"x", bits=RESERVED),
    "an unknown opcode": frame(b"x", 5),
    "the rest of nothing": frame(b"x", REST),
    "a message within another": frame(b"x", last=False) + frame(b"y"),
    "a ping in parts": frame(b"x", PING, last=False),
    "a ping that is too long": frame(b"", PING)[:1] + b"\x7e" + struct.pack("!H", 126) + b"x" * 126,
    "a closing frame of one byte": frame(b"\x03", CLOSE),
    "a code that nobody may send": frame(struct.pack("!H", 999), CLOSE),
    "a reason that is not UTF-8": frame(struct.pack("!H", 1012) + b"\xff\xfe", CLOSE),
}


@pytest.mark.parametrize("data", BREACHES.values(), ids=BREACHES)
async def test_a_breach_of_the_protocol_is_an_error(data: bytes) -> None:
    """And the end: nothing more is read, though more has come."""
    async with sending(data + frame(b"after")) as socket:
        for _ in range(2):
            with pytest.raises(ProtocolError, match=BROKEN):
                await socket.receive()


@pytest.mark.parametrize("parts", [1, 8], ids=["announced", "in parts"])
async def test_what_is_too_large_is_refused_before_it_has_come(parts: int) -> None:
    """By the length that its frame announces, of which nothing is waited for, and by the sum of its parts."""
    each = FRAME_LIMIT // parts + 1
    head = b"\x7f" + struct.pack("!Q", each)

    async def send(transport: asyncio.Transport) -> None:
        for number in range(parts if parts > 1 else 0):
            transport.write(bytes((BINARY if number == 0 else REST,)) + head + bytes(each))

    async with sending(b"" if parts > 1 else b"\x82" + head, send) as socket:
        with pytest.raises(ProtocolError, match=f"a message of more than {FRAME_LIMIT} bytes"):
            await socket.receive()
