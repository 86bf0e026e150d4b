"""Decides which session a client's calls are made with, and when a new one has to be harvested.

`SessionKeeper.acquire` takes the first of these that there is:

1. the session that was given to the client
2. the stored session (or, without a store, the one of the last visit), if a call can count on it
3. a session that another process has stored while this one waited for its turn to visit the site
4. the session of a new visit, which may fail because a person has to log in

When the site has refused a session, `renew` takes the one that another call of this client has got by now, else it
begins at 3.

A visit is a function that is passed in: nothing here opens a browser or sends a request.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple
from weakref import WeakKeyDictionary

from toolkit.client.session_storage import SessionStorage
from toolkit.errors import LoginRequired, SessionExpired, StoreError
from toolkit.session.bearer_token import missing_credentials
from toolkit.session.browser_session import BrowserSession, Cookie
from toolkit.session.concurrent_changes import merge_sessions
from toolkit.session.expiry import is_fresh
from toolkit.session.recipe import Harvest
from toolkit.stores.base import Key, Store

log = logging.getLogger("toolkit")

EXPIRED = "The session has expired, and the site wants a login."

# Visits the site with a browser that begins with the given session's cookies. Returns the new session.
Visit = Callable[[BrowserSession | None], Awaitable[BrowserSession]]

LOGIN_SECONDS = 60.0  # how long nobody visits the site again after a visit has found that a person has to log in


class Acquired(NamedTuple):
    """A session to make a call with. `fresh`: harvesting again is pointless, since the session was given or is new."""

    session: BrowserSession
    fresh: bool


class SessionKeeper:
    """Keeps the session of `key` for one client. `session` is the current one, or None before there is one.

    With a `store`, the session is shared with everyone who uses that store: sessions that other processes have
    harvested or changed are used here, and of all who need a new session one visits the site while the others wait. A
    `given` session is used as it is, whatever the store has, and is never renewed.
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
        self._provider = key.provider
        self._recipe = recipe
        self._visit = visit
        self._storage = SessionStorage(store if given is None else None, key, recipe)
        self._store_outdated = False  # the store failed to save what `session` has
        self._locks: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()

    async def acquire(self) -> Acquired:
        """Return the session to make a call with; see the top of this file. Raises what a visit raises, and
        `StoreError`."""
        if self.given and self.session is not None:
            log.debug("%s: using the session that was given", self._provider)
            return Acquired(self.session, fresh=True)
        async with self._lock:
            await self.reload()
            if self.session is not None and self._has_credentials(self.session):
                log.debug("%s: using the session that there is", self._provider)
                return Acquired(self.session, fresh=False)
            log.debug("%s: %s", self._provider, "there is no session" if self.session is None else "the session ends")
            return await self._load_newer_or_visit(refused=self.session)

    async def move_to(self, key: Key) -> BrowserSession | None:
        """Keep the session of `key` from now on, of the same provider and account at another address. Returns the
        stored one, if there is one."""
        self._storage.key = key
        return await self.reload()

    async def reload(self) -> BrowserSession | None:
        """Load the session from the store, where others may have changed or removed it. Returns it, or None."""
        if self._storage.store is not None and not self._store_outdated:
            self.session = await self._storage.load()
        return self.session

    async def renew(self, refused: BrowserSession) -> BrowserSession:
        """Return a session in place of `refused`, which the site did not accept: one that another call or process has
        harvested by now, else that of a new visit.

        Raises `SessionExpired` if only a person can log in, and whatever else a visit raises.
        """
        async with self._lock:
            if self.session is not None and self.session.harvested_at != refused.harvested_at:
                log.debug("%s: another call of this client has renewed the session", self._provider)
                return self.session
            return (await self._load_newer_or_visit(refused)).session

    async def harvest(self) -> BrowserSession:
        """Visit the site now, whatever session there is, and store the result. Raises what the visit raises; then the
        session stays as it was."""
        asked_at = time.time()
        async with self._lock, self._storage.visit_lock():
            current, stored = await self.reload(), await self._storage.load()
            await self._storage.check_writable()
            if stored is not None and stored.harvested_at > asked_at:
                log.debug("%s: another process has just visited the site", self._provider)
                return stored
            return await self._store_visit(await self._visit(stored or current), started_from=stored)

    async def check_storable(self) -> None:
        """Raise `StoreError` if a session could not be stored now, before a person makes one by hand."""
        await self._storage.check_writable()

    async def replace(self, session: BrowserSession) -> None:
        """Use and store `session` from now on, whatever there was. Where the store fails, it is used all the same."""
        self._set_unstored(session)
        await self._storage.replace(session)
        self._set_stored(session)

    async def merge_changes(self, before: BrowserSession, after: BrowserSession) -> BrowserSession:
        """Apply the site's change from `before` to `after`, and merge it with what others have changed. Returns the
        session that results.

        A store that fails is logged and raises nothing: the answer is worth more.
        """
        current = self.session if self.session is not None else before
        try:
            session = await self._storage.merge_changes(current, before, after)
        except StoreError as error:
            log.warning("what the site changed in the session is not kept: %s", error)
            session = merge_sessions(current, before, after)
            self._set_unstored(session)
        else:
            self._set_stored(session)
        return session

    async def learn_identity(self, checked: BrowserSession, identity: str) -> None:
        """Store who is signed in with the session `checked`, where that was not known."""
        if checked.identity is None:
            await self._storage.save_identity(checked, identity)

    async def _load_newer_or_visit(self, refused: BrowserSession | None) -> Acquired:
        """Return a session other than `refused`: from the store if another process has put one there, else of a
        visit."""
        asked_at = time.time()
        async with self._storage.visit_lock():
            stored = await self._storage.load()
            if stored is not None and self._can_replace(stored, refused, asked_at):
                log.debug("%s: another process has renewed the stored session", self._provider)
                self.session = stored
                return Acquired(stored, fresh=False)
            if stored is not None and time.time() - stored.login_needed_at < LOGIN_SECONDS:
                log.debug("%s: a visit has just found that a person has to log in", self._provider)
                raise SessionExpired(EXPIRED)
            session = await self._visit_without_login(stored, refused)
            try:
                session = await self._store_visit(session, started_from=stored)
            except StoreError as error:
                log.warning("the new session is not kept: %s", error)
                self._set_unstored(session)
            return Acquired(session, fresh=True)

    async def _visit_without_login(
        self, stored: BrowserSession | None, refused: BrowserSession | None
    ) -> BrowserSession:
        """Visit the site with the stored session, or the refused one if none is stored.

        If only a person can log in, that is noted in the store. It raises `SessionExpired` if there was a session
        before, and `LoginRequired` if there was none.
        """
        log.debug("%s: visiting the site with a browser", self._provider)
        try:
            return await self._visit(stored or refused)
        except LoginRequired as error:
            if stored is not None:
                await self._storage.mark_login_needed(stored)
            if (stored is None and refused is None) or isinstance(error, SessionExpired):
                raise
            raise SessionExpired(EXPIRED, url=error.url) from error

    async def _store_visit(self, visited: BrowserSession, *, started_from: BrowserSession | None) -> BrowserSession:
        session = await self._storage.merge_visit(visited, started_from)
        self._set_stored(session)
        return session

    def _set_stored(self, session: BrowserSession) -> None:
        self.session, self._store_outdated = session, False

    def _set_unstored(self, session: BrowserSession) -> None:
        self.session, self._store_outdated = session, True

    def _has_credentials(self, session: BrowserSession) -> bool:
        """Return whether a call can count on `session`: it has all that the recipe needs, and none of it ends just
        now."""
        now = time.time()
        return is_fresh(session, now) and not missing_credentials(session, self._recipe, now)

    def _can_replace(self, stored: BrowserSession, refused: BrowserSession | None, asked_at: float) -> bool:
        """Return whether to use `stored` in place of `refused`.

        It has to be of another visit, or the site has renewed the cookies that the recipe needs. A session that was
        harvested after `asked_at` (seconds since 1970) is used even if it lacks something: no visit would do better.
        """
        same_visit = refused is not None and stored.harvested_at == refused.harvested_at
        if refused is not None and same_visit and self._needed_cookies(stored) == self._needed_cookies(refused):
            return False
        harvested_since = stored.harvested_at >= asked_at and not stored.expired(time.time())
        return self._has_credentials(stored) or harvested_since

    def _needed_cookies(self, session: BrowserSession) -> set[Cookie]:
        return {cookie for cookie in session.cookies if self._recipe.needs_cookie(cookie.name)}

    @property
    def _lock(self) -> asyncio.Lock:
        """The lock among this keeper's calls in the running event loop."""
        return self._locks.setdefault(asyncio.get_running_loop(), asyncio.Lock())
