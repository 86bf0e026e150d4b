"""Sessions in this process's memory, for as long as it runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakKeyDictionary, WeakValueDictionary

from toolkit.session.value import BrowserSession
from toolkit.stores.base import Key, Purpose

# Locks live for as long as somebody holds one or waits for it.
Locks = WeakValueDictionary[tuple[Key, Purpose], asyncio.Lock]


class MemoryStore:
    """Keeps sessions for as long as the process runs. Its locks hold among the tasks of one event loop."""

    def __init__(self) -> None:
        self._kept: dict[Key, BrowserSession] = {}
        self._locks: WeakKeyDictionary[asyncio.AbstractEventLoop, Locks] = WeakKeyDictionary()

    def __repr__(self) -> str:
        return f"<MemoryStore of {len(self._kept)}>"

    async def load(self, key: Key) -> BrowserSession | None:
        return self._kept.get(key)

    async def save(self, key: Key, session: BrowserSession) -> None:
        self._kept[key] = session

    async def delete(self, key: Key) -> bool:
        return self._kept.pop(key, None) is not None

    async def sessions(self) -> dict[Key, BrowserSession]:
        return dict(self._kept)

    @asynccontextmanager
    async def lock(self, key: Key, purpose: Purpose, seconds: float | None = None) -> AsyncIterator[None]:
        locks = self._locks.setdefault(asyncio.get_running_loop(), WeakValueDictionary())
        lock = locks.setdefault((key, purpose), asyncio.Lock())
        async with asyncio.timeout(seconds):
            await lock.acquire()
        try:
            yield
        finally:
            lock.release()
