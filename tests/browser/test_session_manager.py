"""Who opens a browser and who closes it, and what the network can do to a visit."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from playwright.async_api import Browser

from tests.browser.conftest import descendants
from tests.browser.places import BOX, HOST, TRUSTING, Place, html, network, never, status
from tests.conftest import OpenContext
from tests.lean_chromium import REPLACED
from tests.sites.asking import until
from tests.sites.codelinkava import CodeLinkAvaSite
from toolkit.browser.context_check import check_context
from toolkit.browser.installed_browsers import find_browser
from toolkit.browser.launch import launch
from toolkit.browser.profiles import Profile
from toolkit.browser.session_manager import SessionManager
from toolkit.browser.sync_harvest import harvest_sync
from toolkit.errors import (
    BrowserMissing,
    ConnectFailed,
    ContextTypeError,
    HarvestFailed,
    ProxyFailed,
    TLSFailed,
    UsageError,
)
from toolkit.http.route import Route
from toolkit.providers.registry import find
from toolkit.replay.local_network import LocalNetwork
from toolkit.session.browser_session import BrowserSession
from toolkit.session.recipe import Harvest

PAGE = html(BOX + "<script>localStorage.seen = 1</script>", "sid=1; Secure; HttpOnly")


@pytest.fixture(autouse=True)
async def needs_a_browser(chromium: Browser) -> None:
    """Where there is no browser, these are skipped as a whole."""


def without_time(session: BrowserSession) -> BrowserSession:
    return replace(session, harvested_at=0.0)


# --- which browser, and whose ----------------------------------------------------------------------------------------


async def test_a_session_is_the_same_wherever_it_is_harvested(chromium: Browser, open_context: OpenContext) -> None:
    """In the caller's context, in one of our own in the caller's browser, and in a browser of ours."""
    site, provider = CodeLinkAvaSite(), find("codelinkava")()
    async with LocalNetwork(apps=site.hosts()) as local:
        sessions = []
        handed_in: list[dict[str, Any]] = [{"context": await open_context(local)}, {"browser": chromium}, {}]
        for given in handed_in:
            async with SessionManager(TRUSTING, route=local.route, **given) as manager:
                sessions.append(without_time(await manager.harvest(provider, account="ada")))
    first = sessions[0]
    assert sessions == [first] * 3
    assert (first.provider, first.account, len(first.cookies)) == ("codelinkava", "ada", 5)
    assert local.refused == []


async def test_the_chromium_of_the_tests_gives_the_session_that_this_system_s_gives() -> None:
    """The latter as it is, with all that it loads for itself."""
    site, provider = CodeLinkAvaSite(), find("codelinkava")()
    found = find_browser(Profile(headless=False), None)
    lean = found.path if found is not None else None
    async with LocalNetwork(apps=site.hosts()) as local:
        sessions = []
        for path in (lean, os.environ.get(REPLACED, lean)):
            async with SessionManager(replace(TRUSTING, executable_path=path), route=local.route) as manager:
                sessions.append(without_time(await manager.harvest(provider)))
    assert sessions[0] == sessions[1]
    assert local.refused == []


async def test_the_caller_s_browser_is_left_as_it_was(chromium: Browser) -> None:
    """A visit gets a context of its own there, which is gone afterwards, whether it went well or not."""
    before = chromium.contexts
    async with network({"/": PAGE, "/never": never}) as local:
        async with SessionManager(TRUSTING, browser=chromium, route=local.route) as manager:
            assert (await manager.harvest(Place())).local_storage
            assert chromium.contexts == before
        profile = replace(TRUSTING, navigation_timeout_ms=300)
        async with SessionManager(profile, browser=chromium, route=local.route) as manager:
            with pytest.raises(HarvestFailed):
                await manager.harvest(Place(harvest=Harvest(page="/never")))
            assert chromium.contexts == before
    assert chromium.contexts == before
    assert chromium.is_connected()


async def test_a_cancelled_visit_leaves_the_caller_s_browser_as_it_was(chromium: Browser) -> None:
    """After any number of turns of the event loop."""
    before, turns = chromium.contexts, 0
    async with network(PAGE) as local, SessionManager(TRUSTING, browser=chromium, route=local.route) as manager:
        task = asyncio.create_task(manager.harvest(Place()))
        while not task.done():
            await asyncio.sleep(0)
            turns += 1
        for number in range(12):
            task = asyncio.create_task(manager.harvest(Place()))
            for _ in range(int(turns ** (number / 11))):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait({task})
            assert chromium.contexts == before, f"cancelled after {number}"


@pytest.mark.usefixtures("one_driver")
async def test_visits_of_one_manager_share_one_browser(browser_processes: Callable[[], list[list[str]]]) -> None:
    """Several at once start one browser, in which each has a context of its own."""
    here, all_here = 0, asyncio.Event()

    async def together(request: Any) -> Any:
        nonlocal here
        here += 1
        if here == 3:
            all_here.set()
        await all_here.wait()
        return await html(BOX, f"sid={here}")(request)

    before = len(browser_processes())
    async with network(together) as local, SessionManager(Profile(), route=local.route) as manager:
        tasks = [asyncio.create_task(manager.harvest(Place())) for _ in range(3)]
        await all_here.wait()
        assert len(browser_processes()) == before + 1
        sessions = await asyncio.gather(*tasks)
        assert all(len(session.cookies) == 1 for session in sessions)
        await manager.harvest(Place())
        assert len(browser_processes()) == before + 1
    assert len(browser_processes()) == before


# --- what is left ----------------------------------------------------------------------------------------------------


class Traces:
    """What there is of this process: descendants, tasks, file descriptors, and what lies in the folder for files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._before = self._now()

    def _now(self, but: Collection[int] = ()) -> list[set[Any]]:
        tasks = {task for task in asyncio.all_tasks() if not task.done()}
        files = set[str]()
        for number in os.listdir("/proc/self/fd"):
            with suppress(FileNotFoundError):  # the one of the folder itself
                files.add(f"{number}: {os.readlink(f'/proc/self/fd/{number}')}")
        return [descendants(but), tasks, files, set(os.listdir(self._folder))]

    def _new(self) -> list[set[Any]]:
        """What there is now and was not before. What was there before may end meanwhile, or have new helpers."""
        return [now - before for now, before in zip(self._now(self._before[0]), self._before, strict=True)]

    async def gone(self) -> None:
        """Helpers of a browser that has ended may take a moment to follow it."""
        try:
            await until(lambda: not any(self._new()))
        except TimeoutError:
            assert not any(self._new()), self._new()


@pytest.fixture
def traces(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Traces]]:
    if not sys.platform.startswith("linux"):
        pytest.skip("looks into /proc")
    # Playwright's driver, and the browser, make their folders there. A short path: Chromium has sockets in them, and
    # does not start where one's is longer than a system allows.
    with tempfile.TemporaryDirectory(prefix="tk-") as folder:
        monkeypatch.setenv("TMPDIR", folder)
        yield lambda: Traces(Path(folder))


async def test_nothing_is_left(traces: Callable[[], Traces]) -> None:
    """No process, task, file descriptor or folder after a manager's end, when all went well and when nothing did."""
    async with network({"/": PAGE, "/broken": status(500)}) as local:
        before = traces()
        async with SessionManager(TRUSTING, route=local.route) as manager:
            await manager.harvest(Place())
            with pytest.raises(HarvestFailed):
                await manager.harvest(Place(harvest=Harvest(page="/broken")))
        await manager.aclose()
        await before.gone()
        with pytest.raises(UsageError, match="is closed"):
            await manager.harvest(Place())


async def test_nothing_is_left_after_a_cancellation(traces: Callable[[], Traces]) -> None:
    """Before the driver is up, while the browser starts, in the visit, and again while all is being closed."""

    async def harvest(local: LocalNetwork) -> None:
        async with SessionManager(Profile(), route=local.route) as manager:
            await manager.harvest(Place())

    moments: list[Callable[[set[int]], bool]] = [
        lambda new: True,
        lambda new: len(new) > 0,  # the driver
        lambda new: len(new) > 1,  # the browser's first process
        lambda new: len(new) > 4,
    ]
    async with network(never) as local:
        for number, moment in enumerate(moments):
            before, then = traces(), descendants()
            task = asyncio.create_task(harvest(local))
            await asyncio.sleep(0)
            await until(lambda: moment(descendants(then)))  # noqa: B023 - over before the next one
            task.cancel()
            if number % 2:
                await asyncio.sleep(0)
                task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await before.gone()
        before = traces()
        task = asyncio.create_task(harvest(local))
        await until(lambda: any(one.status is None for one in local.log))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await before.gone()


async def test_a_cancelled_visit_is_no_matter_to_another(traces: Callable[[], Traces]) -> None:
    """Of two that wait for the browser to start, the first is cancelled, and the other gets it."""
    async with network(PAGE) as local:
        before = traces()
        async with SessionManager(Profile(), route=local.route) as manager:
            first, second = (asyncio.create_task(manager.harvest(Place())) for _ in range(2))
            await asyncio.sleep(0)
            first.cancel()
            assert (await second).cookies
            assert first.cancelled()
        await before.gone()


@pytest.mark.usefixtures("one_driver")
async def test_a_browser_that_has_ended_is_started_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """One visit loses it; the next has a new one."""
    started: list[Browser] = []

    async def note(*arguments: Any, **options: Any) -> Browser:
        started.append(await launch(*arguments, **options))
        return started[-1]

    monkeypatch.setattr("toolkit.browser.managed_browser.launch", note)
    async with (
        network({"/": PAGE, "/empty": html("")}) as local,
        SessionManager(Profile(), route=local.route) as manager,
    ):
        recipe = Harvest(page="/empty", ready="textarea")
        task = asyncio.create_task(manager.harvest(Place(harvest=recipe)))
        await until(lambda: any(one.status for one in local.log))
        page = started[0].contexts[0].pages[0]
        await until(lambda: page.url.endswith("/empty"))
        await page.wait_for_load_state()
        await started[0].close()
        with pytest.raises(HarvestFailed, match=r"window was closed|ERR_ABORTED"):  # as it was loading, or had loaded
            await task
        assert (await manager.harvest(Place())).cookies
        assert len(started) == 2


@pytest.mark.usefixtures("one_driver")
@pytest.mark.parametrize("moment", ["start", "visit"])
async def test_a_browser_that_is_killed_is_told(monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    """It has no window that somebody could have closed."""
    started: list[Browser] = []

    async def note(*arguments: Any, **options: Any) -> Browser:
        started.append(await launch(*arguments, **options))
        if moment == "start":
            await kill(started[0])
        return started[0]

    async def kill(browser: Browser) -> None:
        session = await browser.new_browser_cdp_session()
        processes = (await session.send("SystemInfo.getProcessInfo"))["processInfo"]
        os.kill(next(process["id"] for process in processes if process["type"] == "browser"), signal.SIGKILL)

    monkeypatch.setattr("toolkit.browser.managed_browser.launch", note)
    async with network(html("")) as local, SessionManager(Profile(), route=local.route) as manager:
        task = asyncio.create_task(manager.harvest(Place()))
        if moment == "visit":
            await until(lambda: any(one.status for one in local.log))
            await kill(started[0])
        with pytest.raises(HarvestFailed, match="The browser ended before the session was complete: it was killed"):
            await task


async def test_a_browser_that_does_not_start_is_told_to_all(tmp_path: Path) -> None:
    """To each visit that waited for it, and again to the next, which tries anew."""
    profile = Profile(executable_path=str(tmp_path / "absent"))
    async with SessionManager(profile) as manager:
        told = await asyncio.gather(*(manager.harvest(Place()) for _ in range(2)), return_exceptions=True)
        assert [type(error) for error in told] == [BrowserMissing, BrowserMissing]
        with pytest.raises(BrowserMissing):
            await manager.harvest(Place())


# --- what cannot be used ---------------------------------------------------------------------------------------------


class WebDriver:
    """As Selenium's is called."""


@pytest.mark.parametrize("thing", [object(), WebDriver(), "context", SessionManager, None])
def test_what_is_no_context_is_refused(thing: Any) -> None:
    """With a TypeError that says what is needed, and what was given."""
    for refuse in (check_context, lambda it: harvest_sync(it, Place())):
        with pytest.raises(ContextTypeError, match="BrowserContext is needed, not ") as caught:
            refuse(thing)
        assert isinstance(caught.value, TypeError)
        assert type(thing).__qualname__ in str(caught.value)


async def test_a_page_or_a_context_of_the_other_api_is_refused(chromium: Browser, open_context: OpenContext) -> None:
    """So is a browser where a context belongs, and the other way round."""
    context: Any = await open_context(None)
    things: list[Any] = [await context.new_page(), chromium]
    for wrong in things:
        with pytest.raises(ContextTypeError, match=r"not playwright\.async_api"):
            SessionManager(context=wrong)
    with pytest.raises(ContextTypeError, match="Browser of Playwright's async API is needed"):
        SessionManager(browser=context)
    with pytest.raises(ContextTypeError, match="is of Playwright's async API"):
        harvest_sync(context, Place())
    with pytest.raises(UsageError, match="not both"):
        SessionManager(browser=chromium, context=context)


# --- what the network does -------------------------------------------------------------------------------------------


async def test_a_site_that_is_not_there_is_told(chromium: Browser) -> None:
    """A name that nobody knows, and a port where nobody listens."""
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    async with SessionManager(TRUSTING, browser=chromium) as manager:
        for site in ("https://no-such-host.invalid", f"http://127.0.0.1:{port}"):
            with pytest.raises(ConnectFailed, match=r"cannot be reached \(ERR_\w+\)") as caught:
                await manager.harvest(Place(site=site, hosts=(HOST,)))
            assert caught.value.url == f"{site}/"


async def test_a_certificate_of_nobody_known_is_told(chromium: Browser) -> None:
    """As long as the profile does not take any."""
    async with network(PAGE) as local, SessionManager(Profile(), browser=chromium, route=local.route) as manager:
        with pytest.raises(TLSFailed, match="ERR_CERT_AUTHORITY_INVALID"):
            await manager.harvest(Place())


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("login", ["", "ada:wr%40ng@"])
async def test_a_proxy_that_wants_another_login_is_told(chromium: Browser, scheme: str, login: str) -> None:
    """Without user and password, and with wrong ones, which the error does not show."""
    async with LocalNetwork(apps={}, proxy_auth=("ada", "right")) as local:
        route = Route.through(local.address.replace("//", f"//{login}"))
        async with SessionManager(TRUSTING, browser=chromium, route=route) as manager:
            with pytest.raises(ProxyFailed) as caught:
                await manager.harvest(Place(site=f"{scheme}://{HOST}"))
    assert "wr" not in str(caught.value)


async def test_a_proxy_that_is_not_there_is_told(chromium: Browser) -> None:
    """And not taken for the site."""
    async with LocalNetwork(apps={}) as local:
        gone = local.address
    async with SessionManager(TRUSTING, browser=chromium, route=Route.through(gone)) as manager:
        with pytest.raises(ProxyFailed, match="ERR_PROXY_CONNECTION_FAILED"):
            await manager.harvest(Place())
