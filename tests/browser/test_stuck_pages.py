"""A page, or a browser, that gives no answer: each question to it has an end, and the error says what is stuck."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Iterable

import pytest
from msgspec.structs import replace
from playwright.async_api import Browser

from tests.browser.conftest import command_line, descendants
from tests.browser.places import BOX, TRUSTING, Handler, Place, html, network, never
from tests.conftest import OpenContext
from tests.sites.asking import SECONDS, until
from toolkit.browser import cancellation_shield, page_queries, sync_async_runners
from toolkit.browser.session_manager import SessionManager
from toolkit.errors import BrowserError, HarvestFailed
from toolkit.session.browser_session import BrowserSession
from toolkit.session.recipe import Harvest, Probe

PROBED = Harvest(probe=Probe(path="/config", identity=("username",), anonymous=True))
STORED = Harvest(storage=("key",))


@pytest.fixture(autouse=True)
def little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_queries, "MIN_ANSWER_MS", 300)
    monkeypatch.setattr("toolkit.browser.harvest.CLOSE_WAITS_MS", (50, 50))


async def visited(
    open_context: OpenContext, page: str, recipe: Harvest, *, config: Handler = never, ms: int = 500
) -> BrowserSession:
    async with network({"/": html(page), "/config": config}) as local:
        profile = replace(TRUSTING, ready_timeout_ms=ms)
        async with SessionManager(profile, context=await open_context(local)) as manager, asyncio.timeout(SECONDS):
            return await manager.harvest(Place(harvest=recipe))


@pytest.mark.parametrize(
    ("page", "recipe", "missing"),
    [
        ("Welcome", PROBED, "no answer at /config"),
        ("<script>window.fetch = () => new Promise(() => 0)</script>", PROBED, "no answer at /config"),
        ("<script>AbortSignal.timeout = () => undefined</script>", PROBED, "no answer at /config"),
        ("<script>window.fetch = () => { while (true); }</script>", PROBED, "no answer at /config"),
        ("<script>JSON.stringify = () => { while (true); }</script>", STORED, "did not answer in time"),
        ("<script>JSON.stringify = () => new Promise(() => 0)</script>", STORED, "did not answer in time"),
    ],
)
async def test_whatever_a_page_does_its_time_is_limited(
    open_context: OpenContext, page: str, recipe: Harvest, missing: str
) -> None:
    """A site that does not answer the probe, and functions that a page has replaced by such as never return."""
    with pytest.raises(HarvestFailed, match=missing):
        await visited(open_context, page, recipe)


@pytest.mark.parametrize("functions", ["Object.entries", "Object.keys", "Array.from"])
async def test_a_page_s_own_functions_do_not_read_its_storage(open_context: OpenContext, functions: str) -> None:
    """What the page has made of them does not matter."""
    page = f"<script>{functions} = () => {{ while (true); }}; localStorage.key = 'value'</script>"
    session = await visited(open_context, BOX + page, STORED, ms=60_000)
    assert [*session.local_storage.values()] == [{"key": "value"}]


@pytest.mark.parametrize("found", ["12", "[[1, 2]]", '{"a": 1, "b": null, "c": {}}', "nonsense", "undefined"])
async def test_what_is_no_storage_is_left_out(open_context: OpenContext, found: str) -> None:
    """A page can give anything in place of texts."""
    page = f"{BOX}<script>JSON.stringify = () => `{found}`</script>"
    assert (await visited(open_context, page, Harvest(ready="textarea"), ms=60_000)).local_storage == {}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
async def test_a_browser_that_is_stopped_is_told(chromium: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not the page that does not answer, however long the page may take. Once it goes on, the visit's context is
    closed."""
    before = set(chromium.contexts)
    monkeypatch.setattr(sync_async_runners, "BEAT_SECONDS", 0.05)
    monkeypatch.setattr(sync_async_runners, "ANSWER_SECONDS", 0.3)
    session = await chromium.new_browser_cdp_session()
    processes = (await session.send("SystemInfo.getProcessInfo"))["processInfo"]
    (pid,) = (process["id"] for process in processes if process["type"] == "browser")
    asked = asyncio.Event()

    async def stop(_: object) -> None:
        asked.set()
        os.kill(pid, signal.SIGSTOP)
        await asyncio.Event().wait()

    async with (
        network({"/": stop}) as local,  # type: ignore[dict-item]
        SessionManager(TRUSTING, browser=chromium, route=local.route) as manager,
        asyncio.timeout(SECONDS),
    ):
        try:
            with pytest.raises(BrowserError, match=r"has not answered for 0\.3 s\. .*whether it is stopped"):
                await manager.harvest(Place())
        finally:
            os.kill(pid, signal.SIGCONT)
    assert asked.is_set()
    await until(lambda: set(chromium.contexts) <= before)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
@pytest.mark.parametrize("visiting", [False, True], ids=["while it opens", "while it visits"])
async def test_a_context_that_is_given_up_is_closed_in_the_end(
    chromium: Browser, monkeypatch: pytest.MonkeyPatch, visiting: bool
) -> None:
    """A visit that is cancelled ends though the driver is stopped. Once it goes on, nothing of the visit is left."""
    monkeypatch.setattr(cancellation_shield, "CANCEL_GRACE_SECONDS", 0.05)
    before, asked = set(chromium.contexts), asyncio.Event()
    drivers = [pid for pid in descendants() if "run-driver" in command_line(pid)]

    async def held(_: object) -> None:
        asked.set()
        await asyncio.Event().wait()

    async with (
        network({"/": held}) as local,  # type: ignore[dict-item]
        SessionManager(TRUSTING, browser=chromium, route=local.route) as manager,
        asyncio.timeout(SECONDS),
    ):
        if not visiting:
            send_all(drivers, signal.SIGSTOP)
        visit = asyncio.create_task(manager.harvest(Place()))
        try:
            if visiting:
                await asked.wait()
                send_all(drivers, signal.SIGSTOP)
            for _ in range(50):
                await asyncio.sleep(0)
            visit.cancel()
            with pytest.raises(asyncio.CancelledError):
                await visit
        finally:
            send_all(drivers, signal.SIGCONT)
        later = await chromium.new_context()  # which the driver does after what it was told before
        await later.close()
        await until(lambda: set(chromium.contexts) <= before)


def send_all(pids: Iterable[int], number: int) -> None:
    for pid in pids:
        os.kill(pid, number)
