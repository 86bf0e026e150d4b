"""Several processes at one store: one at a time, whatever becomes of the others."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.stores.others import TIMES, numbered, opened
from tests.stores.sessions import SECRET, key, session
from toolkit.stores.file import WRITE_LOCK_NAME, FileStore
from toolkit.stores.file_lock import file_lock

ROOT = Path(__file__).parents[2]
posix = pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")


@pytest.fixture(params=["file", "redis"])
def spec(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(request.getfixturevalue("redis_url")) if request.param == "redis" else str(tmp_path / "sessions")


@asynccontextmanager
async def another(task: str, spec: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Another process that does `task` at the store; killed at the end if it still runs."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.stores.others", task, spec),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def said_held(process: asyncio.subprocess.Process) -> None:
    assert process.stdout is not None
    assert await process.stdout.readline() == b"held\n"


async def test_another_process_keeps_us_waiting(spec: str) -> None:
    """What one process holds, no other gets, until it lets go."""
    store = opened(spec)
    async with another("hold", spec) as process:
        await said_held(process)
        with pytest.raises(TimeoutError):
            async with store.lock(key(), "harvest", 0):
                pytest.fail("two hold it")
        async with store.lock(key(), "write", 0):
            pass
        assert process.stdin is not None
        process.stdin.close()
        async with store.lock(key(), "harvest"):
            pass


async def test_a_killed_process_holds_nothing(spec: str) -> None:
    """The lock of one that is killed while it holds it becomes free, without anybody's doing."""
    store = opened(spec)
    async with another("leave", spec) as process:
        await said_held(process)
        process.kill()
        await process.wait()
        # A file's lock is free at once; one in Redis when its time is over.
        async with store.lock(key(), "harvest", 0 if isinstance(store, FileStore) else None):
            pass


async def test_no_change_of_several_processes_is_lost(spec: str) -> None:
    """Each adds to the same number under the lock; at the end it is the sum."""

    async def count() -> None:
        async with another("count", spec) as process:
            assert await process.wait() == 0

    await asyncio.gather(*(count() for _ in range(3)))
    assert await opened(spec).load(key()) == numbered(3 * TIMES)


@posix
async def test_a_save_that_is_killed_leaves_the_old_session(tmp_path: Path) -> None:
    """It leaves half a save behind, which the next save removes, since it holds secrets."""
    store = FileStore(tmp_path / "sessions", key="")
    await store.save(key(), session())
    async with another("die", str(store.folder)) as process:
        assert await process.wait() < 0
    (left,) = leftovers(store)
    assert SECRET in left.read_text()
    assert await store.load(key()) == session()
    assert await store.sessions() == {key(): session()}
    await store.save(key("ada"), session("ada"))
    assert not list(leftovers(store))
    assert await store.load(key()) == session()


async def test_a_save_that_is_slow_is_left_alone(tmp_path: Path) -> None:
    """What another process is still writing is no leftover: the next save waits for it."""
    store = FileStore(tmp_path / "sessions", key="")
    async with another("wait", str(store.folder)) as process:
        await said_held(process)
        (writing,) = leftovers(store)
        save = asyncio.create_task(store.save(key("ada"), session("ada")))
        with pytest.raises(TimeoutError):
            async with file_lock(store.folder / WRITE_LOCK_NAME, 0):
                pytest.fail("two save at once")
        assert writing.exists()
        assert not save.done()
        assert process.stdin is not None
        process.stdin.close()
        await save
        assert await process.wait() == 0
    assert await store.sessions() == {key(): numbered(7), key("ada"): session("ada")}
    assert not leftovers(store)


def leftovers(store: FileStore) -> list[Path]:
    return [path for path in store.folder.iterdir() if path.suffix not in (".json", ".lock")]
