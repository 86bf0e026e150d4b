"""Every kind of store to keep a session in."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis

from tests.stores.servers import redis_server
from tests.stores.sessions import SECRET
from toolkit.files.state_folder import STORE_VARIABLE
from toolkit.stores.base import Store
from toolkit.stores.file import FileStore
from toolkit.stores.memory import MemoryStore
from toolkit.stores.passphrase import KEY_VARIABLE
from toolkit.stores.redis import RedisStore

PASSPHRASE = "a s3cr3t passphrase"

posix = pytest.mark.skipif(os.name != "posix", reason="rights as POSIX has them")


def only_file(store: FileStore) -> Path:
    """The one session's file of `store`, also where it was set aside."""
    (path,) = store.folder.glob("*.json*")
    return path


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the person has set for the sessions of their own is none of the tests' business."""
    for name in (STORE_VARIABLE, KEY_VARIABLE):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def open_umask() -> Iterator[None]:
    """A umask that takes nothing away."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture(scope="session")
def shared_redis() -> Iterator[str]:
    """The address of a running Redis server."""
    with redis_server(password=SECRET) as server:
        yield server.url


@pytest.fixture
def redis_url(shared_redis: str) -> str:
    """The address of a Redis server with nothing in it."""
    with Redis.from_url(shared_redis) as redis:
        redis.flushall()
    return shared_redis


@pytest.fixture(params=["memory", "file", "sealed file", "redis", "sealed redis"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Store]:
    """Opens one and the same place, of each kind that there is; each time as another client would."""
    passphrase = PASSPHRASE if "sealed" in request.param else ""
    if request.param == "memory":
        memory = MemoryStore()
        return lambda: memory
    if "file" in request.param:
        return lambda: FileStore(tmp_path / "sessions", key=passphrase)
    url = request.getfixturevalue("redis_url")
    return lambda: RedisStore(url, key=passphrase)
