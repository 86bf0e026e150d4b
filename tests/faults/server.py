"""The faulty server: a raw one on loopback, that answers well but for the one call which a fault strikes."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple

from tests.faults.wires import Call, Wire

PACE = 0.01  # seconds between the bytes of what trickles
CONNECTION_LIMIT = 64 * 1024
LOGIN_PAGE = b"<!doctype html><title>Sign in</title><form><input type=password></form>"
LOGIN_TYPE = "Content-Type: text/html; charset=utf-8"


class Seen(NamedTuple):
    """A request that arrived. `line` is its first line; `headers` have names in lower case."""

    line: str
    headers: dict[str, str]
    body: bytes


class Conversation:
    """One request and its connection, as a fault gets it. `good` is the call as it would be answered well."""

    def __init__(
        self,
        server: FaultyServer,
        seen: Seen,
        good: Call,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self.server = server
        self.seen = seen
        self.good = good
        self._reader = reader
        self._writer = writer
        self.keep = False  # whether the connection takes another request afterwards

    @property
    def gone(self) -> bool:
        """Whether the client has closed the connection."""
        return self._reader.at_eof() or self._reader.exception() is not None

    async def send(self, data: bytes) -> None:
        if not self.gone and not self._writer.is_closing():
            with suppress(ConnectionError):
                self._writer.write(data)
                await self._writer.drain()

    async def head(self, *headers: str, status: str = "200 OK") -> None:
        await self.send("\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode("utf-8", "surrogateescape"))

    async def chunked(self, *headers: str, status: str = "200 OK") -> None:
        await self.head("Transfer-Encoding: chunked", *headers, status=status)

    async def chunk(self, data: bytes) -> None:
        await self.send(as_chunk(data))

    async def last_chunk(self) -> None:
        await self.send(b"0\r\n\r\n")

    async def whole(self, body: bytes, *headers: str, status: str = "200 OK") -> None:
        """An answer as HTTP has it, whatever its content."""
        await self.head(f"Content-Length: {len(body)}", *headers, status=status)
        await self.send(body)
        self.keep = True

    async def begin(self) -> None:
        """The head and the first piece of a good answer; goes on when the client has given that to its caller."""
        await self.chunked()
        await self.chunk(self.good.pieces[0])
        if not self.server.wire.is_document:
            await self.server.first_piece.wait()

    async def hang(self) -> None:
        """Until the client has had enough."""
        while not self.gone and await self._reader.read(CONNECTION_LIMIT):
            pass

    async def trickle(self, data: bytes) -> None:
        """`data` again and again, until the client has had enough."""
        while not self.gone:
            await self.send(data)
            await asyncio.sleep(PACE)

    def reset(self) -> None:
        """End the connection with RST, and what is under way with it."""
        connection = self._writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()


def as_chunk(data: bytes) -> bytes:
    """`data` as a chunk of HTTP; nothing for nothing, since that would be the last."""
    return b"%x\r\n%b\r\n" % (len(data), data) if data else b""


Strike = Callable[[Conversation], Awaitable[None]]


async def refused(c: Conversation) -> None:
    """The strike that is none: before the struck call, the server takes no more connections."""


class FaultyServer:
    """The site of `wire`, of which `strike` answers the struck call while it is `armed`. `seen` are all requests,
    `opened` counts connections, and `chats` is what has been made there and not been taken away."""

    def __init__(self, wire: Wire, strike: Strike | None) -> None:
        self.wire = wire
        self.armed = strike is not None
        self.first_piece = asyncio.Event()
        self.seen: list[Seen] = []
        self.opened = 0
        self.chats: set[str] = set()
        self._strike = strike
        self._port = 0
        self._server: asyncio.Server | None = None
        self._connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def count(self, begins: str) -> int:
        """How many requests began like that."""
        return sum(one.line.startswith(begins) for one in self.seen)

    async def listen(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(
                self._serve, "127.0.0.1", self._port, limit=CONNECTION_LIMIT, reuse_address=True
            )
            self._port = self._server.sockets[0].getsockname()[1]

    def deaf(self) -> None:
        """Take no more connections; those that there are stay."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def heal(self) -> None:
        """From now on, all is answered well."""
        self.armed = False
        await self.listen()

    async def quiet(self) -> None:
        """Wait until the client has closed every connection."""
        while self._connections:
            await asyncio.wait(set(self._connections))

    async def aclose(self) -> None:
        self.deaf()
        for task in list(self._connections):
            task.cancel()
        await self.quiet()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections[task] = writer
        self.opened += 1
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while await self._exchange(reader, writer):
                    pass
        finally:
            writer.close()
            with suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()
            del self._connections[task]

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request and its answer; whether another may follow."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *fields = head.removesuffix("\r\n\r\n").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.seen.append(seen := Seen(line, headers, body))
        if line.startswith("GET /auth/"):
            await Conversation(self, seen, self.wire.calls[0], reader, writer).whole(LOGIN_PAGE, LOGIN_TYPE)
            return True
        number = next(i for i, call in reversed(list(enumerate(self.wire.calls))) if line.startswith(call.begins))
        conversation = Conversation(self, seen, self.wire.calls[number], reader, writer)
        if self.armed and self._strike is refused and number + 1 == self.wire.struck:
            self.deaf()
            await conversation.whole(conversation.good.body, "Connection: close")
            return False
        if self.armed and self._strike is not None and number == self.wire.struck:
            await self._strike(conversation)
            return conversation.keep
        if self.wire.provider == "openassistant" and line.startswith("POST /api/chat "):
            self.chats.add("an-id")
        elif line.startswith("DELETE "):
            self.chats.discard("an-id")
        await self.answer(conversation)
        return True

    async def answer(self, conversation: Conversation) -> None:
        """What a well site answers: the pieces in chunks of their own."""
        await conversation.chunked()
        for piece in (*conversation.good.pieces, conversation.good.end):
            await conversation.chunk(piece)
        await conversation.last_chunk()


@asynccontextmanager
async def faulty(wire: Wire, strike: Strike | None) -> AsyncIterator[FaultyServer]:
    """A faulty server, listening; at the end, whatever the client left open is cut."""
    server = FaultyServer(wire, strike)
    await server.listen()
    if strike is refused and wire.struck == 0:
        server.deaf()
    try:
        yield server
    finally:
        await server.aclose()
