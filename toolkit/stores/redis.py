"""Sessions in Redis, for many machines that share them."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from contextvars import ContextVar
from typing import Any
from urllib.parse import urlsplit

from toolkit.errors import StoreError, UsageError, install_hint, redact_url
from toolkit.session.value import BrowserSession
from toolkit.stores.base import Key, Purpose
from toolkit.stores.serialization import Packer, StoredSession, compact_json, misplaced_error

try:
    from redis.asyncio import ConnectionPool, Redis
    from redis.asyncio.connection import parse_url
    from redis.asyncio.lock import Lock
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff
    from redis.exceptions import (
        AuthenticationError,
        AuthenticationWrongNumberOfArgsError,
        ConnectionError,
        LockNotOwnedError,
        NoPermissionError,
        RedisError,
        ResponseError,
    )
    from redis.exceptions import TimeoutError as RedisTimeout
except ModuleNotFoundError:
    raise StoreError("The Redis store needs the package redis.", hint=f"{install_hint('redis')}.") from None

log = logging.getLogger("toolkit")

PREFIX = "toolkit:session:"
CORRUPT = "toolkit:corrupt:"
LOCKS = "toolkit:lock:"
OPTIONS: dict[str, Any] = {
    "socket_connect_timeout": 3.0,  # seconds
    "socket_timeout": 5.0,
    "retry": Retry(NoBackoff(), 0),  # a lost answer leaves open whether a lock was taken
    "protocol": 2,  # every server speaks it, and nothing here needs more
    "decode_responses": False,
}
RENEWALS = 5  # of a lock in the time after which it would be free
POLL = 0.03  # seconds between two tries to take a lock
# Under a lock that somebody else may hold by now, nothing is written. Without one, ARGV[1] is empty.
SAVE = """
if ARGV[1] ~= '' and redis.call('get', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('set', KEYS[1], ARGV[2])
return 1
"""
SET_ASIDE = "return redis.call('get', KEYS[1]) == ARGV[1] and redis.call('renamenx', KEYS[1], KEYS[2])"

# The tokens of the locks that the running task holds, by the store's id and the lock's name.
held: ContextVar[dict[tuple[int, str], str]] = ContextVar("held", default={})  # noqa: B039 - it is never changed

# By kind; the special ones come before the general ones.
REASONS: dict[type[RedisError], str] = {
    AuthenticationError: "the user or the password is refused",
    AuthenticationWrongNumberOfArgsError: "the user or the password is refused",
    NoPermissionError: "this user may not do that",
    ConnectionError: "there is no connection",
    RedisTimeout: "it does not answer in time",
}


class RedisStore:
    """Sessions in the Redis server at `url` (redis://, rediss://, unix://), each a key of its own.

    Every operation has a connection of its own, so none outlives its event loop. `key` is a passphrase that seals the
    sessions, or `keyring`, or empty for none; None is what `TOOLKIT_STORE_KEY` says. A lock that a dead process held
    is free after `lease` seconds; who lives renews it. Who did not, because the process was stopped, may find it lost:
    to save under such a lock is a `StoreError`. Raises `UsageError` for what is no such URL.
    """

    def __init__(self, url: str, *, key: str | None = None, lease: float = 20.0) -> None:
        try:
            parts = urlsplit(url)
            if parts.scheme != "unix" and not (parts.path.strip("/") or "0").isdecimal():
                raise ValueError("no number of a database")  # which redis-py passes over
            self._options: dict[str, Any] = {**parse_url(url), **OPTIONS}
            self._shown = redact_url(url)
            pool: Any = ConnectionPool(**self._options)
            pool.make_connection()  # which connects nothing yet, and knows what options there are
        except (TypeError, ValueError, RedisError):
            raise UsageError(
                "That is no URL of a Redis server.", hint="It looks like redis://user:password@host:6379/0."
            ) from None  # the cause may show a piece of the password
        self._lease = lease
        self._packer = Packer(key)

    def __repr__(self) -> str:
        return f"<RedisStore {self._shown}>"

    async def load(self, key: Key) -> BrowserSession | None:
        async with self._connected() as redis:
            kept = await self._read(redis, _name(key))
        return kept[1] if kept is not None else None

    async def save(self, key: Key, session: BrowserSession) -> None:
        async with self._connected() as redis:
            await self._read(redis, _name(key))  # what cannot be read is not written over
            content, lock = await self._packer.pack(key, session), _lock_name(key, "write")
            token = held.get().get((id(self), lock), "")
            if not await redis.eval(SAVE, 2, _name(key), lock, token, content):
                raise StoreError(
                    f"The lock {lock} was lost before the session was saved; what is stored stays as it is.",
                    hint="Try again.",
                )

    async def delete(self, key: Key) -> bool:
        async with self._connected() as redis:
            return bool(await redis.delete(_name(key)))

    async def sessions(self) -> dict[Key, BrowserSession]:
        """All sessions that are kept. One that cannot be read is left out, and said."""
        found = []
        async with self._connected() as redis:
            for name in sorted([name async for name in redis.scan_iter(f"{PREFIX}*", count=1000)]):
                try:
                    found.append(await self._read(redis, name.decode(errors="backslashreplace")))
                except StoreError as error:
                    log.warning("%s", error)
        return dict(kept for kept in found if kept is not None)

    @asynccontextmanager
    async def lock(self, key: Key, purpose: Purpose, seconds: float | None = None) -> AsyncIterator[None]:
        # All that is said to Redis is said by a task that is told to end, never cancelled: a request of which nobody
        # knows whether it was carried out would leave a lock behind.
        name, before = _lock_name(key, purpose), held.get()
        taken = asyncio.get_running_loop().create_future()
        done = asyncio.Event()
        keeper = asyncio.create_task(self._keep(name, seconds, taken, done))
        try:
            await asyncio.wait((keeper, taken), return_when=asyncio.FIRST_COMPLETED)
            if not taken.done():
                keeper.result()
                raise TimeoutError(f"The lock {name} was not free within {seconds} seconds.")
            held.set({**before, (id(self), name): taken.result()})
            yield
        finally:
            held.set(before)
            done.set()
            await asyncio.shield(keeper)

    async def _keep(self, name: str, seconds: float | None, taken: asyncio.Future[str], done: asyncio.Event) -> None:
        """Take the lock, within `seconds` and before `done`, and tell its token; then renew it until `done`, and
        release it."""
        loop = asyncio.get_running_loop()
        until = None if seconds is None else loop.time() + seconds
        token = secrets.token_hex(16)
        async with self._connected() as redis:
            lock = Lock(redis, name, timeout=self._lease, thread_local=False)
            while not await lock.acquire(blocking=False, token=token):
                if (until is not None and loop.time() >= until) or await _set_within(done, POLL):
                    return
            taken.set_result(token)
            try:
                while not await _set_within(done, self._lease / RENEWALS):
                    with _noted(name):
                        await lock.reacquire()
                with _noted(name):
                    await lock.release()
            except LockNotOwnedError:
                log.warning("the lock %s was lost, and somebody else may hold it by now", name)

    async def _read(self, redis: Redis, name: str) -> StoredSession | None:
        """What is in the key `name`, None where there is nothing that can be understood. Raises `StoreError`."""
        where = f"{name} in {self._shown}"
        try:
            content: Any = await redis.get(name)  # bytes, since `decode_responses` is off
        except ResponseError as error:
            if not str(error).startswith("WRONGTYPE"):
                raise
            raise StoreError(f"What is stored as {where} is no session.", hint="Remove it.") from None
        if content is None:
            return None
        try:
            kept = await self._packer.unpack(content, where)
        except ValueError as error:
            aside = f"{CORRUPT}{name.removeprefix(PREFIX)}:{time.time_ns()}"
            if await redis.eval(SET_ASIDE, 2, name, aside, content):
                log.warning("the stored session %s was not readable (%s); it was set aside as %s", where, error, aside)
            return None
        if _name(kept[0]) != name:
            raise misplaced_error(kept[0], where)
        return kept

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Redis]:
        """A connection for as long as it is used. What goes wrong with it is a `StoreError`."""
        try:
            async with Redis.from_pool(ConnectionPool(**self._options)) as redis:
                yield redis
        except RedisError as error:
            # What the server says may repeat what it was sent, a password or a session: it is never shown.
            raise StoreError(
                f"The Redis store {self._shown} cannot be used: {_reason(error)}.",
                hint="Check the address, and whether the server runs and lets you in.",
            ) from None


def _name(key: Key) -> str:
    return PREFIX + compact_json(key).decode()


def _lock_name(key: Key, purpose: Purpose) -> str:
    return f"{LOCKS}{purpose}:{_name(key).removeprefix(PREFIX)}"


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    """Whether `event` is set by now, or within `seconds`."""
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
    return event.is_set()


@contextmanager
def _noted(name: str) -> Iterator[None]:
    """What goes wrong with a lock that is held, but not lost for that, is noted only: its holder works on."""
    try:
        yield
    except LockNotOwnedError:
        raise
    except RedisError as error:
        log.warning("the lock %s could not be renewed or released: %s", name, _reason(error))


def _reason(error: RedisError) -> str:
    """What went wrong, in words that hold nothing of what was sent."""
    for kind, reason in REASONS.items():
        if isinstance(error, kind):
            return reason
    return f"the server refused ({type(error).__name__})"
