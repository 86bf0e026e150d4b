"""The ladder for contexts: what a page did in a context that was open before it was watched is replayed to every kind
of context, with a service worker, a preflight, a frame of another host, redirects and all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Playwright, Request

from tests.conftest import absent
from tests.recording.wide_site import ABORTED, PAGE, STREAM, open_page, visit, wide_site
from tests.sites.asking import SECONDS, until
from toolkit.browser.launch import launch
from toolkit.browser.profiles import Profile
from toolkit.errors import BrowserMissing, UsageError
from toolkit.har.model import Recording
from toolkit.recording.files import load, save
from toolkit.recording.recorder import Recorder
from toolkit.replay.local_network import LocalNetwork

Rung = Callable[[LocalNetwork], AbstractAsyncContextManager[BrowserContext]]


@asynccontextmanager
async def launched(driver: Playwright, network: LocalNetwork) -> AsyncIterator[Browser]:
    """A browser that the toolkit launches, on the network's route."""
    try:
        browser = await launch(driver, Profile(), network.route)
    except BrowserMissing as error:
        absent(str(error))
    try:
        yield browser
    finally:
        await browser.close()


@pytest.fixture(scope="module")
async def outside() -> AsyncIterator[LocalNetwork]:
    """The network that stands for the real one."""
    async with LocalNetwork(apps=wide_site()) as network:
        yield network


@pytest.fixture(scope="module")
async def browser(driver: Playwright, outside: LocalNetwork) -> AsyncIterator[Browser]:
    """A person's browser; of local networks it knows `outside` alone."""
    async with launched(driver, outside) as browser:
        yield browser


@asynccontextmanager
async def opened(browser: Browser, outside: LocalNetwork) -> AsyncIterator[BrowserContext]:
    """A context that is open in the outside network, with a page in it that has logged in."""
    context = await browser.new_context(**outside.context_options())
    page = await context.new_page()
    await page.goto(f"{PAGE}login")
    yield context
    await context.close()


@pytest.fixture(scope="module")
async def open_one(browser: Browser, outside: LocalNetwork) -> AsyncIterator[BrowserContext]:
    async with opened(browser, outside) as context:
        yield context


@asynccontextmanager
async def recording_of(context: BrowserContext, path: Path) -> AsyncIterator[list[Recording]]:
    """Watch `context` inside; afterwards the one item of the list is what was recorded, saved and loaded."""
    recorder, made, under_way = Recorder(page=True), list[Recording](), set[Request]()
    recorder.watch(context)
    context.on("request", lambda request: under_way.add(request))
    for over in ("requestfinished", "requestfailed"):
        context.on(over, lambda request: under_way.discard(request))
    yield made
    # the page may know of an end before Playwright tells of it
    await until(lambda: all(one.url == STREAM for one in under_way))
    await asyncio.wait_for(recorder.drain(), SECONDS)
    await recorder.aclose()
    save(recorder.recording("a stand-in site"), path)
    made.append(load(path))


@pytest.fixture(scope="module")
async def recorded(open_one: BrowserContext, tmp_path_factory: pytest.TempPathFactory) -> tuple[Recording, list[str]]:
    """What the page that was open already did once it was watched, and what it showed."""
    async with recording_of(open_one, tmp_path_factory.mktemp("ladder") / "wide.har") as made:
        shown = await visit(open_one.pages[0])
    return made[0], shown


@asynccontextmanager
async def by_toolkit(driver: Playwright, network: LocalNetwork) -> AsyncIterator[BrowserContext]:
    async with launched(driver, network) as browser:
        yield await browser.new_context(**network.context_options())


@asynccontextmanager
async def by_caller(driver: Playwright, network: LocalNetwork) -> AsyncIterator[BrowserContext]:
    browser = await launch(driver, Profile(args=tuple(network.launch_args())))
    try:
        yield await browser.new_context(**network.context_options())
    finally:
        await browser.close()


def without_worker(shown: list[str]) -> list[str]:
    """What the page shows where its worker, which changes one answer, cannot run."""
    return ["SecurityError", *(line.replace("<changed>", "changed") for line in shown[1:])]


# --- the rungs


def test_the_recording_is_what_crossed_the_network(
    recorded: tuple[Recording, list[str]], outside: LocalNetwork
) -> None:
    """But for preflights and what a worker told its page, each exchange of the network is recorded once."""
    crossed = [
        (one.method, one.url, one.status)
        for one in outside.log
        if one.method != "OPTIONS" and "favicon" not in one.url and not one.url.endswith("/login")
    ]
    entries = [one for one in recorded[0].entries if one.response.via_worker is not True]
    assert sorted(
        (one.request.method, one.request.url.partition("?")[0], one.response.status) for one in entries
    ) == sorted((method, url.partition("?")[0], status) for method, url, status in crossed)
    assert [one.request.url for one in entries if one.response.content.comment] == []
    assert {one.error for one in entries} == {None}
    assert [one.error for one in recorded[0].entries if one.request.url.endswith("/failed")] == ["net::ERR_FAILED"]


@pytest.mark.parametrize("rung", [by_toolkit, by_caller])
async def test_a_browser_that_trusts_the_network_replays_everything(
    rung: Callable[..., AbstractAsyncContextManager[BrowserContext]],
    recorded: tuple[Recording, list[str]],
    driver: Playwright,
) -> None:
    """Launched by the toolkit, or by the caller with `launch_args()`: the page shows what it showed, its worker in
    charge, and nothing differs."""
    async with LocalNetwork(recording=recorded[0], strict=True) as network, rung(driver, network) as context:
        assert await visit(await open_page(context)) == recorded[1]


async def test_a_browser_of_others_replays_all_but_workers(
    recorded: tuple[Recording, list[str]], chromium: Browser
) -> None:
    """Without `launch_args()` Chromium runs no service worker of the network: the page is answered as the worker was,
    or as the worker told it. With `trusted_by` the worker runs."""
    async with LocalNetwork(recording=recorded[0], strict=True) as network:
        context = await chromium.new_context(**network.context_options(trusted=False))
        assert await visit(await open_page(context)) == without_worker(recorded[1])
        await context.close()
    async with LocalNetwork(recording=recorded[0], strict=True) as network, network.trusted_by(chromium):
        context = await chromium.new_context(**network.context_options())
        assert await visit(await open_page(context)) == recorded[1]
        await context.close()


async def test_an_open_context_is_replayed_through_its_sibling(
    recorded: tuple[Recording, list[str]], open_one: BrowserContext
) -> None:
    """The sibling begins with the open one's storage and cookies, and leaves the open one and its pages as they are."""
    before = await open_one.storage_state()
    assert before["origins"] == [{"origin": PAGE.rstrip("/"), "localStorage": [{"name": "theme", "value": "dark"}]}]
    async with LocalNetwork(recording=recorded[0], strict=True) as network:
        sibling = await network.sibling(open_one)
        assert sibling.browser is open_one.browser
        assert (await sibling.storage_state())["origins"] == before["origins"]
        jar = {one["name"] for one in await sibling.cookies()}
        assert "__Host-login" in jar  # set before the recording: nobody can tell that it is not the recorded one
        assert "__Host-turn" not in jar  # set by a recorded answer: here it is a placeholder
        assert await visit(await open_page(sibling)) == without_worker(recorded[1])
        assert {one["name"] for one in await sibling.cookies()} >= {"__Host-login", "__Host-turn"}
        await sibling.close()
    async with LocalNetwork(recording=recorded[0], strict=True) as network, network.trusted_by(open_one.browser):
        sibling = await network.sibling(open_one, trusted=True)
        assert await visit(await open_page(sibling)) == recorded[1]
        await sibling.close()
    assert await open_one.storage_state() == before
    assert [page.url for page in open_one.pages] == [PAGE]


async def test_a_persistent_context_has_no_sibling() -> None:
    """Where there is no browser to open another context, the error says what to do."""

    class Persistent:
        browser = None

    async with LocalNetwork(apps=wide_site()) as network:
        with pytest.raises(UsageError, match="no browser of its own"):
            await network.sibling(Persistent())


# --- what was there before, and what is not over


async def test_a_worker_from_before_the_recording_is_stood_in_for(
    browser: Browser, outside: LocalNetwork, driver: Playwright, tmp_path: Path
) -> None:
    """Where the worker was installed before the watching, what it told the page is replayed as the network's."""
    async with opened(browser, outside) as context:
        page = context.pages[0]
        await visit(page)
        async with recording_of(context, tmp_path / "later.har") as made:
            shown = await visit(page)
    assert not [one for one in made[0].entries if one.request.url.endswith("/worker.js")]
    async with LocalNetwork(recording=made[0], strict=True) as network, by_toolkit(driver, network) as context:
        assert await visit(await open_page(context)) == shown


async def test_what_is_under_way_is_told(
    browser: Browser, outside: LocalNetwork, chromium: Browser, tmp_path: Path
) -> None:
    """Draining waits for no stream's end. The recording says that its answer was under way; in the replay the page
    waits for more, as it did."""
    begin = "url => fetch(url).then(answer => (window.streaming = answer).status)"
    stop = """async url => {
      const control = new AbortController();
      const answer = await fetch(url, {signal: control.signal});
      const rest = answer.text().catch(error => error.name);
      control.abort();
      return [answer.status, await rest];
    }"""
    async with opened(browser, outside) as context:
        page = context.pages[0]
        await page.evaluate(begin, f"{STREAM}?before")
        async with recording_of(context, tmp_path / "streams.har") as made:
            await page.goto(f"{PAGE}login")
            assert await page.evaluate(begin, STREAM) == 200
            # the page may know of its abort before Playwright tells of it
            async with context.expect_event("requestfailed", lambda request: request.url == ABORTED):
                assert await page.evaluate(stop, ABORTED) == [200, "AbortError"]
    told = {one.request.url: (one.response.status, one.error) for one in made[0].entries}
    assert told == {
        f"{PAGE}login": (200, None),
        STREAM: (200, "TimeoutError: The answer was still under way when the recording was made."),
        ABORTED: (200, "TimeoutError: The page did not wait for the end of the answer."),
    }
    async with LocalNetwork(recording=made[0], strict=True) as network:
        context = await chromium.new_context(**network.context_options(trusted=False))
        page = await context.new_page()
        await page.goto(f"{PAGE}login")
        assert await page.evaluate(begin, STREAM) == 200
        assert await page.evaluate(stop, ABORTED) == [200, "AbortError"]
        more = "Promise.race([streaming.text(), new Promise(done => setTimeout(done, 100, 'still waiting'))])"
        assert await page.evaluate(more) == "still waiting"
        await context.close()
