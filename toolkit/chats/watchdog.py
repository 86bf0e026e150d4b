"""`Watchdog`: enforces the deadlines of one call with a single timer."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from toolkit.chats.deadlines import Deadlines
from toolkit.chats.details import AnswerDetails
from toolkit.chats.total_deadline import within_total
from toolkit.errors import StreamInterrupted, StreamTimeout, deadline_hint

WHAT_FAILED = {
    "first_piece": "The site sent nothing of its answer",
    "between_pieces": "The site sent no more of its answer",
    "total": "The site did not complete its answer",
}

LOST_TURN = (
    "This process stood still, or its store did not answer, for so long that another call may use the account by now."
)

# Texts after which the last ones become one: a word takes 90 bytes by itself, and an answer has thousands.
TEXTS_APART = 8

log = logging.getLogger("toolkit")

T = TypeVar("T")


class Watchdog:
    """Enforces the `Deadlines` of one call, and knows what has come of it: the text `received` so far, the `details`
    besides it, and why it ended.

    The call's `ChatStream` and its attempts (`toolkit.client.attempts`) share it; `toolkit.chats.stream` draws how the
    three work together. The stream sets `reader` (the task that waits for a piece), the number of `cancellations` that
    were requested of that task before, and `wait_start`; it clears `reader` when the wait is over. It writes these
    fields itself, since a method call for each piece would cost as much as all the rest. The attempts run the provider
    inside `enforce_deadlines`. Only there does a wait that is too long interrupt the reader. The time that the reader
    takes between two pieces counts for the deadline `total` only.

    The timer is not moved with each piece. When it is up, it is set again if no deadline has passed.
    """

    __slots__ = (
        "__weakref__",
        "_deadlines",
        "_enforcing",
        "_loop",
        "_lost_turn",
        "_only_alive_after",
        "_only_alive_since",
        "_passed",
        "_timer",
        "_total_due",
        "cancellations",
        "closed_early",
        "details",
        "finish_reason",
        "interrupted",
        "join_at",
        "place",
        "reader",
        "received",
        "time",
        "timer_paused",
        "wait_elapsed",
        "wait_start",
    )

    def __init__(self, deadlines: Deadlines) -> None:
        self._deadlines = deadlines
        self._loop: asyncio.AbstractEventLoop
        self.time: Callable[[], float] = time.monotonic
        self.received: list[str] = []
        self.join_at = TEXTS_APART  # the length of `received` at which `join_last_texts` has to be called
        self.details = AnswerDetails()
        self.finish_reason: str | None = None  # None before the end
        # The wait for a piece; times are in seconds of `time`.
        self.reader: asyncio.Task[Any] | None = None  # None while nobody waits
        self.cancellations = 0
        self.wait_start = 0.0
        self.wait_elapsed = 0.0  # how long the reader has waited for the same piece before `wait_start`
        self._only_alive_since = 0.0  # since when nothing but keep-alives has come...
        self._only_alive_after = -1  # ... if no text has come after this number of texts; -1 if they have not begun
        self.place: tuple[int, int] | None = None  # in the line of the account, and its length, while the call waits
        self.interrupted = False  # from `interrupt` to `end_interruption`
        # The block of `enforce_deadlines`.
        self._enforcing = False
        self.closed_early = False  # the attempts were closed inside the block, before they ended by themselves
        # The timer.
        self.timer_paused = False  # whether `resume_timer` has to be called when somebody waits again
        self._timer: asyncio.TimerHandle | None = None
        self._total_due: float | None = None  # when the whole call has to end
        self._lost_turn = False
        self._passed: tuple[str, float] | None = None  # the deadline that interrupted the reader, and its seconds

    def start_total(self) -> None:
        """Begin the time of the whole call, unless it has begun: a second attempt belongs to the same call."""
        self._loop = asyncio.get_running_loop()
        self.time = self._loop.time
        if self._total_due is None and self._deadlines.total is not None:
            self._total_due = self.time() + self._deadlines.total

    async def within_total(self, work: Awaitable[T]) -> T:
        """Await `work`, which comes before the answer, such as a visit. Raises `StreamTimeout` if the whole call takes
        too long by that."""
        self.start_total()
        if self._total_due is None:
            return await work
        async with within_total(self._deadlines.total, self._total_due):
            return await work

    def enforce_deadlines(self) -> Watchdog:
        """For `with`, around what the site answers. Leaving it raises `StreamTimeout` if a deadline has passed."""
        self.start_total()
        self.wait_start, self.wait_elapsed = self.time(), 0.0
        self._enforcing = True
        self._set_timer(self._due())
        return self

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self._set_timer(None)
        self._enforcing = self.timer_paused = False
        self.closed_early = isinstance(error, GeneratorExit)
        passed = self._passed
        if passed is None or not isinstance(error, asyncio.CancelledError):
            return
        self._passed = None
        if self.uncancel_reader():
            if self._lost_turn:
                raise StreamInterrupted(LOST_TURN, hint="Ask again.") from None
            name, seconds = passed
            text = f"{WHAT_FAILED[name]} within {seconds:g} s (deadline `{name}`)."
            raise StreamTimeout(text, deadline=name, seconds=seconds, hint=deadline_hint(name)) from None

    def note_place(self, position: int, size: int) -> None:
        """Note where in the line of its account the call waits."""
        self.place = position, size

    def end_for_lost_turn(self) -> None:
        """Have the answer end by an error, since another call may use the account by now: at once where somebody waits
        for a piece, else when somebody does next. One whose end has come is whole."""
        self._lost_turn = True
        if self._enforcing and not self.timer_paused:
            self._set_timer(self._due())

    def note_sign_of_life(self) -> None:
        """Note that something of the answer has come, though no text: the wait for a piece begins anew."""
        self.wait_start, self.wait_elapsed = self.time(), 0.0
        self._only_alive_after = -1

    def join_last_texts(self) -> None:
        """Keep the last `TEXTS_APART` of the texts that were received as one."""
        self.received[-TEXTS_APART:] = ("".join(self.received[-TEXTS_APART:]),)
        self.join_at = len(self.received) + TEXTS_APART
        self._only_alive_after = -1  # it is a number of texts, which begins anew

    def note_keep_alive(self) -> None:
        """Note that bytes without a meaning have come: the wait begins anew, until `keep_alives` is used up."""
        now, limit = self.time(), self._deadlines.keep_alives
        if self._only_alive_after != len(self.received):
            self._only_alive_since = self.wait_start - self.wait_elapsed
            self._only_alive_after = len(self.received)
        if limit is None or now - self._only_alive_since < limit:
            self.wait_start, self.wait_elapsed = now, 0.0

    def continue_waiting(self) -> None:
        """Note that the reader got an event and no text: its next wait is for the same piece."""
        self.wait_elapsed += self.time() - self.wait_start

    def interrupt(self, reader: asyncio.Task[Any]) -> None:
        """Cancel the reader's task. `uncancel_reader` has to follow, since only we have cancelled it."""
        self.interrupted = True
        reader.cancel()

    def end_interruption(self) -> None:
        """Note that the interrupted reader waits no more.

        If a deadline had interrupted it and the provider did not pass the cancellation on, that is taken back.
        """
        self.interrupted = False
        if self._passed is not None:
            self._passed = None
            self.timer_paused = self._enforcing
            self.uncancel_reader()

    def uncancel_reader(self) -> bool:
        """Take back one cancellation of the reader's task. Returns whether nobody else has cancelled the task since it
        began to wait."""
        return self.reader is not None and self.reader.uncancel() <= self.cancellations

    def reader_gone(self) -> bool:
        """Whether nobody waits any more: there is no reader, or its task was cancelled while it waited."""
        return self.reader is None or self.reader.cancelling() > self.cancellations

    def pause_timer(self) -> None:
        """Stop the timer, since the first piece is there and the next deadline may be an earlier one."""
        self._set_timer(None)
        self.timer_paused = True

    def resume_timer(self) -> None:
        """Set the timer again, since somebody waits again."""
        self.timer_paused = False
        self._set_timer(self._due())

    def _due(self) -> float | None:
        """When the present wait has to end, in seconds of `time`; None is never."""
        if self._lost_turn and self.finish_reason is None:
            return self.wait_start
        limit = self._deadlines.between_pieces if self.received else self._deadlines.first_piece
        if limit is None:
            return self._total_due
        due = self.wait_start + limit - self.wait_elapsed
        return due if self._total_due is None else min(due, self._total_due)

    def _set_timer(self, when: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if when is None else self._loop.call_at(when, self._on_timer)

    def _on_timer(self) -> None:
        """Interrupt the reader if its wait is too long; else set the timer again."""
        self._timer = None
        if self.reader is None:
            self.timer_paused = True
            return
        due = self._due()
        if due is None or due > self.time():
            self._set_timer(due)
            return
        name = "total" if due == self._total_due else "between_pieces" if self.received else "first_piece"
        self._passed = name, getattr(self._deadlines, name) or 0.0
        log.debug("deadline `%s` (%g s) has passed: interrupting the reader", *self._passed)
        self.interrupt(self.reader)
