"""Sends an answer as it comes: waits for its beginning, keeps the connection while the site is silent, and ends it with
the end of the answer or with the error.

Until there is something of the answer, a failure is a status of its own, and another site can be asked. That is waited
for `GRACE_SECONDS`; then the head is sent, and comments after it. Comments are part of event streams
(https://html.spec.whatwg.org/multipage/server-sent-events.html#authoring-notes), and clients pass over them.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from aiohttp import hdrs, web
from aiohttp.abc import AbstractStreamWriter
from multidict import CIMultiDict, istr

from toolkit.chats.events import ChatEvent, Finished, Queued, Status
from toolkit.chats.stream import ChatStream
from toolkit.errors import ToolkitError
from toolkit.gateway.answer_summary import summarize
from toolkit.gateway.burst_reading import call_before_wait
from toolkit.gateway.call_log import RunningCall
from toolkit.gateway.ending import ENDING
from toolkit.gateway.error_answers import GatewayError, Refused, gateway_error
from toolkit.gateway.protocols import StreamWriter
from toolkit.gateway.question import Question
from toolkit.gateway.silence_watch import SilenceWatch

GRACE_SECONDS = 5.0
COMMENT_SECONDS = 10.0  # of silence, after which a comment is sent
WRITE_SECONDS = 60.0  # for a client to read on
# In our buffer, or in one write, from which on a client may be waited for. Below both, asyncio's transports make no
# writer wait: their marks are 16 and 64 KiB (`asyncio.WriteTransport.set_write_buffer_limits`).
UNREAD_BYTES = 16 * 1024
GATHERED_EVENTS = 64  # that are written at once, though more of the answer is there already
HEADERS = CIMultiDict(
    {
        hdrs.CONTENT_TYPE: "text/event-stream; charset=utf-8",
        hdrs.CACHE_CONTROL: "no-cache",
        istr("X-Accel-Buffering"): "no",  # nginx sends what it has at once then
    }
)
WAITING = b": waiting\n\n"
QUEUED = b": queue position %d of %d\n\n"


class SlowClient(ConnectionError):
    """A client has not read on for `WRITE_SECONDS`."""


class AnswerStream:
    """One answer on its way to one client. `request` is the client's; `writer` writes the events. While it is sent,
    `silence` has it say something now and then."""

    __slots__ = (
        "_body",
        "_chunked",
        "_crowded",
        "_gathered",
        "_last_write",
        "_request",
        "_silence",
        "_time",
        "_writer",
        "response",
        "started",
    )

    def __init__(self, request: web.Request, writer: StreamWriter, silence: SilenceWatch) -> None:
        self._request, self._writer, self._silence = request, writer, silence
        self.response = web.StreamResponse(headers=HEADERS)
        self._last_write = 0.0
        self._gathered: list[bytes] = []  # events that the next write has
        self._crowded = self._chunked = False
        self._time = asyncio.get_running_loop().time
        self._body: AbstractStreamWriter | None = None  # once the head is sent
        self.started = False  # something of the answer has been sent, so no other site can be asked

    async def send(self, stream: ChatStream, question: Question, call: RunningCall) -> None:
        """Send all of `stream`, and note in `call` what becomes of it. Raises the error of the toolkit's where nothing
        of the answer was sent yet; a later one is the last event."""
        ending = self._request.app[ENDING]
        try:
            with ending.watched(stream, self.response):
                await self._send(stream, question, call)
        except asyncio.CancelledError:
            if not self.response.prepared or (error := ending.take()) is None:
                raise
            call.fail(Refused(error))
            await self.fail(error)
        else:
            await self.response.write_eof()

    async def _send(self, stream: ChatStream, question: Question, call: RunningCall) -> None:
        async with stream:
            first = await self._first_content(stream)
            self.started = True
            call.begin_answer()
            await self._begin()
            with self._silence.watching(self, COMMENT_SECONDS):
                await self._send_content(first, stream, question, call)

    async def _send_content(
        self, piece: str | ChatEvent | None, stream: ChatStream, question: Question, call: RunningCall
    ) -> None:
        """Send `piece` and what follows it. Each piece of an answer passes here, so that it takes no further calls."""
        gathered, writer = self._gathered, self._writer
        try:
            while piece is not None:
                if isinstance(piece, str):
                    gathered.append(writer.text(piece))
                else:
                    gathered.append(writer.event(piece))
                if self._crowded or len(gathered) > GATHERED_EVENTS:
                    await self._flush()
                piece = await call_before_wait(stream.read_piece(), self._flush_at_once)
            answer = summarize(stream, question)
            call.usage = answer.usage
            gathered.append(writer.end(answer))
        except ToolkitError as error:
            call.fail(error)
            gathered.append(writer.error(gateway_error(error)))
        await self._flush()

    async def fail(self, error: GatewayError) -> None:
        """End a stream whose head was sent."""
        self._gathered.append(self._writer.error(error))
        await self._flush()
        await self.response.write_eof()

    async def _first_content(self, stream: ChatStream) -> str | ChatEvent | None:
        """The first piece that is something of the answer. Meanwhile, after the grace, the client gets comments."""
        reading = asyncio.ensure_future(self._skip_notices(stream))
        wait = GRACE_SECONDS
        try:
            while True:
                done, _ = await asyncio.wait({reading}, timeout=wait)
                if done:
                    return reading.result()
                await self._begin_head()
                place = stream.place
                await self._write(WAITING if place is None else QUEUED % place)
                wait = COMMENT_SECONDS
        finally:
            if not reading.done():
                reading.cancel()
                with suppress(asyncio.CancelledError, ToolkitError):
                    await reading
            self._last_write = self._time()

    async def _skip_notices(self, stream: ChatStream) -> str | ChatEvent | None:
        while (piece := await stream.read_piece()) is not None:
            if isinstance(piece, Queued) and self.response.prepared:
                await self._write(QUEUED % (piece.position, piece.size))
            if not isinstance(piece, Queued | Status):
                return piece
        return Finished("stop")

    async def _begin_head(self) -> None:
        if not self.response.prepared:
            self._body = await self.response.prepare(self._request)
            self._chunked = self.response.headers.get("Transfer-Encoding") == "chunked"  # not for clients of HTTP/1.0

    async def _begin(self) -> None:
        await self._begin_head()
        self._gathered.append(self._writer.begin())

    def _flush_at_once(self) -> None:
        """Write what has been gathered. The client is not waited for, but `_crowded` says that it has to be.

        This frames the chunks itself, as `StreamResponse.write` would by a dozen calls for each.
        """
        transport = self._request.transport
        if transport is None or transport.is_closing():
            self._crowded = True
            return
        if data := b"".join(self._gathered):
            self._gathered.clear()
            transport.write(b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data)
            self._last_write = self._time()
            self._crowded = transport.get_write_buffer_size() > UNREAD_BYTES

    async def _flush(self) -> None:
        """Write what has been gathered, and wait for a client that has not read what was written before."""
        data = b"".join(self._gathered)
        self._gathered.clear()
        await self._write(data)
        self._crowded = False

    def break_silence(self) -> None:
        """Keep the connection by a comment, if nothing has been written for `COMMENT_SECONDS`."""
        if self._time() - self._last_write < COMMENT_SECONDS:
            return
        transport = self._request.transport
        if transport is not None and not transport.is_closing() and transport.get_write_buffer_size() <= UNREAD_BYTES:
            self._gathered.append(WAITING)
            self._flush_at_once()

    async def _write(self, data: bytes) -> None:
        """Write whole events. Raises `SlowClient` where the client does not read on."""
        self._last_write = self._time()
        transport = self._request.transport
        if transport is None or max(transport.get_write_buffer_size(), len(data)) < UNREAD_BYTES:
            await self.response.write(data)
            return
        try:
            async with asyncio.timeout(WRITE_SECONDS):
                await self.response.write(data)
                if self._body is not None:
                    await self._body.drain()  # which knows of what was written past it, too
        except TimeoutError:
            transport.abort()
            raise SlowClient from None
