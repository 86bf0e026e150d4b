"""One connection of a proxy's client: CONNECT, TLS inside it, and then whoever answers as the site.

Knows nothing of sites: `admit` decides about the first request, `serve` makes the protocol that answers.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable

import msgspec

HEAD_LIMIT = 64 * 1024
HANDSHAKE_SECONDS = 10.0


class RequestHead(msgspec.Struct, frozen=True):
    """A connection's first request: method, target, and headers with names in lower case."""

    method: str
    target: str
    headers: dict[str, str]

    def __repr__(self) -> str:
        return f"<RequestHead {self.method}>"

    @classmethod
    def parse(cls, raw: bytes) -> RequestHead | None:
        """What `raw` says, up to its empty line; None where it is no HTTP/1 request."""
        first, *lines = raw.decode("latin-1").split("\r\n")
        words = first.split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/1."):
            return None
        pairs = (line.partition(":") for line in lines)
        return cls(words[0], words[1], {name.strip().lower(): value.strip() for name, _, value in pairs})


class Refusal(msgspec.Struct, frozen=True):
    """The proxy's own answer instead of the site's."""

    status: int
    reason: str
    headers: tuple[str, ...] = ()

    def encode(self) -> bytes:
        lines = (f"HTTP/1.1 {self.status} {self.reason}", *self.headers, "Content-Length: 0", "Connection: close")
        return "\r\n".join((*lines, "", "")).encode("latin-1", "replace")


class Accepted(msgspec.Struct, frozen=True):
    """The request may pass; `context` is the TLS to speak inside the tunnel, None for none."""

    context: ssl.SSLContext | None = None


class ProxyConnection(asyncio.Protocol):
    """One client. `closed` is done when its socket is."""

    def __init__(
        self, admit: Callable[[RequestHead], Accepted | Refusal], serve: Callable[[], asyncio.Protocol]
    ) -> None:
        self._admit = admit
        self._serve = serve
        self._buffer = bytearray()
        self._transport: asyncio.Transport  # there from `connection_made` on
        self._connected = self._aborted = False
        self._site: asyncio.Protocol | None = None
        self._handshake: asyncio.Task[None] | None = None
        self._answered = False
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
        if self._answered:
            return  # refused; or the client was quicker through TLS than `start_tls` could tell of it
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if found:
            self._begin(RequestHead.parse(bytes(head)), bytes(rest))
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

    def _begin(self, head: RequestHead | None, rest: bytes) -> None:
        answer = self._admit(head) if head is not None else Refusal(400, "Bad Request")
        if isinstance(answer, Refusal):
            self._refuse(answer)
        elif head is None or head.method != "CONNECT":
            self._hand_over(self._transport)
        elif rest and answer.context is not None:
            self._refuse(Refusal(400, "Bad Request"))  # TLS that did not wait for our answer cannot be taken up
        else:
            self._answered = True
            self._buffer = bytearray(rest)
            self._transport.pause_reading()  # what comes next is for whom it is handed to
            self._transport.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            if answer.context is not None:
                self._handshake = asyncio.get_running_loop().create_task(self._secure(answer.context))
            else:
                self._hand_over(self._transport)
                self._transport.resume_reading()

    def _refuse(self, refusal: Refusal) -> None:
        self._answered = True
        self._transport.write(refusal.encode())
        self._transport.close()

    async def _secure(self, context: ssl.SSLContext) -> None:
        try:
            secured = await asyncio.get_running_loop().start_tls(
                self._transport, self, context, server_side=True, ssl_handshake_timeout=HANDSHAKE_SECONDS
            )
        except OSError:  # an SSLError too: the client does not take the certificate, or has gone
            secured = None
        if secured is None:
            self._transport.abort()
            self.connection_lost(None)  # asyncio does not tell of a connection that is lost in the handshake
        elif not self.closed.done():
            self._hand_over(secured)

    def _hand_over(self, transport: asyncio.Transport) -> None:
        self._site = self._serve()
        self._site.connection_made(transport)
        if self._buffer:
            self._site.data_received(bytes(self._buffer))
            self._buffer.clear()
