"""Reads what comes in bursts: tells when nothing more has come yet, so that what has come can be sent at once.

A packet of a site often holds several pieces. To write each by itself costs a system call each, which is more than all
else that is done for a piece.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Generator
from types import coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Bursts(AsyncIterator[T]):
    """The items of `source`. Where the next one is not there yet, `before_wait` runs before it is waited for; what that
    raises ends the reading of `source` as a cancellation does."""

    def __init__(self, source: AsyncIterator[T], before_wait: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._advance, self._before_wait = source.__anext__, before_wait

    def __anext__(self) -> Awaitable[T]:
        return _run(self._advance(), self._before_wait)


@coroutine
def _run(work: Awaitable[T], before_wait: Callable[[], Coroutine[Any, Any, None]]) -> Generator[Any, Any, T]:
    """Await `work`; before it is suspended for the first time, await `before_wait()`.

    This is what `await` does (https://peps.python.org/pep-0492/#await-expression), with something in between.
    """
    steps = work.__await__()
    try:
        future = next(steps)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]
    failure: BaseException | None = None
    thrown: BaseException | None = None
    try:
        yield from before_wait().__await__()
    except BaseException as error:  # noqa: BLE001 - it is raised once `work` has ended
        failure, thrown = error, asyncio.CancelledError()
    try:
        while True:
            if thrown is None:
                try:
                    yield future
                except BaseException as error:  # noqa: BLE001 - it is for `work`
                    thrown = error
            try:
                future = next(steps) if thrown is None else steps.throw(thrown)
            except BaseException as end:
                if failure is not None:
                    raise failure from None
                if isinstance(end, StopIteration):
                    return end.value  # type: ignore[no-any-return]
                raise
            thrown = None
    finally:
        failure = thrown = None  # their tracebacks hold this frame
