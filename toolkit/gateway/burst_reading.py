"""Tells when nothing more has come yet, so that what has come can be sent at once.

A packet of a site often holds several pieces. To write each by itself costs a system call each, which is more than all
else that is done for a piece.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from types import coroutine
from typing import Any, TypeVar

T = TypeVar("T")


@coroutine
def call_before_wait(work: Awaitable[T], before_wait: Callable[[], None]) -> Generator[Any, Any, T]:
    """Await `work`; call `before_wait` before that is suspended for the first time, if it is.

    This is what `await` does (https://peps.python.org/pep-0492/#await-expression), with something in between, which may
    not raise.
    """
    steps = work.__await__()
    try:
        future = next(steps)
        before_wait()
        while True:
            try:
                yield future
            except BaseException as error:  # noqa: BLE001 - it is for `work`
                future = steps.throw(error)
            else:
                break
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]
    return (yield from steps)
