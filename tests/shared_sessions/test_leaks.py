"""Many visits in one process, some cancelled at random points: everything is where it was before."""

from __future__ import annotations

import asyncio
import os
import random
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import pytest
from playwright.async_api import Browser

from tests.browser.conftest import descendants
from tests.browser.places import BOX, Place, html, site
from tests.sites.asking import until
from tests.sites.serving import serve
from toolkit.browser import managed_browser
from toolkit.browser.launch import launch
from toolkit.browser.profiles import Profile
from toolkit.browser.session_manager import SessionManager
from toolkit.session.browser_session import BrowserSession

pytestmark = [
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc"),
    pytest.mark.usefixtures("chromium"),  # skipped where there is none
]

SOME, ALL = (12, 5), (24, 10)  # harvests, and how many of them are cancelled
LENGTH = 4  # bytes that say how long a driver's message is
LONELY = 2  # of the cancelled ones: each with a manager, a driver and a browser of its own
PATIENT = Profile(launch_timeout_ms=120_000, navigation_timeout_ms=120_000, ready_timeout_ms=120_000)

T = TypeVar("T")


@pytest.fixture
def temp(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Where temporary files go meanwhile; a short path."""
    with tempfile.TemporaryDirectory(prefix="tk-") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield folder


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[Browser]:
    """The browsers that managers have started, the latest last."""
    browsers: list[Browser] = []

    async def noted(*arguments: Any, **options: Any) -> Browser:
        browsers.append(await launch(*arguments, **options))
        return browsers[-1]

    monkeypatch.setattr(managed_browser, "launch", noted)
    return browsers


class Messages:
    """Counts what Playwright's drivers say to this process: a harvest gets as far as they have answered."""

    def __init__(self) -> None:
        self.count = 0
        self._news = asyncio.Event()

    def note(self) -> None:
        self.count += 1
        self._news.set()

    async def come(self, count: int) -> None:
        """Wait for that many more."""
        count += self.count
        while self.count < count:
            self._news.clear()
            await self._news.wait()


@pytest.fixture
def messages(monkeypatch: pytest.MonkeyPatch) -> Messages:
    """Each message of a driver begins with its length, read as `LENGTH` bytes from the driver's output."""
    seen, read = Messages(), asyncio.StreamReader.readexactly

    async def noted(stream: asyncio.StreamReader, n: int) -> bytes:
        data = await read(stream, n)
        if n == LENGTH:
            seen.note()
        return data

    monkeypatch.setattr(asyncio.StreamReader, "readexactly", noted)
    return seen


def running(temp: str) -> int:
    """How many processes there are below this one whose temporary files go there: drivers and browsers of managers."""
    found = 0
    for number in descendants():
        with suppress(OSError):  # it has ended
            about = Path(f"/proc/{number}")
            if os.fsencode(temp) in (about / "environ").read_bytes() + (about / "cmdline").read_bytes():
                found += 1
    return found


def open_files() -> Counter[str]:
    """What this process has open: the paths, and of what has none the kinds."""
    found: Counter[str] = Counter()
    for number in os.listdir("/proc/self/fd"):
        with suppress(OSError):  # the listing's own
            found[re.sub(r":\[\d+\]$", "", os.readlink(f"/proc/self/fd/{number}"))] += 1
    return found


async def same(now: Callable[[], T], before: T) -> None:
    """Wait until it is as before: what has been closed is gone a moment later."""
    with suppress(TimeoutError):
        await until(lambda: now() == before)
    assert now() == before


async def pages_and_contexts(browser: Browser) -> tuple[int, int]:
    """As the browser itself counts them."""
    asking = await browser.new_browser_cdp_session()
    targets = await asking.send("Target.getTargets")
    contexts = await asking.send("Target.getBrowserContexts")
    await asking.detach()
    pages = [target for target in targets["targetInfos"] if target["type"] == "page"]
    return len(pages), len(contexts["browserContextIds"])


async def cancelled_after(harvest: Coroutine[Any, Any, BrowserSession], come: Coroutine[Any, Any, None]) -> bool:
    """Cancel the harvest when `come` is through; returns whether it was not ready before."""
    doomed, coming = asyncio.create_task(harvest), asyncio.create_task(come)
    await asyncio.wait({doomed, coming}, return_when=asyncio.FIRST_COMPLETED)
    doomed.cancel()
    coming.cancel()
    await asyncio.wait({doomed, coming})
    return doomed.cancelled()


@pytest.mark.parametrize("numbers", [SOME, pytest.param(ALL, marks=pytest.mark.exhaustive)], ids=["some", "all"])
async def test_nothing_is_left(
    temp: str, launched: list[Browser], messages: Messages, numbers: tuple[int, int]
) -> None:
    """Processes, open files, tasks and temporary files after many harvests are those before them, and the pages and
    contexts of a browser that stays open are those after the first."""
    harvests, to_cancel = numbers
    chance = random.Random(4)
    async with serve(site(html(BOX + "<script>localStorage.seen = 1</script>"))) as origin:
        place = Place(site=origin, hosts=("127.0.0.1",))
        async with SessionManager(PATIENT) as manager:  # what a process loads and opens once
            await manager.harvest(place)
            assert running(temp)
        await same(lambda: running(temp), 0)
        tasks, files = asyncio.all_tasks(), open_files()

        done, cancelled = 0, 0
        async with SessionManager(PATIENT) as manager:
            await manager.harvest(place)
            here, before = await pages_and_contexts(launched[-1]), messages.count
            await manager.harvest(place)
            usual = messages.count - before
            while cancelled < to_cancel - LONELY:
                beside = asyncio.create_task(manager.harvest(place))
                come = messages.come(chance.randrange(2 * usual))
                cancelled += await cancelled_after(manager.harvest(place), come)
                assert (await beside).local_storage
                done += 2
            await asyncio.gather(*(manager.harvest(place) for _ in range(harvests - LONELY - done)))
            assert await pages_and_contexts(launched[-1]) == here
        while cancelled < to_cancel:
            async with SessionManager(PATIENT) as manager:
                cancelled += await cancelled_after(manager.harvest(place), messages.come(chance.randrange(usual)))

        await same(lambda: running(temp), 0)
        await same(asyncio.all_tasks, tasks)
        await same(open_files, files)
        assert os.listdir(temp) == []
