"""How long to wait for an answer, and keeping to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

from toolkit.errors import StreamTimeout, UsageError


class Deadlines(msgspec.Struct, frozen=True, kw_only=True):
    """How long to wait, in seconds; None is for ever.

    `turn` is for other calls on an account that takes one at a time; `connect` for a connection, TLS and proxy
    included; `first_piece` for the answer's first text, the site's queue included; `between_pieces` for each next one;
    `total` for the whole call; `cleanup` for what a provider tidies up. Only text counts as a piece: a site that sends
    signs of life and no answer runs into a deadline all the same. Raises `UsageError` for what is no number of seconds.
    """

    turn: float | None = 600.0
    connect: float | None = 15.0
    first_piece: float | None = 300.0
    between_pieces: float | None = 60.0
    total: float | None = None
    cleanup: float = 10.0

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            seconds = getattr(self, name)
            if seconds is None and name != "cleanup":
                continue
            if not isinstance(seconds, int | float) or not seconds >= 0:  # nor is what is no number
                raise UsageError(f"The deadline `{name}` is a number of seconds.", hint="None is for ever.")

    def patience(self, most: float) -> float:
        """The longest wait before a request is made again, in seconds: `most`, and less than a deadline allows."""
        return min([most, *(limit / 2 for limit in (self.first_piece, self.total) if limit is not None)])


class Watch:
    """Watches over one call: what was `said` so far, whether it has `finished`, and that the deadlines are kept, by a
    single timer.

    It is told when a `reader` begins to wait and when it waits no more; where that takes too long while the site is
    `answering`, the reader's task is interrupted. Time that the reader takes does not count, but in the total.
    """

    def __init__(self, deadlines: Deadlines) -> None:
        self._deadlines = deadlines
        self._loop: asyncio.AbstractEventLoop
        self._time: Callable[[], float]
        self.said: list[str] = []
        self.finished = False
        self.reader: asyncio.Task[Any] | None = None  # while it waits
        self._known = 0  # how much was said when the waiting for the next piece began
        self._waited = 0.0  # for that piece, before `_since`
        self._since = 0.0
        self._answering = False
        self._end: float | None = None  # of the whole call
        self._cancellations = 0  # which the reader had before it began to wait
        self._timer: asyncio.TimerHandle | None = None
        self._passed: tuple[str, float] | None = None

    def answering(self) -> Watch:
        """For `with`, around what the site answers. Leaving it raises `StreamTimeout` where a deadline has passed."""
        total = self._deadlines.total
        self._loop = asyncio.get_running_loop()
        self._time = self._loop.time
        self._answering, self._waited = True, 0.0
        self._since = self._time()
        if self._end is None and total is not None:  # a second try is of the same call
            self._end = self._since + total
        self._set_timer(self._due())
        return self

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self._answering = False
        self._set_timer(None)
        passed = self._passed
        if passed is None or not isinstance(error, asyncio.CancelledError):
            return
        self._passed = None
        if self.taken_back():
            name, seconds = passed
            text = f"The site sent no more of its answer within {seconds:g} s (deadline `{name}`)."
            raise StreamTimeout(text, deadline=name, seconds=seconds) from None

    def waits(self, reader: asyncio.Task[Any] | None) -> None:
        """The task `reader` begins to wait for the next piece. The timer is seldom set anew: when it is up early, it
        looks when it has to be."""
        self.reader = reader
        if reader is not None:
            self._cancellations = reader.cancelling()
        if self._answering:
            self._since = self._time()
            if self._timer is None:
                self._set_timer(self._due())

    def taken_back(self) -> bool:
        """Take back one cancellation of the reader's task, which was ours; whether nobody else has cancelled it since
        it began to wait."""
        return self.reader is not None and self.reader.uncancel() <= self._cancellations

    def waits_no_more(self) -> None:
        """The reader has what it waited for."""
        if self._passed is not None:  # the provider has made something else of the interruption
            self._passed = None
            self.taken_back()
        self.reader = None
        if (said := len(self.said)) == self._known:  # it was no piece: the waiting for one goes on
            if self._answering:
                self._waited += self._time() - self._since
            return
        if not self._known:
            self._set_timer(None)  # the next deadline can be an earlier one
        self._known, self._waited = said, 0.0

    def _due(self) -> float | None:
        """When the present wait has to end."""
        limit = self._deadlines.between_pieces if self._known else self._deadlines.first_piece
        if limit is None:
            return self._end
        due = self._since + limit - self._waited
        return due if self._end is None else min(due, self._end)

    def _set_timer(self, when: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if when is None else self._loop.call_at(when, self._look)

    def _look(self) -> None:
        """The timer is up: it is so often before anything is due, since it is not moved with each piece."""
        self._timer = None
        due = self._due()
        if self.reader is None or due is None:
            return
        if due > self._time():
            self._set_timer(due)
            return
        name = "total" if due == self._end else "between_pieces" if self._known else "first_piece"
        self._passed = name, getattr(self._deadlines, name)
        self.reader.cancel()
