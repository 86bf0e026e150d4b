"""Browsers that run already: a session is harvested there as here, what is not ours stays, a loss is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from aiohttp import web
from msgspec.structs import replace
from playwright.async_api import Browser, Page, Playwright

from tests.browser.places import BOX, TRUSTING, Place, html, network, never, site
from tests.browser.servers import KINDS, SECRET, Relay, Server, running
from tests.sites.asking import until
from tests.sites.codelinkava import CodeLinkAvaSite
from tests.sites.serving import serve
from toolkit.browser.profiles import Profile
from toolkit.browser.session_manager import SessionManager
from toolkit.errors import BrowserLost, BrowserMissing, HarvestFailed, UsageError
from toolkit.providers.registry import find
from toolkit.replay.local_network import LocalNetwork
from toolkit.session.browser_session import BrowserSession
from toolkit.session.recipe import Harvest

PAGE = html(BOX + "<script>localStorage.seen = 1</script>", "sid=1; Secure; HttpOnly")


pytestmark = pytest.mark.usefixtures("one_driver")


@pytest.fixture(scope="module")
async def servers(driver: Playwright) -> AsyncIterator[dict[str, Server]]:
    """One of each kind, which is there to the end."""
    async with AsyncExitStack() as stack:
        yield {kind: await stack.enter_async_context(running(kind, driver)) for kind in KINDS}


@pytest.fixture(params=KINDS)
def server(request: pytest.FixtureRequest, servers: dict[str, Server]) -> Server:
    return servers[request.param]


@pytest.fixture(params=["run-server", "cdp"])
async def doomed(request: pytest.FixtureRequest, driver: Playwright) -> AsyncIterator[Server]:
    """One that a test kills."""
    async with running(request.param, driver) as started:
        yield started


@pytest.fixture
def chrome(servers: dict[str, Server]) -> Server:
    """What a person has open."""
    return servers["cdp"]


def there(server: Server) -> Profile:
    return replace(TRUSTING, connect=server.connect, launch_timeout_ms=60_000)


def without_time(session: BrowserSession) -> BrowserSession:
    return replace(session, harvested_at=0.0)


# --- as here ---------------------------------------------------------------------------------------------------------


async def test_a_session_is_the_same_from_a_browser_elsewhere(server: Server, chromium: Browser) -> None:
    """As from one that is launched; the context's proxy, which is the route's, holds there too."""
    provider, stand_in = find("codelinkava")(), CodeLinkAvaSite()
    profile = replace(there(server), ignore_https_errors=False)  # the route's own root is enough to be trusted
    async with LocalNetwork(apps=stand_in.hosts()) as local:
        async with SessionManager(TRUSTING, browser=chromium, route=local.route) as manager:
            here = await manager.harvest(provider)
        async with SessionManager(profile, route=local.route) as manager:
            elsewhere = await manager.harvest(provider)
            assert without_time(await manager.harvest(provider, previous=elsewhere)).headers == elsewhere.headers
    assert without_time(elsewhere) == without_time(here)
    assert len(here.cookies) == 5
    assert local.refused == []


async def test_what_is_not_ours_stays(server: Server, driver: Playwright) -> None:
    """After a visit, and after one that failed: no page or context more, and no tab less than before. The server
    takes the next connection."""
    before: list[int] = []
    for recipe in (Harvest(ready="textarea"), Harvest(page="/none")):
        async with network(PAGE) as local, SessionManager(there(server), route=local.route) as manager:
            try:
                await manager.harvest(Place(harvest=recipe))
            except HarvestFailed as error:
                assert "404" in str(error)  # noqa: PT017 - one of the two
        to = server.connect
        if to.over == "cdp":
            browser = await driver.chromium.connect_over_cdp(to.url)
        else:
            browser = await driver.chromium.connect(to.url, headers=dict(to.headers))
        before.append(sum(len(context.pages) for context in browser.contexts))
        assert len(browser.contexts) == (1 if to.over == "cdp" else 0)
        await browser.close()
    assert before == ([1, 1] if server.connect.over == "cdp" else [0, 0])
    assert server.process.returncode is None


# --- lost ------------------------------------------------------------------------------------------------------------


async def test_a_server_that_is_killed_is_told(doomed: Server) -> None:
    """In the middle of a visit, and nobody answers after it: no secret of its address or headers is in the error."""
    async with network(never) as local, SessionManager(there(doomed), route=local.route) as manager:
        task = asyncio.create_task(manager.harvest(Place()))
        await until(lambda: bool(local.log) or task.done())
        await doomed.kill()
        with pytest.raises(BrowserLost, match=r"cannot be made anew: No browser's server answers \(ECONN") as caught:
            await task
        assert SECRET not in str(caught.value)
        with pytest.raises(BrowserMissing, match="No browser's server answers"):
            await manager.harvest(Place())


async def test_a_server_that_comes_back_is_asked_once_more(doomed: Server, servers: dict[str, Server]) -> None:
    """The visit begins anew over a second connection, and nobody hears of the first."""
    visits = 0

    async def page(request: web.Request) -> web.StreamResponse:
        nonlocal visits
        visits += 1
        return await (never if visits == 1 else PAGE)(request)

    async with AsyncExitStack() as stack:
        second = servers["cdp" if doomed.connect.over == "cdp" else "run-server"]
        relay = await stack.enter_async_context(Relay(doomed))
        local = await stack.enter_async_context(network(page))
        profile = replace(there(doomed), connect=relay.connect(doomed))
        manager = await stack.enter_async_context(SessionManager(profile, route=local.route))
        task = asyncio.create_task(manager.harvest(Place()))
        await until(lambda: visits == 1 or task.done())
        relay.lead_to(second)
        await doomed.kill()
        assert [cookie.name for cookie in (await task).cookies] == ["sid"]
        assert (visits, relay.connections) == (2, 2)
        assert (await manager.harvest(Place())).cookies
        assert relay.connections == 2


@pytest.mark.parametrize("server", ["run-server", "cdp"], indirect=True)
async def test_a_connection_that_is_lost_twice_is_told(server: Server) -> None:
    """There is one retry and no more, for every visit that was on it."""
    async with network(never) as local, Relay(server) as relay:
        profile = replace(there(server), connect=relay.connect(server))
        async with SessionManager(profile, route=local.route) as manager:
            tasks = [asyncio.create_task(manager.harvest(Place())) for _ in range(2)]
            for asked in (2, 4):
                await until(lambda: len(local.log) >= asked or all(task.done() for task in tasks))  # noqa: B023
                await relay.drop()
            told = await asyncio.gather(*tasks, return_exceptions=True)
            assert [type(error) for error in told] == [BrowserLost, BrowserLost]
            assert "lost twice" in str(told[0])
            assert relay.connections == 2


async def test_a_visit_that_fails_by_itself_is_made_once(chrome: Server) -> None:
    """A page that is not there is no lost connection."""
    async with network(PAGE) as local, SessionManager(there(chrome), route=local.route) as manager:
        with pytest.raises(HarvestFailed, match="answered 404"):
            await manager.harvest(Place(harvest=Harvest(page="/none")))
        assert [one.url.endswith("/none") for one in local.log if "favicon" not in one.url] == [True]


# --- a person's own Chrome -------------------------------------------------------------------------------------------


async def test_a_person_s_own_chrome_gives_its_login(chrome: Server, driver: Playwright) -> None:
    """Its own context is visited in one tab more, which is closed; their tabs and cookies stay, and of their cookies
    and storage only the provider's are taken."""
    url = chrome.connect.url
    theirs = await driver.chromium.connect_over_cdp(url)
    foreign = [
        {"name": "bank", "value": SECRET, "domain": domain, "path": "/"}
        for domain in ("bank.example", ".example", "localhost", "127.0.0.2")
    ]
    async with serve(site(html(BOX + "<script>localStorage.seen = 1</script>"))) as origin:
        own = {"name": "login", "value": "1", "domain": "127.0.0.1", "path": "/", "httpOnly": True}
        await theirs.contexts[0].add_cookies([*foreign, own])  # type: ignore[list-item]
        tab = await theirs.contexts[0].new_page()
        await tab.goto(f"{origin}/")
        place = Place(site=origin, hosts=("127.0.0.1",), harvest=Harvest(ready="textarea", cookies=("login",)))
        opened: list[Page] = []
        theirs.contexts[0].on("page", lambda page: opened.append(page))
        async with SessionManager(TRUSTING, cdp=url) as manager:
            session = await manager.harvest(place)
            await until(lambda: len(theirs.contexts[0].pages) == 2)  # told on their own connection, a little later
    assert [cookie.name for cookie in session.cookies] == ["login"]
    assert session.local_storage == {origin: {"seen": "1"}}
    assert SECRET not in str(session.to_storage_state())
    assert [page.is_closed() for page in opened] == [True]
    assert not tab.is_closed()
    assert await tab.title() == ""
    assert len(await theirs.contexts[0].cookies()) == 5
    await theirs.contexts[0].clear_cookies()
    await tab.close()
    await theirs.close()
    assert chrome.process.returncode is None


async def test_a_cancelled_visit_leaves_a_person_s_chrome_as_it_was(chrome: Server, driver: Playwright) -> None:
    """The tab of the visit is closed."""
    theirs = await driver.chromium.connect_over_cdp(chrome.connect.url)
    reached, gone = asyncio.Event(), asyncio.Event()

    async def page(_: web.Request) -> web.Response:
        reached.set()
        await gone.wait()
        return web.Response()

    async with serve(site(page)) as origin, SessionManager(cdp=chrome.connect.url) as manager:
        task = asyncio.create_task(manager.harvest(Place(site=origin, hosts=("127.0.0.1",))))
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        gone.set()
    await until(lambda: len(theirs.contexts[0].pages) == 1)
    await theirs.close()


async def test_a_chrome_that_is_not_there_says_how_to_start_one() -> None:
    """Nobody at the port, and what is no address."""
    async with SessionManager(cdp=f"http://127.0.0.1:1/?token={SECRET}") as manager:
        with pytest.raises(BrowserMissing, match=r"--remote-debugging-port=1 --user-data-dir=") as caught:
            await manager.harvest(Place())
    assert SECRET not in str(caught.value)
    with pytest.raises(UsageError, match=r"Write it as http://127\.0\.0\.1:9222"):
        SessionManager(cdp=f"9222/{SECRET}")
