"""Locks in Redis that expire unless their holder renews them, so that a dead process frees its locks.

Whoever waits for a lock stands in a line, which is in Redis as well: a lock goes to the one who has waited longest,
whichever machine that is on. A place in the line is renewed by each attempt to take the lock, so that the dead leave
the line too. A holder to whom the server answers no more goes by its own clock.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar

from redis.asyncio import Redis
from redis.exceptions import RedisError

from toolkit.stores.lease_clock import LeaseClock
from toolkit.stores.redis_connection import RedisServer, describe_failure

log = logging.getLogger("toolkit")

RENEWALS = 5  # how often a lock is renewed within the time after which it would expire
KNOWN_SHARE = 0.9  # of that time, for which a holder goes by the last answer: what it does has to end before it is over
RELEASE_SECONDS = 1.0  # for which the end of a block waits for the lock to be released, by a server that is slow
POLL = 0.03  # seconds between two attempts of the first in the line to take a lock
LONGEST_POLL = 0.5  # ... of those far behind, who have time
PLACE_MILLISECONDS = 5_000  # how long a place in the line is kept for one who makes no attempt

# Takes the lock KEYS[1] with the token ARGV[1] for ARGV[2] milliseconds, and returns -1 and 0; or returns how many
# stand in the line before that token, which keeps its place for ARGV[3] milliseconds, and how many in all. KEYS[2] has
# the tokens of the line by their numbers, KEYS[3] by the time until which their places are kept.
TAKE_SCRIPT = """
local time = redis.call('time')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, gone in ipairs(redis.call('zrangebyscore', KEYS[3], '-inf', now)) do
    redis.call('zrem', KEYS[2], gone)
    redis.call('zrem', KEYS[3], gone)
end
local first = redis.call('zrange', KEYS[2], 0, 0)[1]
if redis.call('exists', KEYS[1]) == 0 and (not first or first == ARGV[1]) then
    redis.call('set', KEYS[1], ARGV[1], 'px', ARGV[2])
    redis.call('zrem', KEYS[2], ARGV[1])
    redis.call('zrem', KEYS[3], ARGV[1])
    return {-1, 0}
end
if not redis.call('zscore', KEYS[2], ARGV[1]) then
    local last = redis.call('zrange', KEYS[2], -1, -1, 'withscores')[2]
    redis.call('zadd', KEYS[2], (last or 0) + 1, ARGV[1])
end
redis.call('zadd', KEYS[3], now + ARGV[3], ARGV[1])
redis.call('pexpire', KEYS[2], ARGV[3])
redis.call('pexpire', KEYS[3], ARGV[3])
return {redis.call('zrank', KEYS[2], ARGV[1]), redis.call('zcard', KEYS[2])}
"""
# Renews, and releases, the lock KEYS[1]; returns 0 where it is not held with the token ARGV[1].
RENEW_SCRIPT = """
if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('pexpire', KEYS[1], ARGV[2])
"""
RELEASE_SCRIPT = """
if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('del', KEYS[1])
"""

_holders: set[asyncio.Task[None]] = set()  # the tasks that hold locks, which the event loop would not keep

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
    async def lock(
        self,
        name: str,
        seconds: float | None,
        on_place: Callable[[int, int], None] | None = None,
        on_lost: Callable[[], None] | None = None,
    ) -> AsyncIterator[None]:
        """Hold the lock `name`. Waits at most `seconds` for it (None: for ever), then raises the builtin
        `TimeoutError`. `on_place` and `on_lost` are as `SharedStore.lock_in_line` has them.

        Raises `StoreError` if the server cannot be used.
        """
        # A task of its own talks to Redis. It is asked to end and never cancelled: a cancelled request may or may not
        # have been carried out, and could leave a lock behind.
        outer_tokens = _tokens.get()
        taken = asyncio.get_running_loop().create_future()
        done, clock = asyncio.Event(), LeaseClock(self._lease * KNOWN_SHARE, on_lost)
        holder = asyncio.create_task(self._hold(name, seconds, taken, done, clock, on_place))
        _holders.add(holder)
        holder.add_done_callback(_forget)
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
            await asyncio.wait({holder}, timeout=0 if clock.lost else RELEASE_SECONDS)

    async def _hold(
        self,
        name: str,
        seconds: float | None,
        taken: asyncio.Future[str],
        done: asyncio.Event,
        clock: LeaseClock,
        on_place: Callable[[int, int], None] | None,
    ) -> None:
        """Take the lock and put its token into `taken`; then renew the lock until `done` is set, and release it.

        Returns without the lock if it is not free within `seconds`, or before `done` is set; and where it is lost,
        which `clock` tells.
        """
        loop = asyncio.get_running_loop()
        until = None if seconds is None else loop.time() + seconds
        token, lease = secrets.token_hex(16), round(self._lease * 1000)
        line = (f"{name}:line", f"{name}:places")
        async with self._server.connected() as redis:
            while True:
                asked_at = loop.time()
                before, size = await redis.eval(TAKE_SCRIPT, 3, name, *line, token, lease, PLACE_MILLISECONDS)
                if before == -1:
                    break
                if on_place is not None:
                    on_place(before + 1, size)
                pause = min(POLL * (1 + before), LONGEST_POLL)
                left = pause if until is None else until - loop.time()
                if left <= 0 or await _wait_until_set(done, min(pause, left)):
                    for key in line:
                        await redis.zrem(key, token)
                    return
            taken.set_result(token)
            clock.start(asked_at)
            held: bool | None = True
            pause = self._lease / RENEWALS
            while not await _wait_until_set(done, pause) and not clock.lost:
                asked_at = loop.time()
                held = await _held(redis, name, RENEW_SCRIPT, token, lease)
                if held:
                    clock.start(asked_at)
                elif held is False:
                    clock.lose()
                pause = self._lease / RENEWALS if held else min(LONGEST_POLL, self._lease / RENEWALS)
            clock.stop()
            if held is not False:
                await _held(redis, name, RELEASE_SCRIPT, token)


def _forget(holder: asyncio.Task[None]) -> None:
    """Forget a task that has ended, and its error, which nobody may have waited for."""
    _holders.discard(holder)
    if not holder.cancelled():
        holder.exception()


async def _wait_until_set(event: asyncio.Event, seconds: float) -> bool:
    """Wait at most `seconds` for `event`. Returns whether it is set."""
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
    return event.is_set()


async def _held(redis: Redis, name: str, script: str, *arguments: str | int) -> bool | None:
    """Run a `script` for the lock `name`. Returns False where the lock was lost, which is only logged, as is a failure
    of the server, after which nobody knows: that is None."""
    try:
        if await redis.eval(script, 1, name, *arguments):
            return True
    except RedisError as error:
        log.warning("the lock %s could not be renewed or released: %s", name, describe_failure(error))
        return None
    log.warning("the lock %s was lost, and somebody else may hold it by now", name)
    return False
