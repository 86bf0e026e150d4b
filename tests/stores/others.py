"""What another process does with a store: `python -m tests.stores.others TASK SPEC`.

SPEC is a folder, or the address of a Redis server. TASK is one of

hold    holds the lock of the key for a harvest, until its input ends
leave   the same, with a lease in Redis that is soon over once nobody renews it
count   adds one to a number in the session, a few times, under the lock for writing
die     is killed in the middle of a save, when the file is written and has not got its name yet
wait    stops at that point until its input ends, and goes on
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from tests.stores.sessions import key, session
from toolkit.session.browser_session import BrowserSession
from toolkit.stores.base import Store
from toolkit.stores.file import FileStore
from toolkit.stores.redis import RedisStore

TIMES = 10


def opened(spec: str, lease: float = 10.0) -> Store:
    """The store that `spec` names, unsealed."""
    return RedisStore(spec, key="", lease=lease) if spec.startswith("redis:") else FileStore(Path(spec), key="")


async def hold(store: Store) -> None:
    async with store.lock(key(), "harvest"):
        said("held")
        await asyncio.to_thread(sys.stdin.read)


async def count(store: Store) -> None:
    for _ in range(TIMES):
        async with store.lock(key(), "write"):
            before = await store.load(key()) or numbered(0)
            await store.save(key(), numbered(before.harvested_at + 1))


async def die(store: Store) -> None:
    os.replace = lambda *names: os.kill(os.getpid(), signal.SIGKILL)
    await store.save(key(), numbered(7))


async def wait(store: Store) -> None:
    replace = os.replace

    def later(*names: Any) -> None:
        said("held")
        sys.stdin.read()
        replace(*names)

    os.replace = later  # type: ignore[assignment]
    await store.save(key(), numbered(7))


def numbered(number: float) -> BrowserSession:
    return session(harvested_at=number)


def said(word: str) -> None:
    print(word, flush=True)


if __name__ == "__main__":
    _, task, spec = sys.argv
    tasks = {"hold": hold, "leave": hold, "count": count, "die": die, "wait": wait}
    asyncio.run(tasks[task](opened(spec, lease=1.0 if task == "leave" else 10.0)))
