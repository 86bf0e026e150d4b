"""Sends an answer as it comes: waits for its beginning, keeps the connection while the site is silent, and ends it with
the end of the answer or with the error.

Until there is something of the answer, a failure is a status of its own, and another site can be asked. That is waited
for `GRACE_SECONDS`; then the head is sent, and comments after it. Comments are part of event streams
(https://html.spec.whatwg.org/multipage/server-sent-events.html#authoring-notes), and clients pass over them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress

from aiohttp import web

from toolkit.chats.events import ChatEvent, Finished, Queued, Status, Text
from toolkit.chats.stream import ChatStream
from toolkit.errors import ToolkitError
from toolkit.gateway.answer_summary import summarize
from toolkit.gateway.burst_reading import Bursts
from toolkit.gateway.call_log import RunningCall
from toolkit.gateway.error_answers import GatewayError, Refused, gateway_error
from toolkit.gateway.protocols import StreamWriter
from toolkit.gateway.question import Question

GRACE_SECONDS = 5.0
COMMENT_SECONDS = 10.0  # of silence, after which a comment is sent
WRITE_SECONDS = 60.0  # for a client to read on
# In our buffer, or in one write, from which on a client may be waited for. Below both, asyncio's transports make no
# writer wait: their marks are 16 and 64 KiB (`asyncio.WriteTransport.set_write_buffer_limits`).
UNREAD_BYTES = 16 * 1024
GATHERED_BYTES = 8 * 1024  # that are written at once, though more of the answer is there already
HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-cache",
    "X-Accel-Buffering": "no",  # nginx sends what it has at once then
}
WAITING = b": waiting\n\n"
CUT = web.AppKey("cut", asyncio.Event)  # set when the server ends what still runs
# Not 503, after which load balancers ask another server: the call may have had an effect.
CUT_OFF = GatewayError(500, "server_error", "shutting_down", "The server ended before the answer did.")


class SlowClient(ConnectionError):
    """A client has not read on for `WRITE_SECONDS`."""


class AnswerStream:
    """One answer on its way to one client. `request` is the client's; `writer` writes the events."""

    def __init__(self, request: web.Request, writer: StreamWriter) -> None:
        self._request, self._writer = request, writer
        self.response = web.StreamResponse(headers=HEADERS)
        self._last_write = 0.0
        self._gathered: list[bytes] = []  # what the next write has
        self._gathered_bytes = 0
        self.started = False  # something of the answer has been sent, so no other site can be asked

    async def send(self, stream: ChatStream, question: Question, call: RunningCall) -> None:
        """Send all of `stream`, and note in `call` what becomes of it. Raises the error of the toolkit's where nothing
        of the answer was sent yet; a later one is the last event."""
        try:
            await self._send(stream, question, call)
        except asyncio.CancelledError:
            cut, task = self._request.app.get(CUT), asyncio.current_task()
            if cut is None or not cut.is_set() or not self.response.prepared or task is None:
                raise
            task.uncancel()
            call.fail(Refused(CUT_OFF))
            await self.fail(CUT_OFF)
        else:
            await self.response.write_eof()

    async def _send(self, stream: ChatStream, question: Question, call: RunningCall) -> None:
        async with stream, aclosing(stream.events()) as events:
            first = await self._first_content(events)
            self.started = True
            call.begin_answer()
            await self._begin()
            keeper = asyncio.create_task(self._keep_alive())
            try:
                await self._send_content(first, events, stream, question, call)
            finally:
                keeper.cancel()
                with suppress(asyncio.CancelledError):
                    await keeper

    async def _send_content(
        self,
        first: ChatEvent,
        events: AsyncGenerator[ChatEvent, None],
        stream: ChatStream,
        question: Question,
        call: RunningCall,
    ) -> None:
        texts: list[str] = []
        try:
            self._gather(first, texts)
            async for event in Bursts(events, self._flush):
                self._gather(event, texts)
                if self._gathered_bytes > GATHERED_BYTES:
                    await self._flush()
            answer = summarize(stream, "".join(texts), question)
            call.usage = answer.usage
            self._add(self._writer.end(answer))
        except ToolkitError as error:
            call.fail(error)
            self._add(self._writer.error(gateway_error(error)))
        await self._flush()

    async def fail(self, error: GatewayError) -> None:
        """End a stream whose head was sent."""
        self._add(self._writer.error(error))
        await self._flush()
        await self.response.write_eof()

    async def _first_content(self, events: AsyncGenerator[ChatEvent, None]) -> ChatEvent:
        """The first event that is something of the answer. Meanwhile, after the grace, the client gets comments."""
        loop = asyncio.get_running_loop()
        reading = asyncio.ensure_future(self._skip_notices(events))
        wait = GRACE_SECONDS
        try:
            while True:
                done, _ = await asyncio.wait({reading}, timeout=wait)
                if done:
                    return reading.result()
                await self._begin_head()
                await self._write(WAITING)
                wait = COMMENT_SECONDS
        finally:
            if not reading.done():
                reading.cancel()
                with suppress(asyncio.CancelledError, ToolkitError):
                    await reading
            self._last_write = loop.time()

    async def _skip_notices(self, events: AsyncGenerator[ChatEvent, None]) -> ChatEvent:
        async for event in events:
            if isinstance(event, Queued) and self.response.prepared:
                await self._write(b": queue position %d of %d\n\n" % (event.position, event.size))
            if not isinstance(event, Queued | Status):
                return event
        return Finished("stop")

    async def _begin_head(self) -> None:
        if not self.response.prepared:
            await self.response.prepare(self._request)

    async def _begin(self) -> None:
        await self._begin_head()
        self._add(self._writer.begin())

    def _gather(self, event: ChatEvent, texts: list[str]) -> None:
        """Have what stands for `event` be a part of the next write."""
        if isinstance(event, Text):
            texts.append(event.text)
            self._add(self._writer.text(event.text))
        else:
            self._add(self._writer.event(event))

    def _add(self, data: bytes) -> None:
        self._gathered.append(data)
        self._gathered_bytes += len(data)

    async def _flush(self) -> None:
        """Write what has been gathered."""
        if self._gathered_bytes:
            data = b"".join(self._gathered)
            self._gathered.clear()
            self._gathered_bytes = 0
            await self._write(data)

    async def _keep_alive(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = self._last_write + COMMENT_SECONDS
            if due <= loop.time():
                await self._write(WAITING)
            await asyncio.sleep(max(0.1, due - loop.time()))

    async def _write(self, data: bytes) -> None:
        """Write whole events. Raises `SlowClient` where the client does not read on."""
        loop = asyncio.get_running_loop()
        self._last_write = loop.time()
        transport = self._request.transport
        if transport is None or max(transport.get_write_buffer_size(), len(data)) < UNREAD_BYTES:
            await self.response.write(data)
            return
        try:
            async with asyncio.timeout(WRITE_SECONDS):
                await self.response.write(data)
        except TimeoutError:
            transport.abort()
            raise SlowClient from None
