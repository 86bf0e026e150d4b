"""Reading in bursts: what has come is told before anything is waited for, and all else is as with `async for`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from toolkit.gateway.burst_reading import Bursts


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


async def read(source: Source, seen: list[int | str], failure: Exception | None = None) -> None:
    async def before_wait() -> None:
        await asyncio.sleep(0)
        seen.append("wait")
        if failure is not None:
            raise failure

    async for item in Bursts(source.read(), before_wait):
        seen.append(item)


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


@pytest.mark.parametrize("failure", [ConnectionError("gone"), asyncio.CancelledError()])
async def test_a_failure_before_a_wait(failure: Exception) -> None:
    """It is what the reader gets, after the source has ended as by a cancellation."""
    source, seen = Source(), list[int | str]()
    source.items.put_nowait([1])
    with pytest.raises(type(failure)) as caught:
        await read(source, seen, failure)
    assert (caught.value, seen, source.ended) == (failure, [1, "wait"], "CancelledError")


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
