"""One session's life: where it comes from, who may visit the site for it, and how it stays the same for all who use it.

Nothing here opens a browser or makes a call: a visit is handed in as a function.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from typing import TYPE_CHECKING

import msgspec

from toolkit.errors import HarvestFailed, LoginRequired, SessionExpired, StoreError
from toolkit.expiry import expiry, good
from toolkit.recipe import Harvest
from toolkit.rotation import merged
from toolkit.session import BrowserSession
from toolkit.stores import Key, Store

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

log = logging.getLogger("toolkit")

# Visits the site with a browser. Gets the session so far, whose cookies the page finds.
Visit = Callable[[BrowserSession | None], Awaitable[BrowserSession]]

VISIT_SECONDS = 900.0  # that somebody else's visit is waited for: a person may be logging in


class SessionKeeper:
    """Keeps the session of `key`. `session` is the one that calls are made with, None before there is one.

    With a `store`, it is shared with everyone who uses that store: what another process has visited or renewed is
    taken up, and of all who need a new session one visits the site while the others wait. A `given` session is used
    as it is, whatever the store has, and never renewed.
    """

    def __init__(
        self,
        key: Key,
        recipe: Harvest,
        visit: Visit,
        *,
        store: Store | None = None,
        given: BrowserSession | None = None,
    ) -> None:
        self.session = given
        self.given = given is not None
        self._key = key
        self._recipe = recipe
        self._visit = visit
        self._store = store if given is None else None
        self._lock = asyncio.Lock()

    async def current(self) -> tuple[BrowserSession, bool]:
        """The session to make a call with, and whether a visit could not better it: it was handed in, or is just from
        one. Raises what a visit raises, and `StoreError`."""
        if self.given and self.session is not None:
            return self.session, True
        async with self._lock:
            await self.look()
            if self.session is not None and good(self.session, time.time()):
                return self.session, False
            return await self._visited(refused=self.session)

    async def look(self) -> BrowserSession | None:
        """Take up what others have made of the session; the session, if there is one."""
        stored = await self._load()
        if stored is not None and not self._newer_than(stored):
            self.session = stored
        return self.session

    async def renewed(self, refused: BrowserSession) -> BrowserSession:
        """A session in place of `refused`, which the site did not take: another's, if there is one by now, else one of
        a visit. Raises `SessionExpired` where only a person can log in, and whatever else a visit raises."""
        async with self._lock:
            if self.session is not None and self.session.harvested_at != refused.harvested_at:
                return self.session  # of several calls that were refused, one visits the site
            return (await self._visited(refused))[0]

    async def visited(self) -> BrowserSession:
        """Visit the site now, whatever there is. Raises what the visit raises; then all is as before."""
        async with self._lock, self._alone():
            previous = await self.look()
            return await self._save(await self._visit(previous), over=previous)

    async def replace(self, session: BrowserSession) -> None:
        """Use `session` from now on, whatever there was."""
        if self._store is not None:
            async with self._store.lock(self._key, "write"):
                await self._store.save(self._key, session)
        self.session = session

    async def rotated(self, before: BrowserSession, after: BrowserSession) -> BrowserSession:
        """The session after the site has made `after` of `before`, brought together with what others have changed.

        A store that fails is no reason to lose an answer: it is logged.
        """
        known = self.session if self.session is not None else before
        try:
            async with self._writing():
                stored = await self._load()
                session = merged(stored or known, before, after)
                session = msgspec.structs.replace(session, expires_at=expiry(session, self._recipe))
                if self._store is not None and stored not in (None, session):  # one that was removed stays so
                    await self._store.save(self._key, session)
        except StoreError as error:
            log.warning("what the site changed in the session is not kept: %s", error)
            session = merged(known, before, after)
        self.session = session
        return session

    async def _visited(self, refused: BrowserSession | None) -> tuple[BrowserSession, bool]:
        """A session other than `refused`, and whether it is just from a visit."""
        async with self._alone():
            stored = await self._load()
            if stored is not None and stored != refused and good(stored, time.time()):
                self.session = stored
                return stored, False
            previous = stored or refused
            try:
                session = await self._visit(previous)
            except LoginRequired as error:
                if previous is None or isinstance(error, SessionExpired):
                    raise
                raise SessionExpired("The session has expired, and the site wants a login.", url=error.url) from error
            return await self._save(session, over=previous), True

    async def _save(self, session: BrowserSession, *, over: BrowserSession | None) -> BrowserSession:
        """Keep what a visit that began with `over` has left; not if somebody has logged in meanwhile."""
        async with self._writing():
            stored = await self._load()
            newer = stored is not None and (over is None or stored.harvested_at != over.harvested_at)
            if stored is not None and newer and stored.harvested_at > session.harvested_at:
                session = stored
            elif self._store is not None:
                await self._store.save(self._key, session)
        self.session = session
        return session

    def _newer_than(self, stored: BrowserSession) -> bool:
        """Whether ours is newer than the one in the store: that could not be written."""
        return (
            self.session is not None
            and self.session.harvested_at == stored.harvested_at
            and self.session.changed_at > stored.changed_at
        )

    async def _load(self) -> BrowserSession | None:
        return await self._store.load(self._key) if self._store is not None else None

    def _writing(self) -> AbstractAsyncContextManager[None]:
        return self._store.lock(self._key, "write") if self._store is not None else nullcontext()

    @asynccontextmanager
    async def _alone(self) -> AsyncGenerator[None, None]:
        """Be the only one who visits the site for this session, among all who use the store."""
        if self._store is None:
            yield
            return
        async with AsyncExitStack() as held:
            try:
                await held.enter_async_context(self._store.lock(self._key, "harvest", VISIT_SECONDS))
            except TimeoutError:
                raise HarvestFailed(
                    f"Another process has been visiting the site for {VISIT_SECONDS:g} s.",
                    hint="Look for a browser window that waits for a login, or end that process.",
                ) from None
            yield
