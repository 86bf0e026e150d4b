"""`RedisStore`: sessions in a Redis server, for many machines that share them."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from toolkit.errors import StoreError, install_hint
from toolkit.session.browser_session import BrowserSession
from toolkit.session.frame_locals import forgetting_locals
from toolkit.stores.base import Key, Purpose
from toolkit.stores.serialization import Packer, StoredSession, compact_json, misplaced_error

try:
    from redis.asyncio import Redis
    from redis.exceptions import ResponseError

    from toolkit.stores.redis_connection import RedisServer
    from toolkit.stores.redis_lock import RedisLocks
except ModuleNotFoundError:
    raise StoreError("The Redis store needs the package redis.", hint=f"{install_hint('redis')}.") from None

log = logging.getLogger("toolkit")

SESSION_PREFIX = "toolkit:session:"
CORRUPT_PREFIX = "toolkit:corrupt:"
LOCK_PREFIX = "toolkit:lock:"
PAUSE_PREFIX = "toolkit:pause:"
TRY_PREFIX = "toolkit:try:"
TRY_BYTES = 64 * 1024  # more than a session has
TRY_SECONDS = 10  # after which the server removes it, where the connection was lost before
# Writes the session ARGV[2], unless the lock KEYS[2] is no longer held with the token ARGV[1], which is empty without a
# lock.
SAVE_SCRIPT = """
if ARGV[1] ~= '' and redis.call('get', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('set', KEYS[1], ARGV[2])
return 1
"""
# Renames KEYS[1] to KEYS[2], unless it no longer holds ARGV[1].
SET_ASIDE_SCRIPT = "return redis.call('get', KEYS[1]) == ARGV[1] and redis.call('renamenx', KEYS[1], KEYS[2])"


class RedisStore:
    """Sessions in the Redis server at `url` (redis://, rediss://, unix://), one Redis key for each.

    Every operation opens a connection of its own, so no connection outlives its event loop. `key` is a passphrase that
    seals the sessions, or `keyring`, or empty for none; None is what `TOOLKIT_STORE_KEY` says. A lock is renewed while
    it is held, and free `lease` seconds after its process has died. A process that was stopped for longer may find its
    lock lost; saving under a lost lock raises `StoreError`. Raises `UsageError` if `url` is none of these.
    """

    @forgetting_locals
    def __init__(self, url: str, *, key: str | None = None, lease: float = 10.0) -> None:
        self._server = RedisServer(url)
        self._locks = RedisLocks(self._server, lease)
        self._packer = Packer(key)

    def __repr__(self) -> str:
        return f"<RedisStore {self._server.shown_url}>"

    @forgetting_locals
    async def load(self, key: Key) -> BrowserSession | None:
        async with self._server.connected() as redis:
            stored = await self._read(redis, _session_name(key))
        return stored[1] if stored is not None else None

    @forgetting_locals
    async def save(self, key: Key, session: BrowserSession) -> None:
        async with self._server.connected() as redis:
            await self._read(redis, _session_name(key))  # raises for a session that must not be overwritten
            content, lock = await self._packer.pack(key, session), _lock_name(key, "write")
            if not await redis.eval(SAVE_SCRIPT, 2, _session_name(key), lock, self._locks.token(lock), content):
                raise StoreError(
                    f"The lock {lock} was lost before the session was saved; what is stored stays as it is.",
                    hint="Try again.",
                )

    async def delete(self, key: Key) -> bool:
        async with self._server.connected() as redis:
            return bool(await redis.delete(_session_name(key)))

    @forgetting_locals
    async def sessions(self) -> dict[Key, BrowserSession]:
        """Return all stored sessions. One that cannot be read is left out, with a warning in the log."""
        stored = []
        async with self._server.connected() as redis:
            for name in sorted([name async for name in redis.scan_iter(f"{SESSION_PREFIX}*", count=1000)]):
                try:
                    stored.append(await self._read(redis, name.decode(errors="backslashreplace")))
                except StoreError as error:
                    log.warning("%s", error)
        return dict(session for session in stored if session is not None)

    async def check_writable(self) -> None:
        """Store something for a moment. Raises `StoreError` if that fails, or if a session could not be sealed."""
        await self._packer.check_passphrase()
        async with self._server.connected() as redis:
            name = f"{TRY_PREFIX}{secrets.token_hex(8)}"
            await redis.set(name, bytes(TRY_BYTES), ex=TRY_SECONDS)
            await redis.delete(name)

    def lock(self, key: Key, purpose: Purpose, seconds: float | None = None) -> AbstractAsyncContextManager[None]:
        return self._locks.lock(_lock_name(key, purpose), seconds)

    def lock_in_line(
        self,
        key: Key,
        purpose: Purpose,
        seconds: float | None = None,
        *,
        on_place: Callable[[int, int], None],
        on_lost: Callable[[], None],
    ) -> AbstractAsyncContextManager[None]:
        return self._locks.lock(_lock_name(key, purpose), seconds, on_place, on_lost)

    async def pause(self, key: Key, model: str, seconds: float) -> None:
        async with self._server.connected() as redis:
            await redis.set(_pause_name(key, model), b"", px=max(1, round(seconds * 1000)))

    async def pause_left(self, key: Key, model: str) -> float:
        async with self._server.connected() as redis:
            left: int = await redis.pttl(_pause_name(key, model))  # negative where there is none
        return max(0, left) / 1000

    async def _read(self, redis: Redis, name: str) -> StoredSession | None:
        """Return the session in the Redis key `name`, or None if there is none. A corrupt one is set aside first.

        Raises `StoreError` if there is something that has to stay as it is.
        """
        where = f"{name} in {self._server.shown_url}"
        try:
            content: Any = await redis.get(name)  # bytes, since `decode_responses` is off
        except ResponseError as error:
            if not str(error).startswith("WRONGTYPE"):
                raise
            raise StoreError(f"What is stored as {where} is no session.", hint="Remove it.") from None
        if content is None:
            return None
        try:
            stored = await self._packer.unpack(content, where)
        except ValueError as error:
            aside = f"{CORRUPT_PREFIX}{name.removeprefix(SESSION_PREFIX)}:{time.time_ns()}"
            if await redis.eval(SET_ASIDE_SCRIPT, 2, name, aside, content):
                log.warning("the stored session %s was not readable (%s); it was set aside as %s", where, error, aside)
            return None
        if _session_name(stored[0]) != name:
            raise misplaced_error(stored[0], where)
        return stored


def _session_name(key: Key) -> str:
    return SESSION_PREFIX + compact_json(key).decode()


def _pause_name(key: Key, model: str) -> str:
    return PAUSE_PREFIX + compact_json([*key, model]).decode()


def _lock_name(key: Key, purpose: Purpose) -> str:
    return f"{LOCK_PREFIX}{purpose}:{_session_name(key).removeprefix(SESSION_PREFIX)}"
