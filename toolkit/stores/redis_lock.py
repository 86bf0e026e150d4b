"""Locks in Redis that expire unless their holder renews them, so that a dead process frees its locks."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from contextvars import ContextVar

from redis.asyncio.lock import Lock
from redis.exceptions import LockNotOwnedError, RedisError

from toolkit.stores.redis_connection import RedisServer, describe_failure

log = logging.getLogger("toolkit")

RENEWALS = 5  # how often a lock is renewed within the time after which it would expire
POLL = 0.03  # seconds between two attempts to take a lock

# The tokens of the locks that the running task holds, by the id of `RedisLocks` and the lock's name.
_tokens: ContextVar[dict[tuple[int, str], str]] = ContextVar("tokens", default={})  # noqa: B039 - it is never changed


class RedisLocks:
    """The locks of one store on `server`. A lock expires `lease` seconds after its last renewal."""

    def __init__(self, server: RedisServer, lease: float) -> None:
        self._server = server
        self._lease = lease

    def token(self, name: str) -> str:
        """Return the token with which the running task holds the lock `name`; empty if it does not hold it."""
        return _tokens.get().get((id(self), name), "")

    @asynccontextmanager
    async def lock(self, name: str, seconds: float | None) -> AsyncIterator[None]:
        """Hold the lock `name`. Waits at most `seconds` for it (None: for ever), then raises the builtin
        `TimeoutError`.

        Raises `StoreError` if the server cannot be used.
        """
        # A task of its own talks to Redis. It is asked to end and never cancelled: a cancelled request may or may not
        # have been carried out, and could leave a lock behind.
        outer_tokens = _tokens.get()
        taken = asyncio.get_running_loop().create_future()
        done = asyncio.Event()
        holder = asyncio.create_task(self._hold(name, seconds, taken, done))
        try:
            await asyncio.wait((holder, taken), return_when=asyncio.FIRST_COMPLETED)
            if not taken.done():
                holder.result()
                raise TimeoutError(f"The lock {name} was not free within {seconds} seconds.")
            _tokens.set({**outer_tokens, (id(self), name): taken.result()})
            yield
        finally:
            _tokens.set(outer_tokens)
            done.set()
            await asyncio.shield(holder)

    async def _hold(self, name: str, seconds: float | None, taken: asyncio.Future[str], done: asyncio.Event) -> None:
        """Take the lock and put its token into `taken`; then renew the lock until `done` is set, and release it.

        Returns without the lock if it is not free within `seconds`, or before `done` is set.
        """
        loop = asyncio.get_running_loop()
        until = None if seconds is None else loop.time() + seconds
        token = secrets.token_hex(16)
        async with self._server.connected() as redis:
            lock = Lock(redis, name, timeout=self._lease, thread_local=False)
            while not await lock.acquire(blocking=False, token=token):
                if (until is not None and loop.time() >= until) or await _wait_until_set(done, POLL):
                    return
            taken.set_result(token)
            try:
                while not await _wait_until_set(done, self._lease / RENEWALS):
                    with _log_failure(name):
                        await lock.reacquire()
                with _log_failure(name):
                    await lock.release()
            except LockNotOwnedError:
                log.warning("the lock %s was lost, and somebody else may hold it by now", name)


async def _wait_until_set(event: asyncio.Event, seconds: float) -> bool:
    """Wait at most `seconds` for `event`. Returns whether it is set."""
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
    return event.is_set()


@contextmanager
def _log_failure(name: str) -> Iterator[None]:
    """Only log what fails for a lock that is still held, so that its holder goes on. `LockNotOwnedError` passes."""
    try:
        yield
    except LockNotOwnedError:
        raise
    except RedisError as error:
        log.warning("the lock %s could not be renewed or released: %s", name, describe_failure(error))
