"""`Response`: an HTTP answer whose body is read as it arrives, within limits, and recorded on the way.

What a body means is decided elsewhere: `toolkit.streams` decodes it, `toolkit.http.status_errors` explains a refusal.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple, TypeVar, overload

import aiohttp

from toolkit.errors import NetworkError, ProtocolError, SessionExpired, StreamInterrupted, ToolkitError, redact_url
from toolkit.http.aiohttp_errors import HTTP_ERRORS, map_error
from toolkit.http.connection_loss_watch import reset_of_unframed_body
from toolkit.http.gate_answers import is_html
from toolkit.http.login_words import looks_like_login
from toolkit.http.recorder_protocol import Exchange
from toolkit.streams.base import Decoder
from toolkit.streams.json_decoding import decode_json

T = TypeVar("T")
K = TypeVar("K")

DOCUMENT_LIMIT = 16 * 1024 * 1024  # bytes of a body that is read as a whole
# A compressed body that is larger than this many bytes and than so many times what was sent is a bomb.
INFLATED_LIMIT, INFLATED_TIMES = 4 * 1024 * 1024, 100
# The beginning of a body that explains a refusal.
EXCERPT_LIMIT, EXCERPT_SECONDS = 64 * 1024, 1.0
# What is read of a body after its end marker, so that the connection can be used again: a new one costs as much.
REST_LIMIT, REST_SECONDS = 64 * 1024, 0.1
ENCODINGS = ("", "identity", "gzip", "deflate", "br", "zstd")  # those that aiohttp decodes, or rejects itself
BOM = b"\xef\xbb\xbf"


class Response:
    """An answer whose head has arrived and whose body has not been read.

    `url` is where it came from, after redirects. `exchange` records it. `signed_in` is whether the call had
    cookies of a session, which the site may have refused.
    """

    __slots__ = (
        "_compressed",
        "_exchange",
        "_generators",
        "_reset",
        "_signed_in",
        "headers",
        "raw",
        "status",
        "url",
    )

    def __init__(
        self, raw: aiohttp.ClientResponse, url: str, exchange: Exchange | None, *, signed_in: bool = True
    ) -> None:
        self.raw = raw
        self._signed_in = signed_in
        self._compressed = bool(raw.headers.get("Content-Encoding"))
        self._reset = reset_of_unframed_body(raw)
        self._exchange = exchange
        self._generators: tuple[AsyncGenerator[Any, None], ...] = ()
        self.url = url
        self.status = raw.status
        self.headers: Mapping[str, str] = raw.headers

    def chunks(self) -> AsyncGenerator[bytes, None]:
        """The body as it arrives. Raises `StreamInterrupted` where the connection ends before the body, and
        `ProtocolError` where the body cannot be decompressed or is a bomb."""
        return self._remember(self._chunks())

    @overload
    def decode(self, decoder: Decoder[T], *, may_be_empty: bool = False) -> AsyncGenerator[T, None]: ...
    @overload
    def decode(
        self, decoder: Decoder[T], *, may_be_empty: bool = False, keep_alive: K | None = None
    ) -> AsyncGenerator[T | K, None]: ...
    def decode(
        self, decoder: Decoder[T], *, may_be_empty: bool = False, keep_alive: K | None = None
    ) -> AsyncGenerator[T | K, None]:
        """The items that `decoder` reads from the body, as they arrive. Where bytes have come that complete no item,
        such as a comment of an event stream, `keep_alive` is yielded, unless it is None.

        Raises what `chunks` and `raise_for_page` raise, and `ProtocolError` for what the decoder cannot read. A body
        without any item is a `ProtocolError` too, unless the site's protocol has such answers (`may_be_empty`).
        """
        items = self._decode(decoder, may_be_empty, keep_alive)
        return self._remember(items)

    def _remember(self, generator: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
        """Have `aclose` close `generator`, before the garbage collector does."""
        self._generators += (generator,)
        return generator

    async def aclose(self, error: BaseException | None = None) -> None:
        """Close what still reads the body, and the connection unless it can be used again.

        `error` is the error that ends the call, if one does: then the rest of the body is not waited for.
        """
        try:
            while self._generators:
                *others, last = self._generators
                self._generators = tuple(others)
                await last.aclose()
            if error is None and self.raw.connection is not None:
                await self._read_up_to(REST_LIMIT, REST_SECONDS)  # at the body's end aiohttp keeps the connection
        finally:
            self._close(error)

    def _close(self, error: BaseException | None) -> None:
        if (connection := self.raw.connection) is not None and connection.transport is not None:
            connection.transport.abort()  # in mid-body: closing TLS properly would wait for the site
        self.raw.close()
        if self._exchange is not None:
            self._exchange.end(type(error).__name__ if isinstance(error, NetworkError) else None)

    async def _chunks(self) -> AsyncGenerator[bytes, None]:
        while data := await self._chunk():
            yield data

    async def _chunk(self) -> bytes:
        """The next bytes of the body, recorded; b"" at its end."""
        try:
            data = await (self.raw.content.readany() if self._exchange is None else self._http_chunk())
        except HTTP_ERRORS as error:
            raise map_error(error, self.url, opened=True) from None  # aiohttp's text can hold the site's headers
        if not data and self._reset is not None and self._reset() is not None:
            raise StreamInterrupted("The connection broke before the answer was complete.", url=self.url)
        if self._compressed:
            self._raise_for_bomb()
        if data and self._exchange is not None:
            self._exchange.chunk(data)
        return data

    async def _http_chunk(self) -> bytes:
        """The next chunk as HTTP has it, so that a recording has the same ones; b"" at the end of the body."""
        content = self.raw.content
        data, boundary = await content.readchunk()
        while boundary and not data and not content.at_eof():  # the body of a 204 has boundaries for ever
            data, boundary = await content.readchunk()
        return data

    def _raise_for_bomb(self) -> None:
        content = self.raw.content
        if content.total_bytes > max(INFLATED_LIMIT, INFLATED_TIMES * content.total_raw_bytes):
            text = f"The site's compressed answer is more than {INFLATED_TIMES} times what was sent."
            raise ProtocolError(text, url=self.url)

    async def raise_for_page(self, due: str, *, single_page: bool = False) -> None:
        """Raise if the answer is a web page. `due` names what was expected, for the error's text.

        Raises `SessionExpired` if the page can be the login page: the call had cookies, or the page looks like one. A
        site with `single_page` answers unknown paths with its page, so there the page has to look like one. Raises
        `ProtocolError` for any other page.
        """
        if not is_html(self.headers):
            return
        text = f"The site answered with a web page where {due} was due."
        if (self._signed_in and not single_page) or looks_like_login(await self.excerpt()):
            raise SessionExpired(text, url=self.url)
        error = ProtocolError(text, url=self.url, hint="Look at that address with a browser.")
        error.page = True
        raise error

    def chunk_reader(self) -> _ChunkReader:
        """A context manager around a loop that reads the body by hand. It gives a function to await for the next bytes,
        which are b"" at the end. Errors inside the block are raised as by `decode`.

        Most callers use `decode`; this saves one generator, which counts where each piece of an answer does.
        """
        # Nothing to record or to check.
        plain = self._exchange is None and not self._compressed and self._reset is None
        return _ChunkReader(self.raw.content.readany if plain else self._chunk, self.url)

    def empty_body_error(self) -> ProtocolError:
        """The error for a body without anything in it."""
        return ProtocolError("The site answered with nothing at all.", url=self.url, hint="Try again.")

    async def _decode(
        self, decoder: Decoder[T], may_be_empty: bool, keep_alive: K | None
    ) -> AsyncGenerator[T | K, None]:
        await self.raise_for_page("a stream")
        empty = True
        with self.chunk_reader() as read:
            while data := await read():
                items = decoder.feed(data)
                for item in items:
                    empty = False
                    yield item
                if not items and keep_alive is not None:
                    yield keep_alive
            for item in decoder.flush():
                empty = False
                yield item
        if empty and not may_be_empty:
            raise self.empty_body_error()

    async def excerpt(self) -> bytes:
        """The beginning of a body, to explain a refusal: what arrives within a second and can be read."""
        return await self._read_up_to(EXCERPT_LIMIT, EXCERPT_SECONDS)

    async def _read_up_to(self, limit: int, seconds: float) -> bytes:
        """What arrives of the body within so many seconds and can be read, until it has `limit` bytes or more."""
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
        """The whole body, which is JSON, as a value of the type `kind`, whatever the Content-Type but a web page's.

        Raises what `raise_for_page` and `read` raise, and `ProtocolError` for a body that is not such JSON.
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


class _ChunkReader(NamedTuple):
    """See `Response.chunk_reader`."""

    read: Callable[[], Awaitable[bytes]]
    url: str

    def __enter__(self) -> Callable[[], Awaitable[bytes]]:
        return self.read

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, ProtocolError):
            error.url = error.url or redact_url(self.url)
        elif not isinstance(error, ToolkitError) and isinstance(error, HTTP_ERRORS):
            raise map_error(error, self.url, opened=True) from None  # as `_chunk` does
