"""Lets one call at a time use an account: in one event loop, and among all processes that share a store's lock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from typing import NamedTuple

from toolkit.errors import StreamTimeout, deadline_hint
from toolkit.stores.base import Key, SharedStore, Store

Account = tuple[str, ...]  # identifies it: provider, deployment, account name, and cookies that were given
Lock = Callable[[], AbstractAsyncContextManager[None]]

OnPlace = Callable[[int, int], None]  # is told the place in the line, of which 1 is next, and its length


class _Line(NamedTuple):
    """The lock of one account in one event loop, and what to call for each who holds it or waits for it, in the order
    in which they asked."""

    lock: asyncio.Lock
    calls: list[OnPlace]

    def tell_places(self) -> None:
        """Tell all who wait where they stand; the first holds the lock."""
        for place, tell in enumerate(self.calls[1:], 1):
            tell(place, len(self.calls) - 1)


# The last call removes the entry, which would keep the loop alive.
_lines: dict[tuple[int, Account], _Line] = {}


def call_lock(
    store: Store | None, key: Key, on_place: OnPlace, on_lost: Callable[[], None]
) -> tuple[Lock | None, bool]:
    """The lock for a call that all who use `store` have in common, and whether it goes to the one who has waited
    longest among them; only one that does tells `on_place` and `on_lost` (see `SharedStore`)."""
    shared: object = store
    if isinstance(shared, SharedStore):
        return partial(shared.lock_in_line, key, "call", on_place=on_place, on_lost=on_lost), True
    return partial(store.lock, key, "call") if store is not None else None, False


@asynccontextmanager
async def lock_account(
    account: Account,
    seconds: float | None,
    shared: Lock | None = None,
    *,
    in_order: bool = False,
    on_place: OnPlace = lambda position, size: None,
) -> AsyncGenerator[None, None]:
    """Hold the lock of `account`, which calls of one event loop get in the order in which they asked for it.

    `shared` makes the lock that other processes use as well; `in_order` says that it goes to the one who has waited
    longest among all of them, so that each call waits for that one alone; it tells the place in its line itself.
    Otherwise `on_place` is told that of this event loop, whenever it changes.

    Raises `StreamTimeout` if the locks are not free within `seconds` (None: wait for ever): then another answer has not
    been read to its end.
    """
    key = (id(asyncio.get_running_loop()), account)
    line = _lines.setdefault(key, _Line(asyncio.Lock(), []))
    call = partial(on_place)  # which is no other call's
    line.calls.append(call)
    if not in_order:
        line.tell_places()
    try:
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout(seconds):
                    if not in_order:
                        await stack.enter_async_context(line.lock)
                    if shared is not None:
                        await stack.enter_async_context(shared())
            except TimeoutError:
                text = f"Another call on this account has not ended within {seconds:g} s (deadline `turn`)."
                raise StreamTimeout(text, deadline="turn", seconds=seconds or 0.0, hint=deadline_hint("turn")) from None
            yield
    finally:
        line.calls.remove(call)
        if not line.calls:
            del _lines[key]
        elif not in_order:
            line.tell_places()
