"""`ChatStream`, which every chat call returns: an async iterator of text that can give typed events too.

Three parts share one call. The **stream** faces the caller. The **attempts** (`toolkit.client.attempts`) are an async
generator that yields the provider's pieces, once for each attempt at the answer: a second attempt follows where the
session had expired and was renewed. The **watchdog** (`toolkit.chats.watchdog`) enforces the deadlines.

    caller             ChatStream                         attempts                          Watchdog
    ──────             ──────────                         ────────                          ────────
    anext(stream) ───▶ notes who waits, since when ───────────────────────────────────────▶ `reader`, `wait_start`
                       no attempt runs: asks for one ───▶ enters enforce_deadlines() ─────▶ sets its timer
                                                   ◀───── yields the provider's pieces
                       awaits the next piece
    the piece ◀─────── clears the reader ─────────────────────────────────────────────────▶ no time counts

    A deadline passes while the caller waits:
                       the await is cancelled ◀──────────────────────────────────────────── cancels the reader's task
                       throws the cancellation into ────▶ leaves enforce_deadlines() ─────▶ raises StreamTimeout
    StreamTimeout ◀─── is FAILED ◀─────────────────────── ends with that error

    The provider fails, or has no more pieces:
                       throws the error into, or resumes, the attempts
                       reads on ◀──────────────────────── yields the pieces of another attempt
    the error ◀─────── is FAILED, or COMPLETE ◀────────── or ends, with that error or without one

    aclose() ────────▶ is CLOSED; interrupts a reader ────────────────────────────────────▶ cancels its task
                       waits for that reader's end; closes the attempts

The stream's `State` follows from what is asked of it and from how the attempts end:

    NEW ──first read──▶ OPEN ──attempts return──▶ COMPLETE
     │                  │  └───attempts raise───▶ FAILED: every later read raises the same error
     └─────aclose()─────┴──▶ CLOSED: every later read raises `StreamInterrupted`, if the end had not been told
"""

from __future__ import annotations

import asyncio
from asyncio import current_task
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from enum import Enum
from types import TracebackType
from typing import Any

from toolkit.chats.events import (
    ChatEvent,
    Finished,
    KeepAlive,
    Media,
    Piece,
    Pieces,
    Queued,
    Source,
    Text,
    ToolCall,
    Usage,
)
from toolkit.chats.generator_finalization import close_dropped, hide_from_loop, hold, release
from toolkit.chats.truncation import truncation_error
from toolkit.chats.watchdog import Watchdog
from toolkit.errors import AnswerTruncated, StreamInterrupted, ToolkitError, UsageError

# Yields the pieces of each attempt at the answer. The error that ends an attempt's pieces is thrown into the generator;
# where they end without one, it is resumed. When it returns, the answer is complete; what it raises fails the call.
Attempts = AsyncGenerator[Pieces, None]


class State(Enum):
    """What has become of a stream. The module's docstring draws how one state follows another."""

    NEW = "nothing was read yet"
    OPEN = "the attempts are running"
    CLOSED = "aclose() was called before the end"
    COMPLETE = "the attempts have returned"
    FAILED = "the attempts have raised an error"


def _no_piece() -> Awaitable[Piece]:
    """Takes the place of `__anext__` of an attempt's pieces while no attempt is running.

    It is not a method: a bound one would make the stream refer to itself, and so outlive its last user.
    """
    raise StopAsyncIteration


class ChatStream:
    """The answer of one chat call, as it arrives.

    `async for piece in stream` gives `str` pieces. `await stream` opens it: it returns the stream itself once the
    first event is there, so errors of the call show at that line. `async with stream:` closes it at the end. A stream
    that is dropped is closed too, a little later. All errors are of `toolkit.errors`; `.text` is what had come.
    A stream that is closed before its end, by whomever, raises `StreamInterrupted` for who reads on.

    `finish_reason` is None until the end of the answer. `usage`, `reasoning`, `tool_calls`, `sources`, `media`,
    `model` and `chat_id` tell what has come of them so far.

    `attempts` is not started before the first read. `watch` enforces the call's deadlines and collects what comes; the
    attempts use the same one. `provider` is the name that errors give. `length_limited` says that the caller has
    limited the answer's length.
    """

    def __init__(
        self, attempts: Attempts, watch: Watchdog, *, provider: str | None = None, length_limited: bool = False
    ) -> None:
        self._provider = provider
        self._length_limited = length_limited
        self._state = State.NEW
        self._failure: ToolkitError | None = None  # in state FAILED
        self._attempts = attempts
        self._advance: Callable[[], Awaitable[Piece]] = _no_piece  # `__anext__` of the running attempt's pieces
        self._watch = watch
        self._loop: asyncio.AbstractEventLoop | None = None  # from the first read on
        self._unread: list[Piece] = []  # the event that `await stream` has waited for
        self._reader_stopped: asyncio.Event | None = None  # set once the reader that `aclose` interrupted has stopped
        self._close_lock: asyncio.Lock | None = None  # from the first `aclose` on

    async def _next(self, only_text: bool, raise_at_end: bool = True) -> Any:
        """Return the next piece, as `str` if it is text. At the end, raises `StopAsyncIteration` or returns None.

        This runs once per piece: what it does for the watchdog is written out, because method calls would cost as much
        as all the rest.
        """
        watch = self._watch
        if watch.reader is not None:
            raise UsageError("Somebody else is reading this stream.", hint="Make one call for each reader.")
        if self._unread:
            piece = self._unread.pop()
            if isinstance(piece, str) or not only_text:
                return piece
        watch.reader = reader = current_task(self._loop)
        watch.cancellations = 0 if reader is None else reader.cancelling()
        watch.wait_start = watch.time()
        ended: BaseException | None = None
        while True:
            if watch.timer_paused:
                watch.resume_timer()
            try:
                piece = await self._advance()
            except BaseException as error:  # noqa: BLE001 - a cancellation ends the attempt too
                ended = error
            if ended is not None:  # not in the handler, since a next error would have this one as its context
                reader = None  # the error's traceback holds this frame, and the task would hold the error
                try:
                    piece = await self._first_piece_after(ended)
                except StopAsyncIteration:
                    if raise_at_end:
                        raise
                    return None
                finally:
                    ended = None
            if isinstance(piece, Text):
                piece = piece.text
            if isinstance(piece, str):
                if piece:
                    received = watch.received
                    if not received:
                        watch.pause_timer()
                    received.append(piece)
                    if len(received) == watch.join_at:
                        watch.join_last_texts()
                    watch.wait_elapsed = 0.0
                    break
                watch.note_keep_alive()  # a frame without text, as good as one that says nothing
            elif isinstance(piece, KeepAlive):
                watch.note_keep_alive()
            else:
                self._note_event(piece)
                if not only_text:
                    watch.continue_waiting()
                    break
            if watch.interrupted:  # the provider ignored the interruption, and the reader waits on: so do the deadlines
                self._end_interruption()
        if watch.interrupted:
            self._end_interruption()
        watch.reader = None
        return piece

    def _note_event(self, event: ChatEvent) -> None:
        """Note what an event that is no text says of the answer, and that the site is alive."""
        if isinstance(event, Finished):
            self._watch.finish_reason = event.reason
        elif not isinstance(event, Queued):
            self._watch.details.add(event)
            self._watch.note_sign_of_life()

    async def _first_piece_after(self, error: BaseException) -> Piece:
        """Return the first piece of the attempt that follows one whose pieces ended by `error`.

        Raises what the reader gets where no attempt follows: `StopAsyncIteration` or the error of the call.
        """
        try:
            while True:
                if self._is_last(error):
                    raise self._finish(error)
                try:
                    advance = (await self._next_attempt(error)).__anext__
                except BaseException as last:  # noqa: BLE001 - as in `_next`
                    if isinstance(last, StopAsyncIteration) and self._watch.finish_reason is None:
                        if not self._watch.closed_early:
                            self._advance = _no_piece
                            return Finished("stop")  # the site has given no reason
                        what = "The event loop in which this answer was read has ended."
                        hint = "Read all of it in one `asyncio.run`."
                        self._enter(State.FAILED, self.interrupted(what, hint=hint))
                    raise self._finish(last)  # noqa: B904 - it is `last` itself, or what `last` means
                if self._state is not State.OPEN:  # `aclose` was called meanwhile, and the attempts ignored it
                    raise self._finish(StopAsyncIteration())
                self._advance = advance
                try:
                    return await hide_from_loop(advance)
                except BaseException as again:  # noqa: BLE001
                    error = again
        finally:
            del error  # its traceback holds this frame, which would keep the stream alive

    def _is_last(self, error: BaseException) -> bool:
        """Whether no attempt is asked for after `error`: the reader itself was closed, so nobody would wait for one, or
        the stream has ended, and another task may be closing the attempts."""
        if isinstance(error, GeneratorExit):
            return True
        return isinstance(error, StopAsyncIteration) and self._state not in (State.NEW, State.OPEN)

    def _next_attempt(self, error: BaseException) -> Awaitable[Pieces]:
        """Ask for the pieces of the next attempt, after one that ended by `error` (`StopAsyncIteration` at first)."""
        if self._state is State.NEW:
            self._state = State.OPEN
            self._loop = asyncio.get_running_loop()
            hold(self._attempts)
        if isinstance(error, StopAsyncIteration):
            return self._attempts.__anext__()
        return self._attempts.athrow(error)

    def _end_interruption(self) -> bool:
        """Note that the reader, which a deadline or `aclose` has interrupted, waits no more.

        Returns whether `aclose` interrupted it and nobody else has cancelled its task.
        """
        self._watch.end_interruption()
        if self._reader_stopped is None:
            return False
        self._reader_stopped.set()
        return self._watch.uncancel_reader()

    def _finish(self, error: BaseException) -> BaseException:
        """Enter the state that the end of the attempts by `error` leads to. Returns what the reader gets for it."""
        release(self._attempts)
        closed = self._watch.interrupted and self._end_interruption()
        self._watch.reader = None
        if isinstance(error, StopAsyncIteration) or (closed and isinstance(error, asyncio.CancelledError)):
            if self._state is State.CLOSED and self._watch.finish_reason is None:
                return self.interrupted("This answer was closed before its end.")
            self._enter(State.COMPLETE)
            return self._failure or StopAsyncIteration()
        if isinstance(error, ToolkitError):
            error.text = error.text or self.received
            self._enter(State.FAILED, error)
        elif isinstance(error, asyncio.CancelledError):
            self._enter(State.FAILED, self.interrupted("The reading of this answer was cancelled."))
        else:
            what = f"The reading of this answer has failed ({type(error).__name__})."
            self._enter(State.FAILED, self.interrupted(what))
        return error

    def interrupted(self, what: str, *, hint: str | None = None) -> StreamInterrupted:
        """The error for an answer that broke off, `what` says how, with the text so far."""
        error = StreamInterrupted(what, provider=self._provider, hint=hint)
        error.text = self.received
        return error

    def _enter(self, state: State, failure: ToolkitError | None = None) -> None:
        """Enter CLOSED, COMPLETE or FAILED: no piece is asked for any more. Only FAILED replaces one of these three."""
        self._advance = _no_piece
        if state is State.FAILED or self._state in (State.NEW, State.OPEN):
            self._state = state
            self._failure = failure

    def __await__(self) -> Generator[Any, None, ChatStream]:
        return self._open().__await__()

    async def _open(self) -> ChatStream:
        if not self._unread and (piece := await self.read_piece()) is not None:
            self._unread.append(piece)
        return self

    def __aiter__(self) -> ChatStream:
        return self

    def __anext__(self) -> Awaitable[str]:
        return self._next(True)

    async def events(self) -> AsyncGenerator[ChatEvent, None]:
        """Everything that the site says: text, reasoning, sources, its queue and so on, and the end."""
        while (piece := await self.read_piece()) is not None:
            yield Text(piece) if isinstance(piece, str) else piece

    def read_piece(self) -> Awaitable[str | ChatEvent | None]:
        """The next one of `events()`, with text as it is; None at the end."""
        return self._next(False, raise_at_end=False)

    async def text(self, *, allow_truncated: bool = False) -> str:
        """The rest of the answer as one text: all of it, where nothing was read before. The stream is closed
        afterwards, also on an error.

        Raises `AnswerTruncated` for an answer that the site has cut (see `finish_reason`), unless `allow_truncated`, or
        where it was cut at the length that the caller has set with `max_tokens`.
        """
        async with self:
            text = "".join([piece async for piece in self])
        if not allow_truncated and (error := self.truncation()) is not None:
            raise error
        return text

    def truncation(self) -> AnswerTruncated | None:
        """The error for an answer that the site has cut; None for one that is whole, or as long as it was to be."""
        if self._length_limited and self.finish_reason == "length":
            return None
        return truncation_error(self.finish_reason, self._watch.received, self._provider)

    @property
    def received(self) -> str:
        """The text that has come so far."""
        return "".join(self._watch.received)

    @property
    def finish_reason(self) -> str | None:
        """Why the answer ended: `stop`, `length`, `content_filter`, `tool_calls`, `refusal` or the site's own word."""
        return self._watch.finish_reason

    @property
    def usage(self) -> Usage | None:
        """What the answer cost, as the site tells it."""
        return self._watch.details.usage

    @property
    def reasoning(self) -> str:
        """What the model has thought so far."""
        return self._watch.details.reasoning

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The functions that the model asks the caller to run."""
        return self._watch.details.tool_calls

    @property
    def sources(self) -> tuple[Source, ...]:
        """What the answer rests on."""
        return self._watch.details.sources

    @property
    def media(self) -> tuple[Media, ...]:
        """The pictures and files of the answer."""
        return self._watch.details.media

    @property
    def model(self) -> str | None:
        """The model that the site has chosen itself; None where it has not."""
        return self._watch.details.model

    @property
    def chat_id(self) -> str | None:
        """The conversation in the person's history at the site that this turn was saved in; None where it was not."""
        return self._watch.details.chat_id

    @property
    def place(self) -> tuple[int, int] | None:
        """Where the call waits in the line of its account (1 is next), and how many do; None where it does not wait."""
        return self._watch.place

    async def aclose(self) -> None:
        """Close the connection and let the provider clean up at its site.

        It may be called several times, also at once, and by another task than the one that reads: for the reader the
        stream then ends.
        """
        self._enter(State.CLOSED)
        self._unread.clear()
        reader = self._watch.reader
        if reader is not None and reader is not current_task():
            if self._reader_stopped is None:
                self._reader_stopped = asyncio.Event()
                self._watch.interrupt(reader)
            await self._reader_stopped.wait()
        self._close_lock = self._close_lock or asyncio.Lock()
        async with self._close_lock:
            try:
                await self._attempts.aclose()
            finally:
                release(self._attempts)

    async def __aenter__(self) -> ChatStream:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __del__(self) -> None:
        if self._state is State.OPEN and self._loop is not None:
            close_dropped(self._attempts, self._loop)
