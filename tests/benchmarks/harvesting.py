"""What a harvest costs in time, against a bare Playwright script."""

from __future__ import annotations

import asyncio
import logging
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from playwright.async_api import Browser, Playwright, async_playwright

from tests.benchmarks.results import OURS, Bar, Result, Scale
from tests.cli.conftest import Toolkit
from tests.sites.aura import AuraSite
from tests.sites.serving import serve
from toolkit.browser.installed_browsers import find_browser
from toolkit.browser.profiles import Profile
from toolkit.browser.sandbox import wants_sandbox
from toolkit.browser.session_manager import SessionManager
from toolkit.providers import registry
from toolkit.providers.base import Provider
from toolkit.session.browser_session import BrowserSession

SITES = 8
BARE, ONE, NONE = "bare Playwright", "one of them", "none"

Work = Callable[[], Awaitable[object]]


class Bare:
    """What a plain script does for the same session, in the same browser."""

    def __init__(self, provider: Provider, profile: Profile) -> None:
        self._profile = profile
        self._url = provider.page
        self._ready = provider.harvest.ready or ""

    async def launch(self, playwright: Playwright) -> Browser:
        found = find_browser(self._profile, playwright.chromium.executable_path)
        assert found is not None
        return await playwright.chromium.launch(
            executable_path=found.path, chromium_sandbox=wants_sandbox(self._profile, found)
        )

    async def harvest(self, browser: Browser) -> object:
        context = await browser.new_context()
        page = await context.new_page()
        await page.goto(self._url)
        await page.wait_for_selector(self._ready)
        state = await context.storage_state()
        await context.close()
        return state

    async def cold(self) -> None:
        async with async_playwright() as playwright:
            browser = await self.launch(playwright)
            await self.harvest(browser)
            await browser.close()


async def cold(profile: Profile, *sites: Provider) -> None:
    async with SessionManager(profile) as manager:
        await asyncio.gather(*(manager.harvest(site) for site in sites))


async def in_turns(works: Mapping[str, Work], rounds: int) -> dict[str, list[float]]:
    """How long each work takes in each round, in ms. The first time of each does not count."""
    samples: dict[str, list[float]] = {name: [] for name in works}
    for number in range(rounds + 1):
        for name in reversed(list(works)) if number % 2 else works:
            start = time.perf_counter()
            await works[name]()
            samples[name].append((time.perf_counter() - start) * 1000)
    return {name: values[1:] for name, values in samples.items()}


async def most_children(origin: str) -> int:
    """How many processes a chat with a stored session has below it, at most."""
    with tempfile.TemporaryDirectory() as folder:
        command = Toolkit(Path(folder), Path(folder))
        await command.keep(BrowserSession(provider="aura", origin=origin, headers={"user-agent": "Kept/1"}))
        process = await command.start("chat", "aura", "Hi", "--base-url", origin)
        ended, most = asyncio.create_task(process.communicate()), 0
        while not ended.done():
            most = max(most, children(process.pid))
            await asyncio.sleep(0.001)
        assert process.returncode == 0, ended.result()
        return most


def children(pid: int) -> int:
    try:
        return sum(len(path.read_text().split()) for path in Path(f"/proc/{pid}/task").glob("*/children"))
    except OSError:
        return 0


async def harvest(_: str, scale: Scale) -> list[Result]:
    """Cold, warm, of many sites at once; and what a chat that needs none starts."""
    logging.getLogger("toolkit").setLevel(logging.ERROR)  # as root, Chromium's sandbox is spoken of
    profile, rounds = Profile(), scale.rounds
    async with AsyncExitStack() as stack:
        origins = [await stack.enter_async_context(serve(AuraSite().app())) for _ in range(SITES)]
        first, *others = (registry.find("aura")(base_url=origin) for origin in origins)
        script = Bare(first, profile)
        browser = await script.launch(await stack.enter_async_context(async_playwright()))
        manager = await stack.enter_async_context(SessionManager(profile))
        works: dict[str, tuple[str, dict[str, Work], Bar]] = {
            "harvest-cold": (
                "a harvest, with the start of a browser",
                {OURS: lambda: cold(profile, first), BARE: script.cold},
                Bar(BARE, 1.1),
            ),
            "harvest-warm": (
                "a second harvest of one manager",
                {OURS: lambda: manager.harvest(first), BARE: lambda: script.harvest(browser)},
                Bar(BARE, 1.1),
            ),
            "harvest-many": (
                f"{SITES} sites at once, with the start of a browser",
                {OURS: lambda: cold(profile, first, *others), ONE: lambda: cold(profile, first)},
                Bar(ONE, 2.5),
            ),
        }
        results = [
            Result(name, title, "ms", await in_turns(peers, rounds), (bar,))
            for name, (title, peers, bar) in works.items()
        ]
        started = {OURS: [float(await most_children(origins[0]))], NONE: [0.0]}
    title = "processes that a chat with a stored session starts"
    return [*results, Result("harvest-none", title, "processes", started, (Bar(NONE, 0, over=True),))]
