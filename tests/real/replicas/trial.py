"""One trial: load on replicas that are killed, and figures of it."""

from __future__ import annotations

import asyncio
import random
import re
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from aiohttp import web

from tests.real.replicas.fleet import KEY, Fleet, accounts
from tests.real.replicas.load import load
from tests.real.replicas.site import LIMITED, CountingSite
from tests.stores.servers import redis_server
from toolkit.session.browser_session import BrowserSession
from toolkit.stores.base import Key
from toolkit.stores.redis import RedisStore

PAUSING = "many0"
EXPIRE_SECONDS = 0.5  # between two sessions that the site ends


class Figures(NamedTuple):
    """What came of a trial. `results` counts the calls by how they ended, `site` what the site has counted; `repeated`
    are the renewals of a session that one had renewed who was not killed."""

    seconds: float
    results: Counter[str]
    site: Counter[str]
    signals: Counter[str]
    repeated: list[tuple[str, str]]
    excused: int


async def trial(kills: int | None, *, clients: int = 40, turns: int = 8, many: int = 3, seed: int = 1) -> Figures:
    """Load of so many clients on three replicas, of which so many are killed, one after the other; where `kills` is
    None, each is ended in order, once. `turns` accounts take one call at a time, `many` others do not."""
    site = CountingSite(accounts(turns, many))
    runner = web.AppRunner(site.app(), access_log=None, handler_cancellation=True, shutdown_timeout=1.0)
    await runner.setup()
    stop = asyncio.Event()
    with tempfile.TemporaryDirectory(prefix="tk-") as folder, redis_server() as redis:
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
            await _store_sessions(site, origin, redis.url)
            fleet = Fleet(Path(folder), redis.url)
            async with fleet.running():
                began = time.monotonic()
                models = [_model(name) for name in site.accounts] + [f"{_model(PAUSING)}/{LIMITED}"] * 2
                asking = asyncio.create_task(load(fleet.url, KEY, models, clients, stop))
                ending = asyncio.create_task(_expire(site, random.Random(seed), stop))
                if kills is None:
                    await fleet.restart_each()
                else:
                    await fleet.kill_at_random(kills, random.Random(seed))
                stop.set()
                results = await asking
                await ending
                took = time.monotonic() - began
        finally:
            stop.set()
            await runner.cleanup()
    excused = [pair for pair in site.repeated if pair[0] in fleet.killed]
    repeated = [pair for pair in site.repeated if pair[0] not in fleet.killed]
    return Figures(took, results, site.counts, fleet.signals, repeated, len(excused))


def _model(account: str) -> str:
    provider = re.sub(r"\d", "", account)
    return f"{provider}@{account}"


async def _store_sessions(site: CountingSite, origin: str, redis: str) -> None:
    store = RedisStore(redis, key="")
    for name in site.accounts:
        provider = re.sub(r"\d", "", name)
        session = BrowserSession.from_cookie_values(provider, origin, {"sid": site.cookie(name)})
        await store.save(Key(provider, origin, name), session)


async def _expire(site: CountingSite, chance: random.Random, stop: asyncio.Event) -> None:
    """End one session after the other, but for that of the account which is asked to pause: a call that waits for a
    session has looked for a pause before."""
    ending = [name for name in site.accounts if name != PAUSING]
    while not stop.is_set():
        site.expire(chance.choice(ending))
        await asyncio.sleep(EXPIRE_SECONDS)
