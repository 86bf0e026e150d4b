"""Reads and writes one session in a store that other processes use as well.

Every change is made under the store's "write" lock and merged with what others have changed since. Which session to
use, and when to visit the site, is decided in `session_keeper`.
"""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING

import msgspec

from toolkit.errors import HarvestFailed, StoreError, ToolkitError
from toolkit.session.browser_session import BrowserSession, LastCheck
from toolkit.session.concurrent_changes import merge_sessions
from toolkit.session.expiry import expiry
from toolkit.session.recipe import Harvest
from toolkit.stores.base import CheckedStore, Key, Purpose, Store

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

VISIT_SECONDS = 900.0  # how long to wait for another process's visit, in which a person may be logging in
WRITE_SECONDS = 30.0  # how long to wait for another process's change of the session, which takes milliseconds


class SessionStorage:
    """The session of `key` in `store`. Without a store, nothing is loaded or saved and no lock is taken.

    All methods raise `StoreError` if the store cannot be used, or if another process holds its write lock for too long.
    """

    def __init__(self, store: Store | None, key: Key, recipe: Harvest) -> None:
        self.store = store
        self.key = key
        self._recipe = recipe

    async def load(self) -> BrowserSession | None:
        """Return the stored session, or None if there is none."""
        return await self.store.load(self.key) if self.store is not None else None

    async def check_writable(self) -> None:
        """Raise `StoreError` if a session could not be stored now, as far as the store can tell."""
        if self.store is not None:
            async with self._write_lock():
                if isinstance(self.store, CheckedStore):
                    await self.store.check_writable()

    async def replace(self, session: BrowserSession) -> None:
        """Store `session` in place of whatever is stored."""
        if self.store is not None:
            async with self._write_lock():
                await self.store.save(self.key, session)

    async def merge_changes(
        self, current: BrowserSession, before: BrowserSession, after: BrowserSession
    ) -> BrowserSession:
        """Apply the site's change from `before` to `after` to the stored session, or to `current` if none is stored.

        Returns the result. A session that somebody has removed from the store is not stored again.
        """
        async with self._write_lock():
            stored = await self.load()
            session = merge_sessions(stored or current, before, after)
            session = msgspec.structs.replace(session, expires_at=expiry(session, self._recipe))
            if self.store is not None and stored not in (None, session):
                await self.store.save(self.key, session)
        return session

    async def merge_visit(self, visited: BrowserSession, started_from: BrowserSession | None) -> BrowserSession:
        """Store the session `visited`, of a visit that began when `started_from` was stored. Returns the session to
        use.

        - If another visit or login was stored meanwhile, that one is used.
        - If the session was removed meanwhile, `visited` is used and not stored.
        - If the site changed the stored session meanwhile, the changes are merged into `visited`.
        """
        if self.store is None:
            return visited
        async with self._write_lock():
            stored = await self.store.load(self.key)
            if stored is None or started_from is None:
                session = stored or visited
            elif stored.harvested_at != started_from.harvested_at:
                session = stored
            else:
                session = _merge_into_visit(visited, started_from, stored)
            if stored is not None or started_from is None:
                await self.store.save(self.key, session)
        return session

    async def mark(self, session: BrowserSession, **times: float) -> None:
        """Store in the fields `times` when something was found of `session`, so that others need not find it again.

        Does nothing if another session is stored by now, or if the store fails.
        """
        with suppress(StoreError):
            async with self._write_lock():
                stored = await self.load()
                if self.store is not None and stored is not None and stored.harvested_at == session.harvested_at:
                    await self.store.save(self.key, msgspec.structs.replace(stored, **times))

    async def save_check(self, checked: BrowserSession, found: LastCheck, identity: str | None) -> None:
        """Store what a check of `checked` has found, and who is signed in (None: that was not told), where the stored
        session is that one. An identity that it has stays.

        A store that fails is left as it is.
        """
        with suppress(StoreError):
            async with self._write_lock():
                stored = await self.load()
                if self.store is not None and stored is not None and stored.harvested_at == checked.harvested_at:
                    known = stored.identity if stored.identity is not None else identity
                    await self.store.save(self.key, msgspec.structs.replace(stored, identity=known, last_check=found))

    @asynccontextmanager
    async def visit_lock(self, seconds: float = VISIT_SECONDS) -> AsyncGenerator[None, None]:
        """Hold the lock for renewing this session, among all who use the store. Raises `HarvestFailed` if it is not
        free within `seconds`."""
        what = "Another process has been visiting the site"
        async with self._lock("harvest", seconds, HarvestFailed, what):
            yield

    @asynccontextmanager
    async def _write_lock(self) -> AsyncGenerator[None, None]:
        async with self._lock("write", WRITE_SECONDS, StoreError, "Another process has held the stored session"):
            yield

    @asynccontextmanager
    async def _lock(
        self, purpose: Purpose, seconds: float, error: type[ToolkitError], what: str
    ) -> AsyncGenerator[None, None]:
        """Hold the store's lock for `purpose`. Raises `error`, which says `what`, if it is not free within
        `seconds`."""
        async with AsyncExitStack() as stack:
            if self.store is not None:
                try:
                    await stack.enter_async_context(self.store.lock(self.key, purpose, seconds))
                except TimeoutError:
                    hint = "Look for one that is stopped, or for a browser window that waits for a login."
                    raise error(f"{what} for {seconds:g} s.", hint=hint) from None
            yield


def _merge_into_visit(visited: BrowserSession, started_from: BrowserSession, stored: BrowserSession) -> BrowserSession:
    """Return `visited` with what has changed from `started_from` to `stored` while the visit went on."""
    # `merge_sessions` merges only sessions of one visit, so `visited` passes as a later state of the one it began with.
    same_visit = msgspec.structs.replace(
        visited, harvested_at=started_from.harvested_at, changed_at=visited.harvested_at
    )
    merged = merge_sessions(same_visit, started_from, stored)
    return msgspec.structs.replace(merged, harvested_at=visited.harvested_at)
