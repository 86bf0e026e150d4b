"""Keeps the deadlines of one call, by a single timer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from toolkit.chats.deadlines import Deadlines
from toolkit.errors import StreamTimeout


class Watchdog:
    """Watches over one call: what was `received` so far, whether it has `finished`, and that the deadlines are kept, by
    a single timer.

    Who begins to wait for a piece sets `reader`, its task, the `cancellations` that it had before, and `wait_start`.
    (This and the rest of what is done for each piece are no calls, because they would cost as much as everything else.)
    Where the wait is too long inside `enforce_deadlines`, the reader is interrupted. Time that it takes itself does
    not count, but in the total.
    """

    def __init__(self, deadlines: Deadlines) -> None:
        self._deadlines = deadlines
        self._loop: asyncio.AbstractEventLoop
        self.time: Callable[[], float] = time.monotonic
        self.received: list[str] = []
        self.finished = False
        self.reader: asyncio.Task[Any] | None = None  # while it waits
        self.cancellations = 0
        self.wait_start = 0.0
        self.wait_elapsed = 0.0  # for the same piece, before `wait_start`
        self.interrupted = False
        self._enforcing = False
        self.closed_early = False  # the answer was closed before its end
        self._end: float | None = None  # of the whole call
        self.timer_paused = False  # the timer is not set, and has to be when somebody waits for what the site answers
        self._timer: asyncio.TimerHandle | None = None
        self._passed: tuple[str, float] | None = None

    def enforce_deadlines(self) -> Watchdog:
        """For `with`, around what the site answers. Leaving it raises `StreamTimeout` where a deadline has passed."""
        self._loop = asyncio.get_running_loop()
        self.time = self._loop.time
        self.wait_start, self.wait_elapsed = self.time(), 0.0
        if self._end is None and self._deadlines.total is not None:  # a second try is of the same call
            self._end = self.wait_start + self._deadlines.total
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
            name, seconds = passed
            text = f"The site sent no more of its answer within {seconds:g} s (deadline `{name}`)."
            raise StreamTimeout(text, deadline=name, seconds=seconds) from None

    def continue_waiting(self) -> None:
        """What the reader got was no piece of the answer: the waiting for one goes on when it asks again."""
        self.wait_elapsed += self.time() - self.wait_start

    def interrupt(self, reader: asyncio.Task[Any]) -> None:
        """Have the reader wait no more. Whoever does this calls `uncancel_reader` afterwards."""
        self.interrupted = True
        reader.cancel()

    def uncancel_reader(self) -> bool:
        """Take back one cancellation of the reader's task, which was ours; whether nobody else has cancelled it since
        it began to wait."""
        return self.reader is not None and self.reader.uncancel() <= self.cancellations

    def reader_gone(self) -> bool:
        """Whether nobody waits any more: the reader is gone, or was cancelled while it waited."""
        return self.reader is None or self.reader.cancelling() > self.cancellations

    def retract_timeout(self) -> None:
        """Take back what a deadline has done, if the provider has made something else of it."""
        if self._passed is not None:
            self._passed = None
            self.timer_paused = self._enforcing
            self.uncancel_reader()

    def pause_timer(self) -> None:
        """The first piece is there: the next deadline can be an earlier one."""
        self._set_timer(None)
        self.timer_paused = True

    def resume_timer(self) -> None:
        """Somebody waits again."""
        self.timer_paused = False
        self._set_timer(self._due())

    def _due(self) -> float | None:
        """When the present wait has to end."""
        limit = self._deadlines.between_pieces if self.received else self._deadlines.first_piece
        if limit is None:
            return self._end
        due = self.wait_start + limit - self.wait_elapsed
        return due if self._end is None else min(due, self._end)

    def _set_timer(self, when: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if when is None else self._loop.call_at(when, self._on_timer)

    def _on_timer(self) -> None:
        """The timer is up: it is so often before anything is due, since it is not moved with each piece."""
        self._timer = None
        if self.reader is None:
            self.timer_paused = True
            return
        due = self._due()
        if due is None or due > self.time():
            self._set_timer(due)
            return
        name = "total" if due == self._end else "between_pieces" if self.received else "first_piece"
        self._passed = name, getattr(self._deadlines, name)
        self.interrupt(self.reader)
