"""Many processes that share a store: one of them visits the site, also when another died while it did."""

from __future__ import annotations

import asyncio

from tests.cli import forked
from tests.cli.conftest import Toolkit
from tests.shared_sessions.conftest import Launches, SlowAura
from tests.sites.asking import SECONDS, until
from tests.sites.openassistant import OpenAssistantSite
from tests.sites.serving import serve
from toolkit.session.browser_session import BrowserSession
from toolkit.stores.base import Key
from toolkit.stores.choose import open_store

MANY = 12


Commands = list[asyncio.Task[tuple[int, bytes, bytes]]]


def start(toolkit: Toolkit, count: int, *args: str, env: dict[str, str]) -> Commands:
    """That many processes of the command at once. Each is killed where its task is cancelled."""
    command = forked.Command([*args], {**toolkit.environ, **env}, str(toolkit.folder))
    return [asyncio.create_task(forked.run(command, b"")) for _ in range(count)]


async def answers(commands: Commands) -> list[str]:
    """What they have printed, once all have ended well."""
    async with asyncio.timeout(SECONDS):
        told = await asyncio.gather(*commands)
    assert [code for code, _, _ in told] == [0] * len(commands), [err.decode() for _, _, err in told]
    return [out.decode().strip() for _, out, _ in told]


async def test_many_at_once_start_one_browser(
    toolkit: Toolkit, launches: Launches, aura: tuple[SlowAura, str], store: dict[str, str]
) -> None:
    """Nobody has a session, all want one: one visit, and everyone gets an answer."""
    site, origin = aura
    chat = ("chat", "aura", "Hi", "--base-url", origin)
    commands = start(toolkit, MANY, *chat, env={**launches.environ, **store})
    assert await answers(commands) == ["".join(site.answer).strip()] * MANY
    assert (launches.count, site.visits) == (1, 1)


async def test_the_one_who_visits_is_killed(
    toolkit: Toolkit, launches: Launches, aura: tuple[SlowAura, str], store: dict[str, str]
) -> None:
    """In the middle of its visit, by SIGKILL: one of those who wait takes over, and no browser is left behind."""
    site, origin = aura
    site.open.clear()
    chat, env = ("chat", "aura", "Hi", "--base-url", origin), {**launches.environ, **store}
    (first,) = start(toolkit, 1, *chat, env=env)
    await until(lambda: site.visits == 1)
    others = start(toolkit, MANY - 1, *chat, env=env)
    first.cancel()
    await asyncio.wait([first])
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
        assert await answers(start(toolkit, 5, *chat, env=env)) == ["".join(site.answer).strip()] * 5
    assert (site.problems, site.open_chats) == ([], set())
