"""Where sessions rest between runs: one small protocol, and who keeps it."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from toolkit.session import BrowserSession


class Key(NamedTuple):
    """Whose session it is: which provider, at which deployment (an origin), which of the person's accounts."""

    provider: str
    origin: str
    account: str = "default"


class Store(Protocol):
    """Keeps sessions. All raise `StoreError` where the place itself cannot be used."""

    async def load(self, key: Key) -> BrowserSession | None:
        """The session of `key`, expired or not; None where there is none."""
        ...

    async def save(self, key: Key, session: BrowserSession) -> None:
        """Keep `session`, whole or not at all, in place of what was there."""
        ...

    async def delete(self, key: Key) -> bool:
        """Forget the session of `key`; whether there was one."""
        ...

    async def sessions(self) -> list[BrowserSession]:
        """All sessions that are kept."""
        ...


class MemoryStore:
    """Keeps sessions for as long as the process runs."""

    def __init__(self) -> None:
        self._kept: dict[Key, BrowserSession] = {}

    async def load(self, key: Key) -> BrowserSession | None:
        return self._kept.get(key)

    async def save(self, key: Key, session: BrowserSession) -> None:
        self._kept[key] = session

    async def delete(self, key: Key) -> bool:
        return self._kept.pop(key, None) is not None

    async def sessions(self) -> list[BrowserSession]:
        return list(self._kept.values())
