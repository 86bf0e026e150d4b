"""`WebSocket`: messages in both directions, as they come, within limits, and recorded on the way.

How its handshake is sent is decided in `toolkit.http.socket_handshake`, what its end means in
`toolkit.http.close_errors`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from typing import Any, TypeVar

from aiohttp import WSMsgType

from toolkit.errors import NetworkError, ProtocolError, ToolkitError, redact_url
from toolkit.http.aiohttp_errors import HTTP_ERRORS
from toolkit.http.close_errors import (
    LOST,
    NO_CODE,
    NORMAL,
    PROTOCOL_ERROR,
    TOO_BIG,
    CloseErrors,
    close_error,
)
from toolkit.http.request import encode_json, socket_url
from toolkit.http.sender import SocketAnswer
from toolkit.http.socket_handshake import GOODBYE_SECONDS
from toolkit.streams.base import FRAME_LIMIT
from toolkit.streams.json_decoding import decode_json

T = TypeVar("T")

Message = str | bytes

TEXT, BINARY = WSMsgType.TEXT, WSMsgType.BINARY
GOING_AWAY = 1001  # what a page that leaves says


class WebSocket:
    """A socket that a site has opened. `protocol` is the subprotocol that it has chosen, "" for none.

    `async for message in socket` gives its messages, text as `str` and binary as `bytes`, until the site closes it as
    complete (code 1000). Any other end is the error that it means: a connection that is lost, or a site that restarts,
    is a `StreamInterrupted`; see `toolkit.http.close_errors`. Pings are answered, and are no messages.

    `farewell` are messages that tell the site to stop. They are sent where the socket is left before its end: by an
    error, a deadline, or a cancellation.

    `answer` is the site's to the handshake. `closes` are the provider's own meanings of codes, and `redact` takes the
    credentials out of what the site says.
    """

    def __init__(self, answer: SocketAnswer, *, closes: CloseErrors | None, redact: Callable[[str], str]) -> None:
        assert answer.socket is not None
        self.url = socket_url(answer.response.url)
        self.protocol = answer.socket.protocol or ""
        self.farewell: tuple[Message, ...] = ()
        self._raw = answer.socket
        self._answer = answer.response.raw
        self._exchange = answer.exchange
        self._closes = closes
        self._redact = redact
        self._end: ToolkitError | None = None  # what the end means; None before it
        self._complete = False  # the site has closed it as complete

    async def send(self, message: Message) -> None:
        """Send `message`, text or binary. Raises as `receive` does where the socket has ended."""
        if self._end is not None:
            raise self._end
        if self._exchange is not None:
            self._exchange.message(message, sent=True)
        try:
            await self._write(message)
        except HTTP_ERRORS:  # the site has closed it, and why is said in what came before
            raise await self._find_end() from None

    async def send_json(self, value: Any) -> None:
        """Send `value` as JSON in a text message. Raises `UsageError` for what JSON has no form for."""
        await self.send(encode_json(value, self.url).decode())

    async def receive(self) -> Message:
        """The next message. Raises the error that the end of the socket means, also where the site has closed it as
        complete; and `ProtocolError` for a message that is too large, or breaks the protocol."""
        if (message := await self._receive()) is None:
            raise self._end or self._lost()
        return message.data.decode("utf-8", "replace") if message.type is TEXT else bytes(message.data)

    async def receive_json(self, kind: type[T] = Any) -> T:  # type: ignore[assignment]
        """The next message, which is JSON, as a value of the type `kind`. Raises as `receive` does, and `ProtocolError`
        for a message that is not such JSON."""
        if (message := await self._receive()) is None:
            raise self._end or self._lost()
        return self._decode(message.data, kind)

    async def json(self, kind: type[T] = Any) -> AsyncGenerator[T, None]:  # type: ignore[assignment]
        """The messages, each of which is JSON, as values of the type `kind`, until the site closes the socket as
        complete. Raises as `receive_json` does."""
        while (message := await self._receive()) is not None:
            yield self._decode(message.data, kind)
        self._raise_unless_complete()

    def __aiter__(self) -> WebSocket:
        return self

    async def __anext__(self) -> Message:
        if (message := await self._receive()) is None:
            self._raise_unless_complete()
            raise StopAsyncIteration
        return message.data.decode("utf-8", "replace") if message.type is TEXT else bytes(message.data)

    async def _receive(self) -> Any:
        """The next message as aiohttp has it, recorded; None at the end."""
        while self._end is None:
            try:
                message = await self._raw.receive()
            except HTTP_ERRORS:  # a ping could not be answered: what came with it is read first
                continue
            kind = message.type
            if kind is TEXT or kind is BINARY:
                if self._exchange is not None:
                    data = message.data.decode("utf-8", "replace") if kind is TEXT else bytes(message.data)
                    self._exchange.message(data, sent=False)
                return message
            self._note_end(message)
        return None

    def _note_end(self, message: Any) -> None:
        """Note what ends the socket: a closing frame, an error that aiohttp closes it for, or a lost connection."""
        if message.type is WSMsgType.CLOSE:
            code, reason = message.data or NO_CODE, str(message.extra or "")
            self._complete = code == NORMAL
            self._end = close_error(code, self._redact(reason), self._closes, self.url)
            self._note_close("server", code, reason)
        elif message.type is WSMsgType.ERROR:
            code = getattr(message.data, "code", PROTOCOL_ERROR)
            text = "The site's messages break the protocol of WebSockets."
            if code == TOO_BIG:
                text = f"The site sent a message of more than {FRAME_LIMIT} bytes."
            self._end = ProtocolError(text, url=self.url)
            self._note_close("client", code, "")
        else:
            self._end = self._lost()
            self._note_close("lost", None, "")

    def _lost(self) -> ToolkitError:
        return close_error(LOST, "", self._closes, self.url)

    async def _find_end(self) -> ToolkitError:
        """Why the site takes no more messages: reads what has come until then."""
        while await self._receive() is not None:
            pass
        return self._end or self._lost()

    def _raise_unless_complete(self) -> None:
        if self._end is not None and not self._complete:
            raise self._end

    def _decode(self, data: bytes, kind: type[T]) -> T:
        try:
            return decode_json(data, kind)
        except ProtocolError as error:
            error.url = redact_url(self.url)
            raise

    async def _write(self, message: Message) -> None:
        if isinstance(message, str):
            await self._raw.send_str(message)
        else:
            await self._raw.send_bytes(message)

    async def aclose(self, error: BaseException | None = None) -> None:
        """Close the socket, after the `farewell` if it is left before its end. `error` is the error that ends the call,
        if one does: then nothing is waited for."""
        connection = self._answer.connection
        transport = connection.transport if connection is not None else None
        try:
            if self._end is None:
                await self._say_goodbye(error)
        finally:
            if transport is not None and error is not None:
                transport.abort()  # closing TLS properly would wait for the site
            self._answer.close()
            if self._exchange is not None:
                self._exchange.end(type(error).__name__ if isinstance(error, NetworkError) else None)

    async def _say_goodbye(self, error: BaseException | None) -> None:
        """Send the farewell and the closing frame, and wait a moment for the site's unless an `error` ends the call.

        Both are on their way before anything is waited for, so that another cancellation does not come in between.
        """
        code = NORMAL if error is None else GOING_AWAY
        self._end = self._lost()
        with suppress(TimeoutError, *HTTP_ERRORS):
            async with asyncio.timeout(GOODBYE_SECONDS if error is None else 0):
                for message in self.farewell:
                    if self._exchange is not None:
                        self._exchange.message(message, sent=True)
                    await self._write(message)
                self._note_close("client", code, "")
                await self._raw.close(code=code)

    def _note_close(self, by: str, code: int | None, reason: str) -> None:
        if self._exchange is not None:
            self._exchange.closed(by, code, reason)
