"""Where sessions rest between runs: one small protocol. Who keeps it has a file of its own each."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Literal, NamedTuple, Protocol

from toolkit.session.value import BrowserSession

Purpose = Literal["harvest", "call", "write"]
"""What a lock is for: opening a browser for a session, calling where one call at a time is allowed, changing it."""


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
        """Keep `session`, whole or not at all, in place of what was there. What could not be read stays, and is
        told."""
        ...

    async def delete(self, key: Key) -> bool:
        """Forget the session of `key`; whether there was one."""
        ...

    async def sessions(self) -> dict[Key, BrowserSession]:
        """All sessions that are kept."""
        ...

    def lock(self, key: Key, purpose: Purpose, seconds: float | None = None) -> AbstractAsyncContextManager[None]:
        """Held by one at a time, among all that use this store: tasks, processes, with Redis machines.

        Waits `seconds` at most (None: for ever), then raises the builtin `TimeoutError`. One that a dead process held
        is free. It does not nest: who holds it and asks for it again waits for himself.
        """
        ...
