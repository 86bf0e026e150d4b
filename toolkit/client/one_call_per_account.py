"""Lets one call at a time use an account: in one event loop, and among all processes that share a store's lock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from toolkit.errors import StreamTimeout, deadline_hint

Account = tuple[str, ...]  # identifies it: provider, deployment, account name, and cookies that were given
Lock = Callable[[], AbstractAsyncContextManager[None]]

# The lock of each account in each event loop, and how many calls hold it or wait for it. The last one removes the
# entry, which would keep the loop alive.
_locks: dict[tuple[int, Account], tuple[asyncio.Lock, int]] = {}


@asynccontextmanager
async def lock_account(
    account: Account, seconds: float | None, shared: Lock | None = None, *, in_order: bool = False
) -> AsyncGenerator[None, None]:
    """Hold the lock of `account`, which calls of one event loop get in the order in which they asked for it.

    `shared` makes the lock that other processes use as well; `in_order` says that it goes to the one who has waited
    longest among all of them, so that each call waits for that one alone. Raises `StreamTimeout` if the locks are not
    free within `seconds` (None: wait for ever): then another answer has not been read to its end.
    """
    key = (id(asyncio.get_running_loop()), account)
    lock, users = _locks.get(key, (asyncio.Lock(), 0))
    _locks[key] = (lock, users + 1)
    try:
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout(seconds):
                    if not in_order:
                        await stack.enter_async_context(lock)
                    if shared is not None:
                        await stack.enter_async_context(shared())
            except TimeoutError:
                text = f"Another call on this account has not ended within {seconds:g} s (deadline `turn`)."
                raise StreamTimeout(text, deadline="turn", seconds=seconds or 0.0, hint=deadline_hint("turn")) from None
            yield
    finally:
        lock, users = _locks.pop(key)
        if users > 1:
            _locks[key] = (lock, users - 1)
