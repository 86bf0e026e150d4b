"""What only the Redis store does: leases, and what a server does that is gone, slow, strict or strange."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import nullcontext
from typing import Any

import pytest
from redis.asyncio import Redis

from tests.sites.asking import SECONDS
from tests.stores.servers import redis_server
from tests.stores.sessions import SECRET, key, session
from toolkit.errors import StoreError, UsageError
from toolkit.stores import redis_connection, redis_lock
from toolkit.stores.redis import RedisStore

NAME = 'toolkit:session:["aura","https://chat.example.org","default"]'
WRITE_LOCK = 'toolkit:lock:write:["aura","https://chat.example.org","default"]'
LOCK = 'toolkit:lock:call:["aura","https://chat.example.org","default"]'


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Any]:
    """The server as others see it."""
    async with Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
def store(redis_url: str) -> RedisStore:
    return RedisStore(redis_url, key="")


# --- locks


async def test_a_lock_is_renewed_while_it_is_held(
    store: RedisStore, redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its time to live, a few seconds only, goes up again and again; and it is gone when it is let go."""
    monkeypatch.setattr(redis_lock, "RENEWALS", 100)
    async with store.lock(key(), "call"):
        for _ in range(2):
            before = await redis.pttl(LOCK)
            while (now := await redis.pttl(LOCK)) <= before:
                assert 0 < now <= 10_000
                before = now
                await asyncio.sleep(0.01)
    assert not await redis.exists(LOCK)


async def test_a_lost_lock_is_told_and_nothing_breaks(
    store: RedisStore, redis: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Who finds at the end that somebody else has the lock says so, and leaves the other one's alone."""
    async with store.lock(key(), "call"):
        await redis.set(LOCK, "another's")
    assert await redis.get(LOCK) == b"another's"
    assert "was lost" in caplog.text


async def test_nothing_is_saved_under_a_lost_lock(store: RedisStore, redis: Any) -> None:
    """Who was stopped for longer than a lease lasts finds the lock gone, or somebody else's, and does not write over
    what others have saved or removed meanwhile; without a lock, or under a new one, it can be saved as before."""
    await store.save(key(), session())
    for another in (None, "another's"):
        async with store.lock(key(), "write"):
            stale = session(harvested_at=1.0)
            await (redis.delete(WRITE_LOCK) if another is None else redis.set(WRITE_LOCK, another))
            with pytest.raises(StoreError, match="was lost before the session was saved"):
                await store.save(key(), stale)
        assert await store.load(key()) == session()
        await redis.delete(WRITE_LOCK)
    for stored in (session(harvested_at=2.0), session(harvested_at=3.0)):
        async with store.lock(key(), "call"), store.lock(key(), "write"):
            await store.save(key(), stored)
        await store.save(key("ada"), session("ada"))
        assert await store.load(key()) == stored


async def test_a_server_that_goes_away_does_not_break_the_holder(caplog: pytest.LogCaptureFixture) -> None:
    """What was begun under the lock ends as it would; that the lock could not be released is noted."""
    with redis_server() as server:
        async with RedisStore(server.url).lock(key(), "call"):
            server.stop()
        assert "could not be renewed or released: there is no connection" in caplog.text


standing_still = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGSTOP")


@standing_still
async def test_a_server_that_stands_still_for_longer_than_a_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    """The holder is told, whenever the server answers again, and its end waits for no answer; then all is as before."""
    monkeypatch.setitem(redis_connection.OPTIONS, "socket_timeout", 3600)
    lost: list[None] = []
    told = asyncio.Event()

    def on_lost() -> None:
        lost.append(None)
        told.set()

    with redis_server() as server:
        store = RedisStore(server.url, key="", lease=0.5)
        try:
            async with (
                asyncio.timeout(SECONDS),
                store.lock_in_line(key(), "call", on_place=lambda position, size: None, on_lost=on_lost),
            ):
                server.process.send_signal(signal.SIGSTOP)
                await told.wait()
        finally:
            server.process.send_signal(signal.SIGCONT)
        async with asyncio.timeout(SECONDS), store.lock(key(), "call"):
            pass
    assert lost == [None]


@standing_still
async def test_a_server_that_stands_still_when_a_lock_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of the block waits for it only a while; the lock is free as soon as the server goes on."""
    monkeypatch.setitem(redis_connection.OPTIONS, "socket_timeout", 3600)
    monkeypatch.setattr(redis_lock, "RELEASE_SECONDS", 0.05)
    with redis_server() as server:
        store = RedisStore(server.url, key="", lease=3600)
        try:
            async with asyncio.timeout(SECONDS), store.lock(key(), "call"):
                server.process.send_signal(signal.SIGSTOP)
        finally:
            server.process.send_signal(signal.SIGCONT)
        async with asyncio.timeout(SECONDS), store.lock(key(), "call"):
            pass


async def test_a_lock_goes_to_who_has_waited_longest(redis_url: str, redis: Any) -> None:
    """Whichever client of the server that is; who waits no more has left the line, and nothing of it stays."""
    stores, got = [RedisStore(redis_url, key="") for _ in range(3)], list[int]()

    async def take(number: int) -> None:
        async with stores[number % 3].lock(key(), "call"):
            got.append(number)

    async with stores[0].lock(key(), "call"):
        waiting = []
        for number in range(8):
            waiting.append(asyncio.create_task(take(number)))
            while await redis.zcard(f"{LOCK}:line") <= number:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        waiting.pop(3).cancel()
        with pytest.raises(TimeoutError):
            async with stores[1].lock(key(), "call", 0):
                pytest.fail("it cannot be locked")
        assert got == []
    await asyncio.gather(*waiting)
    assert got == [0, 1, 2, 4, 5, 6, 7]
    assert await redis.keys() == []


async def test_the_dead_leave_the_line(store: RedisStore, redis: Any) -> None:
    """A process that was killed while it waited keeps nobody from the lock for long."""
    now = (await redis.time())[0] * 1000
    await redis.zadd(f"{LOCK}:line", {"dead": 1})
    for kept_for, is_free in (60_000, False), (0, True):
        await redis.zadd(f"{LOCK}:places", {"dead": now + kept_for})
        with nullcontext() if is_free else pytest.raises(TimeoutError):
            async with store.lock(key(), "call", 0):
                assert is_free
    assert await redis.keys() == []


# --- servers that cannot be used, after one that can


async def test_a_server_on_a_socket() -> None:
    """A path leads to a server as well as a host and a port."""
    with tempfile.TemporaryDirectory() as folder, redis_server("--unixsocket", f"{folder}/socket", password=SECRET):
        store = RedisStore(f"unix://:{SECRET}@{folder}/socket")
        async with store.lock(key(), "write"):
            await store.save(key(), session())
        assert await store.load(key()) == session()


async def used(store: RedisStore) -> AsyncIterator[str]:
    """The text of the error of each thing that a store does."""

    async def enter() -> None:
        async with store.lock(key(), "call"):
            pytest.fail("it cannot be locked")

    for call in (store.load(key()), store.save(key(), session()), store.delete(key()), store.sessions(), enter()):
        with pytest.raises(StoreError) as caught:
            await call
        yield repr(caught.value)


async def test_a_server_that_is_gone_is_told() -> None:
    """Everything is a `StoreError` that names the server and shows no password."""
    with redis_server(password=SECRET) as server:
        store = RedisStore(server.url)
        server.stop()
    async for told in used(store):
        assert "there is no connection" in told
        assert "redis://127.0.0.1:" in told
        assert SECRET not in told + repr(store)


async def test_a_wrong_password_is_told_and_not_shown(redis_url: str) -> None:
    """Neither the one that was given nor the right one."""
    wrong = redis_url.replace(SECRET, f"wrong-{SECRET}")
    async for told in used(RedisStore(wrong)):
        assert "the password is refused" in told
        assert SECRET not in told
    async for told in used(RedisStore(redis_url.replace(f":{SECRET}@", ""))):
        assert "the password is refused" in told


async def test_a_server_that_does_not_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that takes connections and says nothing is waited for some seconds only."""
    monkeypatch.setitem(redis_connection.OPTIONS, "socket_timeout", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        async for told in used(RedisStore(f"redis://127.0.0.1:{silent.getsockname()[1]}")):
            assert "does not answer in time" in told


async def test_what_the_server_says_is_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    """A server repeats a command that it does not know, and here that is a session."""
    caplog.set_level(logging.DEBUG)
    with (
        redis_server("--rename-command", "SET", "") as server,
        pytest.raises(StoreError, match="the server refused") as caught,
    ):
        await RedisStore(server.url, key="").save(key(), session())
    assert SECRET not in repr(caught.value) + caplog.text


@pytest.mark.parametrize(
    "url",
    [
        *(f"http://me:{SECRET}@host", f"redis://:{SECRET}@host:port", f"redis://[{SECRET}"),
        *(f"redis://host?pass={SECRET}", f"redis://:{SECRET}@host?socket_timeout=soon"),
        *(f"rediss://host?ssl_cert_reqs={SECRET}", f"redis://host/{SECRET}"),
    ],
)
def test_a_url_that_is_none_is_not_shown(url: str) -> None:
    """It is a `UsageError`, without what was given."""
    with pytest.raises(UsageError, match="no URL of a Redis server") as caught:
        RedisStore(url)
    assert SECRET not in repr(caught.value)
    assert caught.value.__suppress_context__


# --- what is not readable


async def test_a_corrupt_session_is_set_aside_and_said(
    store: RedisStore, redis: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """There is no session then; what was there is kept under another name."""
    content = b'{"version": 1, "session": "' + SECRET.encode()
    await redis.set(NAME, content)
    assert await store.load(key()) is None
    (aside,) = await redis.keys()
    assert aside.startswith(b"toolkit:corrupt:")
    assert await redis.get(aside) == content
    assert aside.decode() in caplog.text
    assert SECRET not in caplog.text
    await store.save(key(), session())
    assert await store.sessions() == {key(): session()}


async def test_a_newer_version_is_refused_and_left_alone(
    store: RedisStore, redis: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """As in a file: it is told, and stays; a list goes on without it."""
    await redis.set(NAME, b'{"version": 2, "all": "new"}')
    for call in (store.load(key()), store.save(key(), session())):
        with pytest.raises(StoreError, match="newer version"):
            await call
    await store.save(key("ada"), session("ada"))
    assert await store.sessions() == {key("ada"): session("ada")}
    assert "newer version" in caplog.text
    assert await redis.get(NAME) == b'{"version": 2, "all": "new"}'


async def test_what_others_keep_there_is_left_alone(
    store: RedisStore, redis: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """A list goes on without what it cannot be about, nor what is no text; who asks for just that is told."""
    await store.save(key("ada"), session("ada"))
    await redis.lpush(NAME, "another's")
    for call in (store.load(key()), store.save(key(), session())):
        with pytest.raises(StoreError, match="is no session"):
            await call
    assert await store.sessions() == {key("ada"): session("ada")}
    assert "is no session" in caplog.text
    await redis.flushall()
    await store.save(key(), session())
    await redis.set(b"toolkit:session:\xff", b"another's")
    await redis.set("another's", b"as well")
    assert await store.sessions() == {key(): session()}
    assert len(await redis.keys()) == 3


async def test_another_keys_session_is_refused(store: RedisStore, redis: Any) -> None:
    """What was copied from one account to another is not taken for the other's."""
    await store.save(key("ada"), session("ada"))
    (name,) = await redis.keys()
    await redis.copy(name, NAME)
    with pytest.raises(StoreError, match="of another key"):
        await store.load(key())
