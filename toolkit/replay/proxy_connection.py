"""One connection of a proxy's client: it reads CONNECT, speaks TLS in the tunnel, and then hands over to the site.

Nothing here knows a site: `admit` decides about the first request, `create_site` makes the protocol that answers.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable

import msgspec

HEAD_LIMIT = 64 * 1024  # bytes
HANDSHAKE_SECONDS = 10.0


class RequestHead(msgspec.Struct, frozen=True):
    """A connection's first request: method, target, and headers with names in lower case."""

    method: str
    target: str
    headers: dict[str, str]

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    def __repr__(self) -> str:
        return f"<RequestHead {self.method}>"

    @classmethod
    def parse(cls, raw: bytes) -> RequestHead | None:
        """Parse `raw`, the bytes before the empty line. Returns None if it is no HTTP/1 request."""
        first, *lines = raw.decode("latin-1").split("\r\n")
        words = first.split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/1."):
            return None
        pairs = (line.partition(":") for line in lines)
        return cls(words[0], words[1], {name.strip().lower(): value.strip() for name, _, value in pairs})


class Refusal(msgspec.Struct, frozen=True):
    """The proxy refuses a request: this is its own answer, instead of the site's."""

    status: int
    reason: str
    headers: tuple[str, ...] = ()

    def encode(self) -> bytes:
        lines = (f"HTTP/1.1 {self.status} {self.reason}", *self.headers, "Content-Length: 0", "Connection: close")
        return "\r\n".join((*lines, "", "")).encode("latin-1", "replace")


class Accepted(msgspec.Struct, frozen=True):
    """The proxy accepts a request. `context` is for the TLS inside the tunnel, None for a tunnel without TLS."""

    context: ssl.SSLContext | None = None


class ProxyConnection(asyncio.Protocol):
    """The connection of one client. `closed` is done when its socket is closed.

    `admit` accepts or refuses the first request; `create_site` makes the protocol that reads and answers all requests.
    """

    def __init__(
        self, admit: Callable[[RequestHead], Accepted | Refusal], create_site: Callable[[], asyncio.Protocol]
    ) -> None:
        self._admit = admit
        self._create_site = create_site
        self._buffer = bytearray()
        self._transport: asyncio.Transport  # set by `connection_made`
        self._connected = self._aborted = False
        self._site: asyncio.Protocol | None = None
        self._handshake: asyncio.Task[None] | None = None
        self._decided = False
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def abort(self) -> None:
        """Close at once, whatever is still to be sent."""
        self._aborted = True
        if self._connected:  # one that was just accepted is not yet
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport, self._connected = transport, True
        if self._aborted:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.closed.done():
            self.closed.set_result(None)
            if self._site is not None:
                self._site.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._site is not None:
            self._site.data_received(data)
            return
        self._buffer += data
        if self._decided:
            return  # refused, or the client has finished TLS before `start_tls` has returned
        head, separator, rest = self._buffer.partition(b"\r\n\r\n")
        if separator:
            self._decide(RequestHead.parse(bytes(head)), bytes(rest))
        elif len(self._buffer) > HEAD_LIMIT:
            self._refuse(Refusal(431, "Request Header Fields Too Large"))

    def eof_received(self) -> bool | None:
        return self._site.eof_received() if self._site is not None else None

    def pause_writing(self) -> None:
        if self._site is not None:
            self._site.pause_writing()

    def resume_writing(self) -> None:
        if self._site is not None:
            self._site.resume_writing()

    def _decide(self, head: RequestHead | None, rest: bytes) -> None:
        answer = self._admit(head) if head is not None else Refusal(400, "Bad Request")
        if isinstance(answer, Refusal):
            self._refuse(answer)
        elif head is None or head.method != "CONNECT":
            self._hand_over(self._transport)
        elif rest and answer.context is not None:
            self._refuse(Refusal(400, "Bad Request"))  # asyncio cannot start TLS with bytes that were read already
        else:
            self._decided = True
            self._buffer = bytearray(rest)
            self._transport.pause_reading()  # the bytes that follow are for the site, or for TLS
            self._transport.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            if answer.context is not None:
                self._handshake = asyncio.get_running_loop().create_task(self._start_tls(answer.context))
            else:
                self._hand_over(self._transport)
                self._transport.resume_reading()

    def _refuse(self, refusal: Refusal) -> None:
        self._decided = True
        self._transport.write(refusal.encode())
        self._transport.close()

    async def _start_tls(self, context: ssl.SSLContext) -> None:
        try:
            secured = await asyncio.get_running_loop().start_tls(
                self._transport, self, context, server_side=True, ssl_handshake_timeout=HANDSHAKE_SECONDS
            )
        except OSError:  # or its subclass SSLError: the client rejects the certificate, or has gone
            secured = None
        if secured is None:
            self._transport.abort()
            self.connection_lost(None)  # asyncio does not call it for a connection that is lost in the handshake
        elif not self.closed.done():
            self._hand_over(secured)

    def _hand_over(self, transport: asyncio.Transport) -> None:
        self._site = self._create_site()
        self._site.connection_made(transport)
        if self._buffer:
            self._site.data_received(bytes(self._buffer))
            self._buffer.clear()
