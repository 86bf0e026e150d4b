"""What a harvest costs, against a bare Playwright script in the same run.

`python -m tests.sessions.benchmark [PAIRS [PROGRAM]]`; PROGRAM is the browser for both. The exit code is 1 where a
bound is missed.
"""

from __future__ import annotations

import asyncio
import logging
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

from playwright.async_api import Browser, Playwright, async_playwright

from tests.cli.conftest import Toolkit
from tests.sites.aura import AuraSite
from tests.sites.serving import serve
from toolkit import providers
from toolkit.browser.find import find_browser
from toolkit.browser.launch import wants_sandbox
from toolkit.browser.manager import SessionManager
from toolkit.browser.profiles import Profile
from toolkit.providers.base import Provider
from toolkit.session import BrowserSession

PAIRS = 9
SITES = 8

Work = Callable[[], Awaitable[object]]


class Bound(NamedTuple):
    """What `ours` costs at most, as a multiple of what `bare` does."""

    name: str
    ours: Work
    bare: Work
    most: float


class Bare:
    """What a plain script does for the same session."""

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


async def compare(bound: Bound, pairs: int) -> bool:
    """Print the medians of both, done in turns, and whether the bound is kept."""
    times: dict[Work, list[float]] = {bound.ours: [], bound.bare: []}
    for number in range(pairs + 1):
        for work in (bound.ours, bound.bare) if number % 2 else (bound.bare, bound.ours):
            start = time.perf_counter()
            await work()
            times[work].append((time.perf_counter() - start) * 1000)
    ours, bare = (statistics.median(times[work][1:]) for work in (bound.ours, bound.bare))
    kept = ours <= bound.most * bare
    verdict = "ok" if kept else "too slow"
    print(f"{bound.name:<52} {ours:8.0f} ms {bare:8.0f} ms {ours / bare:6.2f} of {bound.most:.2f}  {verdict}")
    return kept


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


async def measure(pairs: int, profile: Profile) -> bool:
    logging.disable()  # as root, Chromium's sandbox is spoken of
    async with AsyncExitStack() as stack:
        origins = [await stack.enter_async_context(serve(AuraSite().app())) for _ in range(SITES)]
        first, *others = (providers.find("aura")(base_url=origin) for origin in origins)
        script = Bare(first, profile)
        browser = await script.launch(await stack.enter_async_context(async_playwright()))
        manager = await stack.enter_async_context(SessionManager(profile))
        bounds = (
            Bound("a harvest, with the start of a browser", lambda: cold(profile, first), script.cold, 1.1),
            Bound(
                "a second harvest of one manager", lambda: manager.harvest(first), lambda: script.harvest(browser), 1.1
            ),
            Bound(
                f"{SITES} sites at once, against one of them",
                lambda: cold(profile, first, *others),
                lambda: cold(profile, first),
                2.5,
            ),
        )
        print(f"{'medians of ' + str(pairs):<52} {'ours':>11} {'bare':>11} {'ratio':>6}")
        kept = [await compare(bound, pairs) for bound in bounds]
        started = await most_children(origins[0])
        print(f"{'processes that a chat with a stored session starts':<52} {started:8}")
        return all(kept) and not started


def main() -> None:
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else PAIRS
    profile = Profile(executable_path=sys.argv[2] if len(sys.argv) > 2 else None)
    sys.exit(0 if asyncio.run(measure(pairs, profile)) else 1)


if __name__ == "__main__":
    main()
