"""What a chat call returns: `ChatStream`, an async iterator of text, with typed events for who wants more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Generator
from contextlib import suppress
from types import TracebackType
from typing import Any, NamedTuple

from toolkit.errors import StreamInterrupted, ToolkitError, UsageError


class Text(NamedTuple):
    """A piece of the answer."""

    text: str


class Queued(NamedTuple):
    """The site has put the call into a queue; position 1 is next. `size` is how many wait."""

    position: int
    size: int


class Finished(NamedTuple):
    """The answer is complete. `reason` is `stop` unless the site says otherwise."""

    reason: str


ChatEvent = Text | Queued | Finished

# The sources of streams that are being read. They are held here until they are closed, so that what becomes of a
# dropped stream is decided in one place (`ChatStream.__del__`), and a loop that ends meanwhile still closes them
# (`loop.shutdown_asyncgens`), and with them whatever the provider has to tidy up at its site.
_open: set[AsyncGenerator[ChatEvent, None]] = set()


async def _close_dropped(source: AsyncGenerator[ChatEvent, None]) -> None:
    try:
        await source.aclose()
    finally:
        _open.discard(source)


class ChatStream:
    """The answer of one chat call, as it arrives.

    `async for piece in stream` gives `str` pieces. `await stream` opens it: it returns the stream itself once the
    first event is there, so errors of the call show at that line. `async with stream:` closes it at the end, and so
    does dropping it, a little later. All errors are of `toolkit.errors`.
    """

    def __init__(self, source: AsyncGenerator[ChatEvent, None]) -> None:
        self._source = source
        self._loop: asyncio.AbstractEventLoop | None = None
        self._first: list[ChatEvent] = []
        self._done = False
        self._failed: ToolkitError | None = None
        self._reader: asyncio.Task[Any] | None = None
        self._stopping: asyncio.Event | None = None
        self.finish_reason: str | None = None

    async def _next(self) -> ChatEvent | None:
        """The next event; None at the end. A stream that has failed goes on failing: it never looks complete."""
        if self._first:
            return self._first.pop()
        if self._failed is not None:
            raise self._failed
        if self._done:
            return None
        if self._reader is not None:
            raise UsageError("Somebody else is reading this stream.", hint="Make one call for each reader.")
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            _open.add(self._source)
        self._reader = reader = asyncio.current_task()
        try:
            event = await anext(self._source)
        except StopAsyncIteration:
            self._end()
            return None
        except asyncio.CancelledError:
            self._end()
            if self._stopping is None:
                self._failed = StreamInterrupted("The reading of this answer was cancelled.")
                raise
            if reader is not None:
                reader.uncancel()  # it was `aclose` that wanted this, not whoever owns the task
            return None
        except BaseException as error:
            self._end()
            self._failed = error if isinstance(error, ToolkitError) else None
            raise
        finally:
            self._reader = None
            if self._stopping is not None:
                self._stopping.set()
        if isinstance(event, Finished):
            self.finish_reason = event.reason
        return event

    def _end(self) -> None:
        self._done = True
        _open.discard(self._source)

    def __await__(self) -> Generator[Any, None, ChatStream]:
        return self._open().__await__()

    async def _open(self) -> ChatStream:
        if not self._first and (event := await self._next()) is not None:
            self._first.append(event)
        return self

    def __aiter__(self) -> ChatStream:
        return self

    async def __anext__(self) -> str:
        while (event := await self._next()) is not None:
            if isinstance(event, Text):
                return event.text
        raise StopAsyncIteration

    async def events(self) -> AsyncIterator[ChatEvent]:
        """Everything that happens: text, the place in the site's queue, and the end."""
        while (event := await self._next()) is not None:
            yield event

    async def text(self) -> str:
        """The rest of the answer as one text. The stream is closed afterwards, also on an error."""
        async with self:
            return "".join([piece async for piece in self])

    async def aclose(self) -> None:
        """Close the connection and let the provider tidy up at its site. More than once is fine, and so is another task
        than the one that reads: for that one the stream ends."""
        if self._reader is not None and self._reader is not asyncio.current_task():
            self._stopping = self._stopping or asyncio.Event()
            self._reader.cancel()
            await self._stopping.wait()
        self._first.clear()
        self._done = True
        try:
            await self._source.aclose()
        finally:
            _open.discard(self._source)

    async def __aenter__(self) -> ChatStream:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __del__(self) -> None:
        loop = self._loop
        if self._done or loop is None:
            return
        if loop.is_closed():
            _open.discard(self._source)
            return
        try:
            running = asyncio.get_running_loop()
        except RuntimeError:
            running = None
        if running is loop:  # at once, so that it has begun even if the loop ends in this very round
            _start_closing(self._source, loop)
        else:
            with suppress(RuntimeError):  # the loop was closed just now, from another thread
                loop.call_soon_threadsafe(_start_closing, self._source, loop)


_closing: set[asyncio.Task[None]] = set()


def _start_closing(source: AsyncGenerator[ChatEvent, None], loop: asyncio.AbstractEventLoop) -> None:
    task = loop.create_task(_close_dropped(source))
    _closing.add(task)
    task.add_done_callback(_closing.discard)
