"""One call at a time for an account: in one event loop, and among all who share a lock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from toolkit.errors import StreamTimeout

Whose = tuple[str, ...]
Lock = Callable[[], AbstractAsyncContextManager[None]]

# How many calls hold or wait for each lock; the last one takes it away, and so the loop is not held either.
_locks: dict[tuple[int, Whose], tuple[asyncio.Lock, int]] = {}


@asynccontextmanager
async def lock_account(whose: Whose, seconds: float | None, shared: Lock | None = None) -> AsyncGenerator[None, None]:
    """Wait until no other call of `whose` is under way, for `seconds` at most (None: for ever).

    In one event loop, calls get their turn in the order in which they came. `shared` is a lock that other processes
    know as well. Raises `StreamTimeout` where the time is up: somebody has left an answer half-read.
    """
    key = (id(asyncio.get_running_loop()), whose)
    lock, users = _locks.get(key, (asyncio.Lock(), 0))
    _locks[key] = (lock, users + 1)
    try:
        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout(seconds):
                    await held.enter_async_context(lock)
                    if shared is not None:
                        await held.enter_async_context(shared())
            except TimeoutError:
                text = f"Another call on this account has not ended within {seconds:g} s (deadline `turn`)."
                raise StreamTimeout(text, deadline="turn", seconds=seconds or 0.0) from None
            yield
    finally:
        lock, users = _locks.pop(key)
        if users > 1:
            _locks[key] = (lock, users - 1)
