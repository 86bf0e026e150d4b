"""A site that streams one answer, whose pieces the test gives one by one."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from tests.faults.server import as_chunk
from tests.http.flow.encodings import PACKERS

SEND_BUFFER = 64 * 1024


class Answer:
    """An answer under way. `request` is its request's head; `sent` counts the bytes that the site could write."""

    def __init__(self, request: str, encoding: str, writer: asyncio.StreamWriter) -> None:
        self.request = request
        self.sent = 0
        self._packer = PACKERS[encoding]()
        self._encoding = encoding
        self._writer = writer

    async def begin(self) -> None:
        coding = f"Content-Encoding: {self._encoding}\r\n" if self._encoding else ""
        self._writer.write(f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n{coding}\r\n".encode())

    async def piece(self, data: bytes) -> None:
        await self._send(as_chunk(self._packer.piece(data)))

    async def end(self) -> None:
        await self._send(as_chunk(self._packer.end()) + b"0\r\n\r\n")

    async def _send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()
        self.sent += len(data)


@asynccontextmanager
async def site(encoding: str, speak: Callable[[Answer], Awaitable[None]]) -> AsyncIterator[str]:
    """A site that answers as `speak` has it, and closes the connection; yields its address."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        answer = Answer(request, encoding, writer)
        with suppress(ConnectionError):
            await answer.begin()
            await speak(answer)
            writer.close()
            await writer.wait_closed()

    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    async with await asyncio.start_server(serve, sock=listener):
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
