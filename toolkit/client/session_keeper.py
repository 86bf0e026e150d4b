"""Decides which session a client's calls are made with, and when a new one has to be harvested.

`SessionKeeper.acquire` takes the first of these that there is:

1. the session that was given to the client
2. the stored session (or, without a store, the one of the last visit), if a call can count on it
3. a session that another process has stored while this one waited for its turn to renew it
4. one that a rung of the ladder gets: the site's own renewal, then the person's command (`renewal_ladder`)
5. the session of a new visit, which may fail because a person has to log in; then once more one of another process

When the site has refused a session, `renew` takes the one that another call of this client has got by now, else it
begins at 3. A session that ends before long is renewed in time, from 3 on, and used as it is where that fails.

Rungs and visits are functions that are passed in: nothing here opens a browser or sends a request.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import NamedTuple
from weakref import WeakKeyDictionary

import msgspec

from toolkit.client.renewal_ladder import ROTATED, STORE, VISIT, Outcomes, Rung, outcome_of
from toolkit.client.session_health import State
from toolkit.client.session_storage import SessionStorage
from toolkit.errors import (
    BrowserMissing,
    DriverFailed,
    KeyRefused,
    LoginRequired,
    SessionExpired,
    StoreError,
    ToolkitError,
    UsageError,
)
from toolkit.session.browser_session import BrowserSession, LastCheck
from toolkit.session.concurrent_changes import merge_sessions
from toolkit.session.expiry import has_end_moved, is_renewal_due
from toolkit.session.recipe import Harvest
from toolkit.session.tokens import credentials, missing_credentials
from toolkit.stores.base import Key, Store

log = logging.getLogger("toolkit")

EXPIRED = "The session has expired, and the site wants a login."
NO_BROWSER = "The session has expired, and no browser can be started here to make it anew."
KEY_HINT = "`--account NAME` keeps a session of a browser beside it."

# Visits the site with a browser that begins with the given session's cookies. Returns the new session.
Visit = Callable[[BrowserSession | None], Awaitable[BrowserSession]]

LOGIN_SECONDS = 60.0  # how long nobody visits the site again after a visit has found that a person has to log in
IN_TIME_SECONDS = 1.0  # how long a call waits for another process's renewal of a session that is still good
STORING_SECONDS = 2.0  # how long a cancellation waits for what a rung gets: a token that is good for once


class Acquired(NamedTuple):
    """A session to make a call with. `fresh`: harvesting again is pointless, since the session was given or is new."""

    session: BrowserSession
    fresh: bool


class SessionKeeper:
    """Keeps the session of `key` for one client. `session` is the current one, or None before there is one.

    With a `store`, the session is shared with everyone who uses that store: sessions that other processes have
    harvested or changed are used here, and of all who need a new session one renews it while the others wait. A `given`
    session is used as it is, whatever the store has, and is never renewed.

    `rungs` are the ways to renew a session that are tried before a visit. `outcomes` are those of the last renewal.
    """

    def __init__(
        self,
        key: Key,
        recipe: Harvest,
        visit: Visit,
        *,
        rungs: Sequence[Rung] = (),
        store: Store | None = None,
        given: BrowserSession | None = None,
    ) -> None:
        self.session = given
        self.given = given is not None
        self._provider = key.provider
        self._recipe = recipe
        self._visit = visit
        self._rungs = rungs
        self.outcomes = Outcomes(key.provider)
        self._storage = SessionStorage(store if given is None else None, key, recipe)
        self._read_at = 0.0  # when the last reading of the store began, in seconds of `time.monotonic`
        self._store_outdated = False  # the store failed to save what `session` has
        self._locks: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()

    async def acquire(self) -> Acquired:
        """Return the session to make a call with; see the top of this file. Raises what a visit raises, and
        `StoreError`."""
        if self.given and self.session is not None:
            log.debug("%s: using the session that was given", self._provider)
            return Acquired(self.session, fresh=True)
        asked_at = time.monotonic()
        async with self._lock:
            if self._read_at < asked_at:  # many calls that ask at once share one reading of the store
                await self.reload()
            if self.session is not None and self._has_credentials(self.session):
                if is_renewal_due(self.session, time.time()):
                    return await self._renew_in_time(self.session)
                log.debug("%s: using the session that there is", self._provider)
                return Acquired(self.session, fresh=False)
            log.debug("%s: %s", self._provider, "there is no session" if self.session is None else "the session ends")
            return await self._load_newer_or_renew(refused=self.session)

    async def move_to(self, key: Key) -> BrowserSession | None:
        """Keep the session of `key` from now on, of the same provider and account at another address. Returns the
        stored one, if there is one."""
        self._storage.key = key
        return await self.reload()

    async def reload(self) -> BrowserSession | None:
        """Load the session from the store, where others may have changed or removed it. Returns it, or None."""
        if self._storage.store is not None and not self._store_outdated:
            began = time.monotonic()
            self.session = await self._storage.load()
            self._read_at = began
        return self.session

    async def renew(self, refused: BrowserSession) -> BrowserSession:
        """Return a session in place of `refused`, which the site did not accept: one that another call or process has
        got by now, by a renewal or because the site has changed its token in a call, else a renewed one.

        Raises `SessionExpired` if only a person can log in, and whatever else a visit raises.
        """
        async with self._lock:
            if self.session is not None and self._differs(self.session, refused):
                log.debug("%s: another call of this client has renewed the session", self._provider)
                return self.session
            return (await self._load_newer_or_renew(refused)).session

    async def harvest(self, *, visit: bool = True) -> BrowserSession:
        """Renew the session now, whatever it is, and store the result: by a visit, or, without `visit`, by the first
        rung that changes it, else by a visit. Raises what the visit raises; then the session stays as it was."""
        asked_at = time.time()
        async with self._lock, self._storage.visit_lock():
            current, stored = await self.reload(), await self._storage.load()
            await self._storage.check_writable()
            if stored is not None and stored.harvested_at > asked_at:
                log.debug("%s: another process has just visited the site", self._provider)
                return stored
            self.outcomes = Outcomes(self._provider)
            begin = stored or current
            if begin is not None and begin.api_key is not None:
                raise UsageError("The session is an API key, and no visit renews one.", hint=KEY_HINT)
            if begin is not None and not visit and (renewed := await self._climb(begin, in_time=True)) is not None:
                return renewed
            try:
                return await self._store_visit(await self._visit(begin), started_from=stored)
            except LoginRequired as error:
                self.outcomes.add(VISIT, outcome_of(error))
                if self._rungs and not visit:
                    self.outcomes.tell(error)
                raise

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

    async def note_check(self, checked: BrowserSession, state: State, identity: str | None = None) -> None:
        """Store what a check of the session `checked` has found just now, and who is signed in, where that was not
        known."""
        await self._storage.save_check(checked, LastCheck(state, time.time()), identity)

    async def _renew_in_time(self, session: BrowserSession) -> Acquired:
        """Return a session in place of `session`, which is still good for a while; that one, where it cannot be renewed
        now, or another process is about it."""
        log.debug("%s: the session ends before long", self._provider)
        # Noted before it is tried: a call whose time is up meanwhile must not be the first of many that end so.
        session = self.session = msgspec.structs.replace(session, unmoved_at=time.time())
        await self._storage.mark(session, unmoved_at=session.unmoved_at)
        try:
            return await self._load_newer_or_renew(session, in_time=True)
        except ToolkitError as error:
            log.debug("%s: the session is used as it is: %s", self._provider, error)
            return Acquired(session, fresh=False)

    async def _load_newer_or_renew(self, refused: BrowserSession | None, *, in_time: bool = False) -> Acquired:
        """Return a session other than `refused`: from the store if another process has put one there, else by the
        ladder, else of a visit. `in_time` says that `refused` is still good: then nobody is waited for."""
        asked_at = time.time()
        self.outcomes = Outcomes(self._provider)
        async with self._storage.visit_lock(IN_TIME_SECONDS) if in_time else self._storage.visit_lock():
            stored = await self._storage.load()
            if (newer := self._newer(stored, refused, asked_at)) is not None:
                return newer
            if stored is not None and time.time() - stored.login_needed_at < LOGIN_SECONDS:
                self.outcomes.add(VISIT, "one has just found that a person has to log in")
                expired = SessionExpired(EXPIRED)
                self.outcomes.tell(expired)
                raise expired
            self.outcomes.add(STORE, "nothing newer")
            if refused is not None:
                self.outcomes.add(ROTATED, "nothing newer")
            begin = stored or refused
            if begin is not None and begin.api_key is not None:
                raise KeyRefused("The site does not take the API key, and no visit renews one.")
            if begin is not None and (renewed := await self._climb(begin, in_time=in_time)) is not None:
                return Acquired(renewed, fresh=True)
            try:
                session = await self._visit_without_login(begin)
            except LoginRequired as error:
                return await self._newer_or_raise(error, refused, asked_at, in_time=in_time)
            if in_time and refused is not None and not has_end_moved(refused, session, self._recipe):
                session = msgspec.structs.replace(session, unmoved_at=time.time())
            try:
                session = await self._store_visit(session, started_from=stored)
            except StoreError as error:
                log.warning("the new session is not kept: %s", error)
                self._set_unstored(session)
            return Acquired(session, fresh=True)

    def _newer(self, stored: BrowserSession | None, refused: BrowserSession | None, asked_at: float) -> Acquired | None:
        """Return the stored session, if somebody else has made it one that may be used in place of `refused`."""
        if stored is None or not self._can_replace(stored, refused, asked_at):
            return None
        log.debug("%s: another process has renewed the stored session", self._provider)
        self.session = stored
        return Acquired(stored, fresh=False)

    async def _newer_or_raise(
        self, error: LoginRequired, refused: BrowserSession | None, asked_at: float, *, in_time: bool
    ) -> Acquired:
        """Look once more for what somebody else has renewed, after a visit that ended with `error`: at a site that
        changes its tokens with each call, that call's answer may have been on its way. Raises `error` if there is
        nothing, after a note in the store that a person has to log in."""
        self.outcomes.add(VISIT, outcome_of(error.__cause__ if isinstance(error.__cause__, ToolkitError) else error))
        stored = await self._storage.load()
        if (newer := self._newer(stored or self.session, refused, asked_at)) is not None:
            return newer
        if stored is not None and not in_time:
            await self._storage.mark(stored, login_needed_at=time.time())
        if refused is not None:
            self.outcomes.tell(error)
        raise error

    async def _climb(self, begin: BrowserSession, *, in_time: bool) -> BrowserSession | None:
        """Return the session of the first rung that renews `begin`, stored; None if none does."""
        for rung in self._rungs:
            renewing = asyncio.ensure_future(self._renew_by(rung, begin, in_time=in_time))
            try:
                renewed, begin = await asyncio.shield(renewing)
            except asyncio.CancelledError:
                with suppress(asyncio.CancelledError):
                    await asyncio.wait({renewing}, timeout=STORING_SECONDS)
                renewing.cancel()
                raise
            if renewed:
                return begin
        return None

    async def _renew_by(self, rung: Rung, begin: BrowserSession, *, in_time: bool) -> tuple[bool, BrowserSession]:
        """Return whether `rung` renews `begin`, and the session that results, stored. It is stored in any case: what
        has changed may be a refresh token that is good for once."""
        try:
            renewed = await rung.renew(begin)
        except ToolkitError as error:
            self.outcomes.add(rung.name, outcome_of(error))
            return False, begin
        moved, differs = has_end_moved(begin, renewed, self._recipe), self._differs(renewed, begin)
        self.outcomes.add(rung.name, "renewed" if moved else "it ends no later" if differs else "it changed nothing")
        if renewed.harvested_at == begin.harvested_at:
            kept = await self.merge_changes(begin, renewed)
        else:
            kept = await self._store_visit(renewed, started_from=await self._storage.load())
        unmoved_at = time.time() if in_time and not moved else 0.0
        if kept.unmoved_at != unmoved_at:
            kept = self.session = msgspec.structs.replace(kept, unmoved_at=unmoved_at)
            await self._storage.mark(kept, unmoved_at=unmoved_at)
        return moved or differs, kept

    async def _visit_without_login(self, begin: BrowserSession | None) -> BrowserSession:
        """Visit the site with the session `begin`, if there is one.

        If only a person can log in, it raises `SessionExpired` if there was a session before, and `LoginRequired` if
        there was none. Whatever else it raises tells what has been tried before.
        """
        log.debug("%s: visiting the site with a browser", self._provider)
        try:
            return await self._visit(begin)
        except LoginRequired as error:
            if begin is None or isinstance(error, SessionExpired):
                raise
            raise SessionExpired(EXPIRED, url=error.url) from error
        except ToolkitError as error:
            if begin is not None and isinstance(error, BrowserMissing | DriverFailed):
                error.what = f"{NO_BROWSER} {error.what}"
            if self._rungs:
                self.outcomes.tell(error)
            raise

    async def _store_visit(self, visited: BrowserSession, *, started_from: BrowserSession | None) -> BrowserSession:
        session = await self._storage.merge_visit(visited, started_from)
        self._set_stored(session)
        return session

    def _set_stored(self, session: BrowserSession) -> None:
        self.session, self._store_outdated = session, False

    def _set_unstored(self, session: BrowserSession) -> None:
        self.session, self._store_outdated = session, True

    def _has_credentials(self, session: BrowserSession) -> bool:
        """Return whether a call can count on `session`: it has all that the recipe needs, and none of it has ended."""
        now = time.time()
        return not session.expired(now) and not missing_credentials(session, self._recipe, now)

    def _can_replace(self, stored: BrowserSession, refused: BrowserSession | None, asked_at: float) -> bool:
        """Return whether to use `stored` in place of `refused`.

        It has to be of another visit, or the site has renewed what it knows its person by. A session that was
        harvested after `asked_at` (seconds since 1970) is used even if it lacks something: no visit would do better.
        """
        if refused is not None and not self._differs(stored, refused):
            return False
        harvested_since = stored.harvested_at >= asked_at and not stored.expired(time.time())
        return self._has_credentials(stored) or harvested_since

    def _differs(self, session: BrowserSession, refused: BrowserSession) -> bool:
        """Return whether `session` is of another visit than `refused`, or the site knows its person by another cookie
        or token."""
        if session.harvested_at != refused.harvested_at:
            return True
        return credentials(session, self._recipe) != credentials(refused, self._recipe)

    @property
    def _lock(self) -> asyncio.Lock:
        """The lock among this keeper's calls in the running event loop."""
        return self._locks.setdefault(asyncio.get_running_loop(), asyncio.Lock())
