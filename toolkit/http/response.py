"""An HTTP answer whose body is read as it arrives, and who is told of it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple, Protocol, TypeVar

import aiohttp

from toolkit.errors import NetworkError, ProtocolError, SessionExpired, ToolkitError, redact_url
from toolkit.http.error_mapping import FAULTS, map_error
from toolkit.streams.base import Decoder
from toolkit.streams.json_decoding import decode_json

T = TypeVar("T")

DOCUMENT_LIMIT = 16 * 1024 * 1024
INFLATED_LIMIT, INFLATED_TIMES = 4 * 1024 * 1024, 100  # a body that is so much larger than what was sent is a bomb
EXCERPT_LIMIT, EXCERPT_SECONDS = 64 * 1024, 1.0
REST_LIMIT, REST_SECONDS = 64 * 1024, 0.1  # of a body after its end marker: a new connection costs as much
ENCODINGS = ("", "identity", "gzip", "deflate", "br", "zstd")  # what aiohttp decodes, or refuses itself
BOM = b"\xef\xbb\xbf"
NOTHING = "The site answered with nothing at all."
HTML = ("text/html", "application/xhtml+xml")
_LOGIN = re.compile(rb"type=[\"']?password|\b(?:sign|log)[ -]?in\b", re.IGNORECASE)


class Exchange(Protocol):
    """Where a recorder is told how one exchange goes on."""

    def response(self, status: int, reason: str, headers: list[tuple[str, str]]) -> None: ...

    def chunk(self, data: bytes) -> None: ...

    def end(self, error: str | None = None) -> None: ...


class Recorder(Protocol):
    """A recorder, as this module sees it (`toolkit.recording.recorder`)."""

    def begin(self, method: str, url: str, headers: list[tuple[str, str]], body: bytes) -> Exchange: ...


class Response:
    """An answer whose body has not been read. `url` is where it came from, after redirects; `signed_in` says that the
    session had something for the site to refuse."""

    def __init__(
        self, raw: aiohttp.ClientResponse, url: str, exchange: Exchange | None, *, signed_in: bool = True
    ) -> None:
        self.raw = raw
        self._signed_in = signed_in
        self._compressed = bool(raw.headers.get("Content-Encoding"))
        self._exchange = exchange
        self._readers: list[AsyncGenerator[Any, None]] = []
        self.url = url
        self.status = raw.status
        self.headers: Mapping[str, str] = raw.headers

    def chunks(self) -> AsyncGenerator[bytes, None]:
        """The body as it arrives. Raises `StreamInterrupted` where the connection ends before the body does."""
        return self._reader(self._chunks())

    def decode(self, decoder: Decoder[T], *, may_be_empty: bool = False) -> AsyncGenerator[T, None]:
        """What `decoder` makes of the body, as it arrives.

        Raises what `chunks` and `raise_for_page` raise, `ProtocolError` for what the decoder cannot read, and, unless
        the site's protocol has such answers, for a body in which there is nothing.
        """
        return self._reader(self._decode(decoder, may_be_empty))

    def _reader(self, reader: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
        """Remember `reader`, so that it is closed with the answer and not by the garbage collector."""
        self._readers.append(reader)
        return reader

    async def aclose(self, error: BaseException | None = None) -> None:
        """Close what still reads, and the connection unless it can be used again. `error` is why, if for one."""
        try:
            while self._readers:
                await self._readers.pop().aclose()
            if error is None and self.raw.connection is not None:
                await self._beginning(REST_LIMIT, REST_SECONDS)  # where that is all, the connection can be used again
        finally:
            self._close(error)

    def _close(self, error: BaseException | None) -> None:
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
                data = await self.raw.content.readany()
            else:
                data, boundary = await self.raw.content.readchunk()
                while boundary and not data:
                    data, boundary = await self.raw.content.readchunk()
        except FAULTS as error:
            raise map_error(error, self.url, opened=True) from None  # aiohttp's text can hold the site's headers
        if self._compressed and self._is_bomb():
            text = f"The site's compressed answer is more than {INFLATED_TIMES} times what was sent."
            raise ProtocolError(text, url=self.url)
        if data and self._exchange is not None:
            self._exchange.chunk(data)
        return data

    def _is_bomb(self) -> bool:
        content = self.raw.content
        return content.total_bytes > max(INFLATED_LIMIT, INFLATED_TIMES * content.total_raw_bytes)

    async def raise_for_page(self, due: str, *, single_page: bool = False) -> None:
        """Raise where the answer is a web page, and not what was `due`: `SessionExpired` where it can be the one for
        logging in, else `ProtocolError`. At a site of a `single_page` it has to look like that one."""
        if self.headers.get("Content-Type", "").partition(";")[0].strip().lower() not in HTML:
            return
        text = f"The site answered with a web page where {due} was due."
        if (self._signed_in and not single_page) or _LOGIN.search(await self.excerpt()):
            raise SessionExpired(text, url=self.url)
        error = ProtocolError(text, url=self.url, hint="Look at that address with a browser.")
        error.page = True
        raise error

    def chunk_reader(self) -> _Reading:
        """For `with`, around a loop over a body that is read by hand: gives the function to await for its next bytes,
        which are none at its end. What goes wrong inside comes out as `decode` raises it.

        `decode` is what people use; this saves a generator where each piece of an answer counts.
        """
        plain = self._exchange is None and not self._compressed  # then a chunk is what aiohttp reads, and no more
        return _Reading(self.raw.content.readany if plain else self._chunk, self.url)

    def empty_body_error(self) -> ProtocolError:
        """What there is to say of a body in which there was nothing."""
        return ProtocolError(NOTHING, url=self.url, hint="Try again.")

    async def _decode(self, decoder: Decoder[T], may_be_empty: bool) -> AsyncGenerator[T, None]:
        await self.raise_for_page("a stream")
        empty = True
        with self.chunk_reader() as read:
            while data := await read():
                for item in decoder.feed(data):
                    empty = False
                    yield item
            for item in decoder.flush():
                empty = False
                yield item
        if empty and not may_be_empty:
            raise self.empty_body_error()

    async def excerpt(self) -> bytes:
        """The beginning of a body that explains a refusal: what comes within a second, and can be read."""
        return await self._beginning(EXCERPT_LIMIT, EXCERPT_SECONDS)

    async def _beginning(self, limit: int, seconds: float) -> bytes:
        """What comes within that time and can be read, until there are `limit` bytes or more."""
        body = bytearray()
        with suppress(NetworkError, ProtocolError, TimeoutError):
            async with asyncio.timeout(seconds):
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

        Raises what `raise_for_page` raises, and `ProtocolError` where it is no JSON or has another shape.
        """
        await self.raise_for_page("a document")
        body = (await self.read()).removeprefix(BOM)  # https://fetch.spec.whatwg.org/#dom-body-json
        if not body.strip():
            raise self.empty_body_error()
        try:
            return decode_json(body, kind)
        except ProtocolError as error:
            error.url = redact_url(self.url)
            raise


class _Reading(NamedTuple):
    """See `Response.chunk_reader`."""

    read: Callable[[], Awaitable[bytes]]
    url: str

    def __enter__(self) -> Callable[[], Awaitable[bytes]]:
        return self.read

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, ProtocolError):
            error.url = error.url or redact_url(self.url)
        elif not isinstance(error, ToolkitError) and isinstance(error, FAULTS):
            raise map_error(error, self.url, opened=True) from None  # as `_chunk` does
