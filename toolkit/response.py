"""An HTTP answer whose body is read as it arrives, and who is told of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import Any, Protocol, TypeVar

import aiohttp

from toolkit.errors import NetworkError, ProtocolError, SessionExpired, without_query
from toolkit.faults import FAULTS, fault
from toolkit.streams import Decoder, decode_json

T = TypeVar("T")

DOCUMENT_LIMIT = 16 * 1024 * 1024


class Exchange(Protocol):
    """Where a recorder is told how one exchange goes on."""

    def response(self, status: int, reason: str, headers: list[tuple[str, str]]) -> None: ...

    def chunk(self, data: bytes) -> None: ...

    def end(self, error: str | None = None) -> None: ...


class Recorder(Protocol):
    """A recorder, as this module sees it (`toolkit.recording.recorder`)."""

    def begin(self, method: str, url: str, headers: list[tuple[str, str]], body: bytes) -> Exchange: ...


class Response:
    """An answer whose body has not been read. `url` is where it came from, after redirects."""

    def __init__(self, raw: aiohttp.ClientResponse, url: str, exchange: Exchange | None) -> None:
        self.raw = raw
        self._exchange = exchange
        self._readers: list[AsyncGenerator[Any, None]] = []
        self.url = url
        self.status = raw.status
        self.headers: Mapping[str, str] = raw.headers

    def chunks(self) -> AsyncGenerator[bytes, None]:
        """The body as it arrives. Raises `StreamInterrupted` where the connection ends before the body does."""
        return self._reader(self._chunks())

    def decode(self, decoder: Decoder[T]) -> AsyncGenerator[T, None]:
        """What `decoder` makes of the body, as it arrives.

        Raises `SessionExpired` for a page of HTML, `ProtocolError` for what the decoder cannot read, and what
        `chunks` raises.
        """
        return self._reader(self._decode(decoder))

    def _reader(self, reader: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
        """Remember `reader`, so that it is closed with the answer and not by the garbage collector."""
        self._readers.append(reader)
        return reader

    async def aclose(self, error: BaseException | None = None) -> None:
        """Close what still reads, and the connection unless it can be used again. `error` is why, if for one."""
        while self._readers:
            await self._readers.pop().aclose()
        if (connection := self.raw.connection) is not None and connection.transport is not None:
            connection.transport.abort()  # mid-body: a farewell under TLS would wait for the site to answer it
        self.raw.close()
        if self._exchange is not None:
            self._exchange.end(type(error).__name__ if isinstance(error, NetworkError) else None)

    async def _chunks(self) -> AsyncGenerator[bytes, None]:
        while data := await self._chunk():
            yield data

    async def _chunk(self) -> bytes:
        """The next bytes of the body; none at its end. A recorder is told of them by HTTP chunk."""
        try:
            if self._exchange is None:
                return await self.raw.content.readany()
            data, boundary = await self.raw.content.readchunk()
            while boundary and not data:
                data, boundary = await self.raw.content.readchunk()
        except FAULTS as error:
            raise fault(error, self.url, opened=True) from None  # aiohttp's text can hold a line of the site's headers
        if data:
            self._exchange.chunk(data)
        return data

    async def _decode(self, decoder: Decoder[T]) -> AsyncGenerator[T, None]:
        if self.headers.get("Content-Type", "").startswith("text/html"):
            raise SessionExpired("The site answered with a web page where a stream was due.", url=self.url)
        try:
            async for data in self.chunks():
                for item in decoder.feed(data):
                    yield item
            for item in decoder.flush():
                yield item
        except ProtocolError as error:
            error.url = error.url or without_query(self.url)
            raise

    async def excerpt(self, limit: int) -> bytes:
        """The beginning of the body: the chunks that it takes to reach `limit` bytes."""
        body = bytearray()
        while len(body) < limit and (data := await self._chunk()):
            body += data
        return bytes(body)

    async def read(self, limit: int = DOCUMENT_LIMIT) -> bytes:
        """The whole body. Raises `ProtocolError` for more than `limit` bytes."""
        body = bytearray()
        while data := await self._chunk():
            body += data
            if len(body) > limit:
                raise ProtocolError(f"The site sent a document of more than {limit} bytes.", url=self.url)
        return bytes(body)

    async def json(self, kind: type[T] = Any) -> T:  # type: ignore[assignment]
        """The whole body as JSON of the shape `kind`, whatever its Content-Type.

        Raises `ProtocolError` where it is no JSON or has another shape.
        """
        body = await self.read()
        try:
            return decode_json(body, kind)
        except ProtocolError as error:
            error.url = without_query(self.url)
            raise
