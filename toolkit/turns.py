"""One call at a time for an account, in one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from toolkit.errors import StreamTimeout

Whose = tuple[str, ...]

# How many calls hold or wait for each lock; the last one takes it away, and so the loop is not held either.
_locks: dict[tuple[int, Whose], tuple[asyncio.Lock, int]] = {}


@asynccontextmanager
async def turn(whose: Whose, seconds: float | None) -> AsyncGenerator[None, None]:
    """Wait until no other call of `whose` is under way, for `seconds` at most (None: for ever).

    Raises `StreamTimeout` where the time is up: somebody has left an answer half-read.
    """
    key = (id(asyncio.get_running_loop()), whose)
    lock, users = _locks.get(key, (asyncio.Lock(), 0))
    _locks[key] = (lock, users + 1)
    try:
        try:
            async with asyncio.timeout(seconds):
                await lock.acquire()
        except TimeoutError:
            text = f"Another call on this account has not ended within {seconds:g} s (deadline `turn`)."
            raise StreamTimeout(text, deadline="turn", seconds=seconds or 0.0) from None
        try:
            yield
        finally:
            lock.release()
    finally:
        lock, users = _locks.pop(key)
        if users > 1:
            _locks[key] = (lock, users - 1)
