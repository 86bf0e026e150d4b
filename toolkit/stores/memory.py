"""`MemoryStore`: sessions in the memory of this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakKeyDictionary, WeakValueDictionary

from toolkit.session.browser_session import BrowserSession
from toolkit.stores.base import Key, Purpose

# A lock lives as long as a task holds it or waits for it.
Locks = WeakValueDictionary[tuple[Key, Purpose], asyncio.Lock]


class MemoryStore:
    """Stores sessions until the process ends. Its locks exclude the tasks of one event loop from each other."""

    def __init__(self) -> None:
        self._sessions: dict[Key, BrowserSession] = {}
        self._locks: WeakKeyDictionary[asyncio.AbstractEventLoop, Locks] = WeakKeyDictionary()

    def __repr__(self) -> str:
        return f"<MemoryStore of {len(self._sessions)}>"

    async def load(self, key: Key) -> BrowserSession | None:
        return self._sessions.get(key)

    async def save(self, key: Key, session: BrowserSession) -> None:
        self._sessions[key] = session

    async def delete(self, key: Key) -> bool:
        return self._sessions.pop(key, None) is not None

    async def sessions(self) -> dict[Key, BrowserSession]:
        return dict(self._sessions)

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
