"""Reading in bursts: what has come is told before anything is waited for, and all else is as with `async for`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from contextlib import suppress

import pytest

from toolkit.gateway.burst_reading import call_before_wait


class Source:
    """Gives what is put into `items`; a list is a burst. `ended` is how it has ended."""

    def __init__(self) -> None:
        self.items: asyncio.Queue[list[int] | Exception] = asyncio.Queue()
        self.ended: str | None = None

    async def read(self) -> AsyncGenerator[int, None]:
        try:
            while items := await self.items.get():
                if isinstance(items, Exception):
                    raise items
                for item in items:
                    yield item
        except BaseException as error:
            await asyncio.sleep(0)  # as those do that close a connection
            self.ended = type(error).__name__
            raise
        else:
            self.ended = "whole"


async def read(source: Source, seen: list[int | str]) -> None:
    """Read all of `source` into `seen`, with a word wherever more is waited for."""
    items = source.read()
    with suppress(StopAsyncIteration):
        while True:
            seen.append(await call_before_wait(anext(items), lambda: seen.append("wait")))


async def test_before_each_wait() -> None:
    """Once for each burst, and not between its items."""
    source, seen = Source(), list[int | str]()
    for items in ([1, 2, 3], [4]):
        source.items.put_nowait(items)
    reading = asyncio.create_task(read(source, seen))
    while seen.count("wait") == 0:  # noqa: ASYNC110
        await asyncio.sleep(0)
    source.items.put_nowait([5, 6])
    source.items.put_nowait([])
    await reading
    assert (seen, source.ended) == ([1, 2, 3, 4, "wait", 5, 6], "whole")


async def test_an_error_of_the_source() -> None:
    """Passes through, whether it comes at once or is waited for."""
    for wait in (False, True):
        source, seen = Source(), list[int | str]()
        if wait:
            asyncio.get_running_loop().call_later(0.01, source.items.put_nowait, ValueError("later"))
        else:
            source.items.put_nowait(ValueError("at once"))
        with pytest.raises(ValueError, match=r"at once|later"):
            await read(source, seen)
        assert source.ended == "ValueError"


async def test_a_cancellation() -> None:
    """Reaches the source where that is waited for, which ends in its own time."""
    source, seen = Source(), list[int | str]()
    reading = asyncio.create_task(read(source, seen))
    while not seen:  # noqa: ASYNC110
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert source.ended == "CancelledError"


async def test_a_cancellation_that_is_passed_over() -> None:
    """The wait goes on, and its result is given."""

    async def stubborn() -> str:
        for _ in range(2):
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
        return "done"

    waiting = asyncio.Event()
    reading = asyncio.create_task(_awaited(stubborn(), waiting))
    await waiting.wait()
    reading.cancel()
    await asyncio.sleep(0)
    reading.cancel()
    assert await reading == "done"


async def _awaited(work: Awaitable[str], waiting: asyncio.Event) -> str:
    return await call_before_wait(work, waiting.set)
