"""Closes the async generators behind a stream that is dropped, or whose event loop ends.

When an event loop ends, it closes all async generators that it knows (`loop.shutdown_asyncgens`), at once and in no
order. A call's generators depend on each other: the attempts (see `toolkit.chats.stream`) close the provider's
generator. So the loop gets to know the attempts only, and these are held here until they are closed.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")

# Generators that are running. While they are held here, the garbage collector does not finalize them: a dropped stream
# is closed by `close_dropped` only, and the end of the loop still closes what nobody refers to any more, so that a
# provider can clean up at its site.
_held: set[AsyncGenerator[Any, None]] = set()

_closing_tasks: set[asyncio.Task[None]] = set()  # a loop itself holds its tasks weakly


def hold(generator: AsyncGenerator[Any, None]) -> None:
    """Keep `generator` alive until `release`."""
    _held.add(generator)


def release(generator: AsyncGenerator[Any, None]) -> None:
    """Stop holding `generator`: it is closed."""
    _held.discard(generator)


def hide_from_loop(advance: Callable[[], Awaitable[T]]) -> Awaitable[T]:
    """Call `advance`, a generator's `__anext__`, for the first time, so that the event loop does not get to know the
    generator.

    The finalizer that it gets does nothing. With none, the interpreter would finalize a generator that is left behind
    by a closed loop, and run what it awaits there.
    """
    hooks = sys.get_asyncgen_hooks()
    sys.set_asyncgen_hooks(None, _ignore)
    try:
        return advance()
    finally:
        sys.set_asyncgen_hooks(*hooks)


def _ignore(_: object) -> None: ...


def close_dropped(generator: AsyncGenerator[Any, None], loop: asyncio.AbstractEventLoop) -> None:
    """Close `generator`, which runs in `loop`, from a finalizer: in any thread, and whether or not that loop runs."""
    if loop.is_closed():
        release(generator)
        return
    try:
        running = asyncio.get_running_loop()
    except RuntimeError:
        running = None
    if running is loop:  # start now: the loop may end in this very iteration
        _start_closing(generator, loop)
    else:
        with suppress(RuntimeError):  # another thread has just closed the loop
            loop.call_soon_threadsafe(_start_closing, generator, loop)


def _start_closing(generator: AsyncGenerator[Any, None], loop: asyncio.AbstractEventLoop) -> None:
    task = loop.create_task(_close(generator))
    _closing_tasks.add(task)
    task.add_done_callback(_closing_tasks.discard)


async def _close(generator: AsyncGenerator[Any, None]) -> None:
    try:
        await generator.aclose()
    finally:
        release(generator)
