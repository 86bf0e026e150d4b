"""Many processes that share a store: one of them visits the site, also when another died while it did."""

from __future__ import annotations

import asyncio

from tests.cli.conftest import Toolkit
from tests.shared_sessions.conftest import Launches, SlowAura
from tests.sites.asking import SECONDS, until
from tests.sites.openassistant import OpenAssistantSite
from tests.sites.serving import serve
from toolkit.session.browser_session import BrowserSession
from toolkit.stores.base import Key
from toolkit.stores.choose import open_store

MANY = 12


async def answers(processes: list[asyncio.subprocess.Process]) -> list[str]:
    """What they have printed, once all have ended well."""
    async with asyncio.timeout(SECONDS):
        told = await asyncio.gather(*(process.communicate() for process in processes))
    assert [process.returncode for process in processes] == [0] * len(processes), [err.decode() for _, err in told]
    return [out.decode().strip() for out, _ in told]


async def test_many_at_once_start_one_browser(
    toolkit: Toolkit, launches: Launches, aura: tuple[SlowAura, str], store: dict[str, str]
) -> None:
    """Nobody has a session, all want one: one visit, and everyone gets an answer."""
    site, origin = aura
    chat = ("chat", "aura", "Hi", "--base-url", origin)
    processes = [await toolkit.start(*chat, env={**launches.environ, **store}) for _ in range(MANY)]
    assert await answers(processes) == ["".join(site.answer).strip()] * MANY
    assert (launches.count, site.visits) == (1, 1)


async def test_the_one_who_visits_is_killed(
    toolkit: Toolkit, launches: Launches, aura: tuple[SlowAura, str], store: dict[str, str]
) -> None:
    """In the middle of its visit, by SIGKILL: one of those who wait takes over, and no browser is left behind."""
    site, origin = aura
    site.open.clear()
    chat, env = ("chat", "aura", "Hi", "--base-url", origin), {**launches.environ, **store}
    first = await toolkit.start(*chat, env=env)
    await until(lambda: site.visits == 1)
    others = [await toolkit.start(*chat, env=env) for _ in range(MANY - 1)]
    first.kill()
    await first.communicate()
    site.open.set()
    assert await answers(others) == ["".join(site.answer).strip()] * (MANY - 1)
    assert (launches.count, site.visits) == (2, 2)
    await until(lambda: not toolkit.running())


async def test_calls_on_one_account_take_turns(toolkit: Toolkit, store: dict[str, str]) -> None:
    """Open Assistant cancels a call that another one overtakes; the calls of several processes queue."""
    site = OpenAssistantSite()
    site.gap = 0.01
    async with serve(site.app()) as origin:
        session = BrowserSession.from_cookie_values(
            "openassistant", origin, {"next-auth.session-token": site.login.new_token()}
        )
        await open_store(store["TOOLKIT_STORE"]).save(Key("openassistant", origin), session)
        chat = ("chat", "openassistant", "Hi", "--base-url", origin)
        env = {**toolkit.without_browser(), **store}
        processes = [await toolkit.start(*chat, env=env) for _ in range(5)]
        assert await answers(processes) == ["".join(site.answer).strip()] * 5
    assert (site.problems, site.open_chats) == ([], set())
