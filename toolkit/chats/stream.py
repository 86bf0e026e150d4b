"""What a chat call returns: `ChatStream`, an async iterator of text, with typed events for who wants more."""

from __future__ import annotations

import asyncio
import sys
from asyncio import current_task
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import suppress
from types import TracebackType
from typing import Any

from toolkit.chats.events import ChatEvent, Finished, Piece, Pieces, Text
from toolkit.chats.watchdog import Watchdog
from toolkit.errors import StreamInterrupted, ToolkitError, UsageError

# The attempts at one answer, each of which gives its pieces. How those end is told there, as to a context manager: the
# end of the attempts is that of the answer, an error in them is what has failed.
Attempts = AsyncGenerator[Pieces, None]

# Of streams that are being read. They are held here until they are closed, so that what becomes of a dropped stream is
# decided in one place (`ChatStream.__del__`), and a loop that ends meanwhile still closes them
# (`loop.shutdown_asyncgens`), and with them whatever the provider has to tidy up at its site.
_open: set[Attempts] = set()

_LEFT = "The event loop in which this answer was read has ended."


def _ours(advance: Callable[[], Awaitable[Piece]]) -> Awaitable[Piece]:
    """The first step of a provider's generator. A loop that ends closes all generators that it knows, in any order and
    all at once: it is not to know of this one, which the attempts close. Where they cannot, the loop is closed, and
    with no finalizer the interpreter would run what awaits there."""
    hooks = sys.get_asyncgen_hooks()
    sys.set_asyncgen_hooks(None, _left_alone)
    try:
        return advance()
    finally:
        sys.set_asyncgen_hooks(*hooks)


def _left_alone(_: object) -> None: ...


def _over() -> Awaitable[Piece]:
    """Before an attempt, and when there is no more to come. (No method, or the stream would hold itself.)"""
    raise StopAsyncIteration


async def _close_dropped(attempts: Attempts) -> None:
    try:
        await attempts.aclose()
    finally:
        _open.discard(attempts)


class ChatStream:
    """The answer of one chat call, as it arrives.

    `async for piece in stream` gives `str` pieces. `await stream` opens it: it returns the stream itself once the
    first event is there, so errors of the call show at that line. `async with stream:` closes it at the end, and so
    does dropping it, a little later. All errors are of `toolkit.errors`.

    `watch` keeps to the call's deadlines, and knows what was said so far.
    """

    def __init__(self, attempts: Attempts, watch: Watchdog) -> None:
        self._attempts = attempts
        self._advance: Callable[[], Awaitable[Piece]] = _over
        self._watch = watch
        self._loop: asyncio.AbstractEventLoop | None = None
        self._first: list[Piece] = []
        self._done = False
        self._failed: ToolkitError | None = None
        self._stopping: asyncio.Event | None = None  # which somebody waits for who has interrupted the reader
        self._closing: asyncio.Lock | None = None
        self.finish_reason: str | None = None

    async def _next(self, only_text: bool) -> Any:
        """The next piece; `StopAsyncIteration` at the end. A stream that has failed goes on failing, it never looks
        complete."""
        watch = self._watch
        if watch.reader is not None:
            raise UsageError("Somebody else is reading this stream.", hint="Make one call for each reader.")
        if self._first:
            piece = self._first.pop()
            if isinstance(piece, str) or not only_text:
                return piece
        watch.reader = reader = current_task(self._loop)
        watch.cancellations = 0 if reader is None else reader.cancelling()
        watch.wait_start = watch.time()
        while True:
            if watch.timer_paused:
                watch.resume_timer()
            try:
                piece = await self._advance()
            except BaseException as error:  # noqa: BLE001 - a cancellation too is an end
                reader = None  # which would hold itself, by the error that ends it
                piece = await self._after(error)
            if isinstance(piece, Text):
                piece = piece.text
            if isinstance(piece, str):
                if piece:
                    if not watch.received:
                        watch.pause_timer()
                    watch.received.append(piece)
                    watch.wait_elapsed = 0.0
                    break
            else:
                if isinstance(piece, Finished):
                    watch.finished = True
                    self.finish_reason = piece.reason
                if not only_text:
                    watch.continue_waiting()
                    break
            if watch.interrupted:  # and the provider went on: the deadline is kept again
                self._was_interrupted()
        if watch.interrupted:
            self._was_interrupted()
        watch.reader = None
        return piece

    async def _after(self, error: BaseException) -> Piece:
        """What follows the end, by `error`, of an attempt's pieces: the first one of the next attempt, or the end of
        the answer."""
        try:
            while True:
                gone = isinstance(error, GeneratorExit)  # whoever reads: there is nobody to wait
                if gone or (self._done and isinstance(error, StopAsyncIteration)):  # somebody may be closing them
                    raise self._ended(error)
                try:
                    advance = (await self._attempt(error)).__anext__
                except BaseException as last:  # noqa: BLE001 - as in `_next`
                    if isinstance(last, StopAsyncIteration) and not self._watch.finished:
                        if not self._watch.closed_early:
                            self._advance = _over
                            return Finished("stop")
                        self._failed = StreamInterrupted(_LEFT, hint="Read all of it in one `asyncio.run`.")
                    raise self._ended(last)  # noqa: B904 - what it was, or what follows from it
                if self._done:  # closed meanwhile, and the attempts made nothing of it
                    raise self._ended(StopAsyncIteration())
                self._advance = advance
                try:
                    return await _ours(advance)
                except BaseException as again:  # noqa: BLE001
                    error = again
        finally:
            del error  # which would hold itself, and the stream, by its traceback

    def _attempt(self, error: BaseException) -> Awaitable[Pieces]:
        """The pieces of the next attempt, the one before having ended by `error`."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            _open.add(self._attempts)
        if isinstance(error, StopAsyncIteration):
            return self._attempts.__anext__()
        return self._attempts.athrow(error)

    def _was_interrupted(self) -> bool:
        """A wait is over that a deadline or `aclose` has interrupted; gives whether `aclose` has, and nobody else."""
        self._watch.retract_timeout()
        self._watch.interrupted = False
        if self._stopping is None:
            return False
        self._stopping.set()
        return self._watch.uncancel_reader()

    def _ended(self, error: BaseException) -> BaseException:
        """What the end of the attempts, by `error`, means for the reader."""
        self._done = True
        self._advance = _over
        _open.discard(self._attempts)
        closed = self._watch.interrupted and self._was_interrupted()
        self._watch.reader = None
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
        self._advance = _over
        self._first.clear()
        self._done = True
        reader = self._watch.reader
        if reader is not None and reader is not current_task():
            if self._stopping is None:
                self._stopping = asyncio.Event()
                self._watch.interrupt(reader)
            await self._stopping.wait()
        self._closing = self._closing or asyncio.Lock()
        async with self._closing:
            try:
                await self._attempts.aclose()
            finally:
                _open.discard(self._attempts)

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
            _open.discard(self._attempts)
            return
        try:
            running = asyncio.get_running_loop()
        except RuntimeError:
            running = None
        if running is loop:  # at once, so that it has begun even if the loop ends in this very round
            _start_closing(self._attempts, loop)
        else:
            with suppress(RuntimeError):  # the loop was closed just now, from another thread
                loop.call_soon_threadsafe(_start_closing, self._attempts, loop)


_closing: set[asyncio.Task[None]] = set()


def _start_closing(attempts: Attempts, loop: asyncio.AbstractEventLoop) -> None:
    task = loop.create_task(_close_dropped(attempts))
    _closing.add(task)
    task.add_done_callback(_closing.discard)
