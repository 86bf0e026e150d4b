"""What a chat call returns: `ChatStream`, an async iterator of text, with typed events for who wants more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import suppress
from types import TracebackType, coroutine
from typing import Any, NamedTuple

from toolkit.deadlines import Deadlines, Watch
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

# What a provider and the client give: text as it is, and events.
Piece = str | ChatEvent

# The sources of streams that are being read. They are held here until they are closed, so that what becomes of a
# dropped stream is decided in one place (`ChatStream.__del__`), and a loop that ends meanwhile still closes them
# (`loop.shutdown_asyncgens`), and with them whatever the provider has to tidy up at its site.
_open: set[AsyncGenerator[Piece, None]] = set()


async def _close_dropped(source: AsyncGenerator[Piece, None]) -> None:
    try:
        await source.aclose()
    finally:
        _open.discard(source)


class ChatStream:
    """The answer of one chat call, as it arrives.

    `async for piece in stream` gives `str` pieces. `await stream` opens it: it returns the stream itself once the
    first event is there, so errors of the call show at that line. `async with stream:` closes it at the end, and so
    does dropping it, a little later. All errors are of `toolkit.errors`.

    `watch` keeps to the call's deadlines: it is told when the reader begins to wait, and when it waits no more.
    """

    def __init__(self, source: AsyncGenerator[Piece, None], watch: Watch | None = None) -> None:
        self._source = source
        self._advance: Callable[[], Awaitable[Piece]] = self._begin
        self._watch = watch or Watch(Deadlines())
        self._loop: asyncio.AbstractEventLoop | None = None
        self._first: list[Piece] = []
        self._done = False
        self._failed: ToolkitError | None = None
        self._reader: asyncio.Task[Any] | None = None
        self._stopping: asyncio.Event | None = None  # which somebody waits for who has interrupted the reader
        self._closing: asyncio.Lock | None = None
        self.finish_reason: str | None = None

    @coroutine
    def _next(self, only_text: bool) -> Generator[Any, Any, Any]:
        """The next piece; `StopAsyncIteration` at the end. A stream that has failed goes on failing, it never looks
        complete.

        Much of an answer is there already when it is asked for, several pieces of one packet. So the source is run by
        hand: a piece for which nothing has to be waited for costs no task and no timer.
        """
        if self._reader is not None:
            raise UsageError("Somebody else is reading this stream.", hint="Make one call for each reader.")
        while True:
            if self._first:
                piece = self._first.pop()
            else:
                waited = False
                try:
                    step: Any = self._advance()
                    try:
                        waits_for = step.send(None)
                        waited = True
                        self._reader = reader = asyncio.current_task()
                        self._watch.waits(reader)
                        while True:
                            try:
                                sent = yield waits_for
                            except GeneratorExit:
                                step.close()
                                raise
                            except BaseException as error:  # noqa: BLE001 - as `await` does
                                waits_for = step.throw(error)
                            else:
                                waits_for = step.send(sent)
                    except StopIteration as given:
                        piece = given.value
                    if waited:
                        self._reader = None
                        if self._stopping is not None:
                            self._stopped(self._stopping)
                        self._watch.waits_no_more()
                except BaseException as error:  # noqa: BLE001 - a cancellation too is an end
                    raise self._ended(error)  # noqa: B904 - what it was, or what follows from it
            if isinstance(piece, str):
                return piece
            if isinstance(piece, Finished):
                self.finish_reason = piece.reason
            if not only_text:
                return piece

    def _begin(self) -> Awaitable[Piece]:
        self._loop = asyncio.get_running_loop()
        _open.add(self._source)
        self._advance = self._source.__anext__
        return self._advance()

    def _stopped(self, stopping: asyncio.Event) -> bool:
        """A wait that `aclose` has interrupted is over; gives whether nobody else wanted that."""
        stopping.set()
        return self._watch.taken_back()

    def _ended(self, error: BaseException) -> BaseException:
        """What the end of the source, by `error`, means for the reader."""
        self._done = True
        _open.discard(self._source)
        closed = False
        if self._reader is not None:
            self._reader = None
            closed = self._stopping is not None and self._stopped(self._stopping)
            self._watch.waits_no_more()
        if isinstance(error, StopAsyncIteration):
            return self._failed or error
        if isinstance(error, ToolkitError):
            self._failed = error
        elif not isinstance(error, asyncio.CancelledError):
            self._failed = StreamInterrupted(f"The reading of this answer has failed ({type(error).__name__}).")
        elif closed:
            return StopAsyncIteration()
        else:
            self._failed = StreamInterrupted("The reading of this answer was cancelled.")
        return error

    def _over(self) -> Awaitable[Piece]:
        """What there is to read of a stream that somebody has closed, or is closing."""
        raise StopAsyncIteration

    def __await__(self) -> Generator[Any, None, ChatStream]:
        return self._opened().__await__()

    async def _opened(self) -> ChatStream:
        if not self._first:
            with suppress(StopAsyncIteration):
                self._first.append(await self._next(False))
        return self

    def __aiter__(self) -> ChatStream:
        return self

    def __anext__(self) -> Awaitable[str]:
        return self._next(True)

    async def events(self) -> AsyncGenerator[ChatEvent, None]:
        """Everything that happens: text, the place in the site's queue, and the end."""
        while True:
            try:
                piece = await self._next(False)
            except StopAsyncIteration:
                return
            yield Text(piece) if isinstance(piece, str) else piece

    async def text(self) -> str:
        """The rest of the answer as one text. The stream is closed afterwards, also on an error."""
        async with self:
            return "".join([piece async for piece in self])

    async def aclose(self) -> None:
        """Close the connection and let the provider tidy up at its site. More than once is fine, also at once; so is
        another task than the one that reads: for that one the stream ends."""
        self._advance = self._over
        self._first.clear()
        self._done = True
        if self._reader is not None and self._reader is not asyncio.current_task():
            if self._stopping is None:
                self._stopping = asyncio.Event()
                self._reader.cancel()
            await self._stopping.wait()
        self._closing = self._closing or asyncio.Lock()
        async with self._closing:
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


def _start_closing(source: AsyncGenerator[Piece, None], loop: asyncio.AbstractEventLoop) -> None:
    task = loop.create_task(_close_dropped(source))
    _closing.add(task)
    task.add_done_callback(_closing.discard)
