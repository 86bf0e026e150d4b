"""One session's life: where it comes from, who may visit the site for it, and how it stays the same for all who use it.

Nothing here opens a browser or makes a call: a visit is handed in as a function.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import msgspec

from toolkit.errors import HarvestFailed, LoginRequired, SessionExpired, StoreError, ToolkitError
from toolkit.session.bearer_token import missing_credentials
from toolkit.session.expiry import expiry, is_fresh
from toolkit.session.merge import merge_sessions
from toolkit.session.recipe import Harvest
from toolkit.session.value import BrowserSession, Cookie
from toolkit.stores.base import Key, Purpose, Store

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

log = logging.getLogger("toolkit")

EXPIRED = "The session has expired, and the site wants a login."

# Visits the site with a browser. Gets the session so far, whose cookies the page finds.
Visit = Callable[[BrowserSession | None], Awaitable[BrowserSession]]

VISIT_SECONDS = 900.0  # that somebody else's visit is waited for: a person may be logging in
WRITE_SECONDS = 30.0  # that somebody else's change of the session is waited for, which takes milliseconds
LOGIN_SECONDS = 60.0  # that nobody visits the site again after a visit has found that a person is needed


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
        self._unwritten = False  # whether the store lacks what this keeper knows
        self._locks: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()

    async def acquire(self) -> tuple[BrowserSession, bool]:
        """The session to make a call with, and whether a visit could not better it: it was handed in, or is just from
        one. Raises what a visit raises, and `StoreError`."""
        if self.given and self.session is not None:
            return self.session, True
        async with self._lock:
            await self.reload()
            if self.session is not None and self._usable(self.session):
                return self.session, False
            return await self._load_newer_or_harvest(refused=self.session)

    async def reload(self) -> BrowserSession | None:
        """Take up what others have made of the session, also that they have removed it; the session, if there is
        one."""
        if self._store is not None and not self._unwritten:
            self.session = await self._store.load(self._key)
        return self.session

    async def renew(self, refused: BrowserSession) -> BrowserSession:
        """A session in place of `refused`, which the site did not take: another's, if there is one by now, else one of
        a visit. Raises `SessionExpired` where only a person can log in, and whatever else a visit raises."""
        async with self._lock:
            if self.session is not None and self.session.harvested_at != refused.harvested_at:
                return self.session  # of several calls that were refused, one visits the site
            return (await self._load_newer_or_harvest(refused))[0]

    async def harvest(self) -> BrowserSession:
        """Visit the site now, whatever there is. Raises what the visit raises; then all is as before."""
        asked = time.time()
        async with self._lock, self._alone():
            known, stored = await self.reload(), await self._load()
            if stored is not None and stored.harvested_at > asked:
                return stored  # from a visit that somebody else began after we had asked
            return await self._save(await self._visit(stored or known), over=stored)

    async def replace(self, session: BrowserSession) -> None:
        """Use `session` from now on, whatever there was."""
        if self._store is not None:
            async with self._writing():
                await self._store.save(self._key, session)
        self.session, self._unwritten = session, False

    async def merge_changes(self, before: BrowserSession, after: BrowserSession) -> BrowserSession:
        """The session after the site has made `after` of `before`, brought together with what others have changed.

        A store that fails is no reason to lose an answer: it is logged.
        """
        known = self.session if self.session is not None else before
        try:
            async with self._writing():
                stored = await self._load()
                session = merge_sessions(stored or known, before, after)
                session = msgspec.structs.replace(session, expires_at=expiry(session, self._recipe))
                if self._store is not None and stored not in (None, session):  # one that was removed stays so
                    await self._store.save(self._key, session)
            self._unwritten = False
        except StoreError as error:
            log.warning("what the site changed in the session is not kept: %s", error)
            session = merge_sessions(known, before, after)
            self._unwritten = True
        self.session = session
        return session

    async def _load_newer_or_harvest(self, refused: BrowserSession | None) -> tuple[BrowserSession, bool]:
        """A session other than `refused`, and whether it is just from a visit."""
        asked = time.time()
        async with self._alone():
            stored = await self._load()
            if stored is not None and self._can_replace(stored, refused, asked):
                self.session = stored
                return stored, False
            if stored is not None and time.time() - stored.login_needed_at < LOGIN_SECONDS:
                raise SessionExpired(EXPIRED)  # somebody has just tried, and nobody has logged in since
            try:
                session = await self._visit(stored or refused)
            except LoginRequired as error:
                if stored is not None:
                    await self._note_login(stored)
                if (stored is None and refused is None) or isinstance(error, SessionExpired):
                    raise
                raise SessionExpired(EXPIRED, url=error.url) from error
            try:
                return await self._save(session, over=stored), True
            except StoreError as error:
                log.warning("the new session is not kept: %s", error)
                self.session, self._unwritten = session, True
                return session, True

    async def _save(self, session: BrowserSession, *, over: BrowserSession | None) -> BrowserSession:
        """Keep what a visit that began with the stored session `over` has left.

        Where somebody has logged in meanwhile, or made another visit, theirs holds; where somebody has removed the
        session, it stays so; what a site has changed for others meanwhile is brought together with it.
        """
        if self._store is not None:
            async with self._writing():
                stored = await self._store.load(self._key)
                if stored is None or over is None:
                    session = stored or session
                elif stored.harvested_at != over.harvested_at:
                    session = stored
                else:
                    session = _joined(session, over, stored)
                if stored is not None or over is None:
                    await self._store.save(self._key, session)
        self.session, self._unwritten = session, False
        return session

    async def _note_login(self, refused: BrowserSession) -> None:
        """Write down that only a person can renew what is stored, so that others need not try."""
        with suppress(StoreError):
            async with self._writing():
                stored = await self._load()
                if self._store is not None and stored is not None and stored.harvested_at == refused.harvested_at:
                    await self._store.save(self._key, msgspec.structs.replace(stored, login_needed_at=time.time()))

    def _usable(self, session: BrowserSession) -> bool:
        """Whether a call can count on `session`: it has what the recipe needs, and that does not end just now."""
        now = time.time()
        return is_fresh(session, now) and not missing_credentials(session, self._recipe, now)

    def _can_replace(self, stored: BrowserSession, refused: BrowserSession | None, asked: float) -> bool:
        """Whether `stored` may be taken where `refused` is not: it is of another visit, or the site has renewed what
        the recipe needs of it. One that somebody has fetched since we `asked` is as good as can be had."""
        same_visit = refused is not None and stored.harvested_at == refused.harvested_at
        if refused is not None and same_visit and _needed(stored, self._recipe) == _needed(refused, self._recipe):
            return False
        return self._usable(stored) or (stored.harvested_at >= asked and not stored.expired(time.time()))

    async def _load(self) -> BrowserSession | None:
        return await self._store.load(self._key) if self._store is not None else None

    @property
    def _lock(self) -> asyncio.Lock:
        """Of this keeper's calls, in this event loop."""
        return self._locks.setdefault(asyncio.get_running_loop(), asyncio.Lock())

    @asynccontextmanager
    async def _writing(self) -> AsyncGenerator[None, None]:
        """Be the only one who changes the stored session."""
        async with self._held("write", WRITE_SECONDS, StoreError, "Another process has held the stored session"):
            yield

    @asynccontextmanager
    async def _alone(self) -> AsyncGenerator[None, None]:
        """Be the only one who visits the site for this session, among all who use the store."""
        what = "Another process has been visiting the site"
        async with self._held("harvest", VISIT_SECONDS, HarvestFailed, what):
            yield

    @asynccontextmanager
    async def _held(
        self, purpose: Purpose, seconds: float, kind: type[ToolkitError], what: str
    ) -> AsyncGenerator[None, None]:
        async with AsyncExitStack() as held:
            if self._store is not None:
                try:
                    await held.enter_async_context(self._store.lock(self._key, purpose, seconds))
                except TimeoutError:
                    hint = "Look for one that is stopped, or for a browser window that waits for a login."
                    raise kind(f"{what} for {seconds:g} s.", hint=hint) from None
            yield


def _joined(visit: BrowserSession, over: BrowserSession, stored: BrowserSession) -> BrowserSession:
    """The session of a `visit` that began with `over`, and what has changed in that one since, which is `stored`."""
    of_now = msgspec.structs.replace(visit, harvested_at=over.harvested_at, changed_at=visit.harvested_at)
    return msgspec.structs.replace(merge_sessions(of_now, over, stored), harvested_at=visit.harvested_at)


def _needed(session: BrowserSession, recipe: Harvest) -> set[Cookie]:
    return {cookie for cookie in session.cookies if recipe.needs_cookie(cookie.name)}
