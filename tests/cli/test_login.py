"""`toolkit login`: a person at a real window; what comes of it works anywhere, and what goes wrong changes nothing."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from glob import glob
from pathlib import Path

import msgspec
import pytest
from playwright.async_api import Page, Playwright

from tests.browser.person import by_hand, click, type_into, virtual_display
from tests.cli.conftest import Toolkit
from tests.sites.asking import SECONDS, until
from tests.sites.nextauth import PASSWORD, USER
from tests.sites.openassistant import OpenAssistantSite
from tests.sites.serving import serve
from toolkit.session.browser_session import BrowserSession
from toolkit.stores.base import Key
from toolkit.stores.file import FileStore

TOKEN = "next-auth.session-token"


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with virtual_display() as name:
        yield name


@pytest.fixture
async def site() -> AsyncIterator[tuple[OpenAssistantSite, str]]:
    """The Open Assistant stand-in, its origin, and nobody who is signed in there."""
    stand_in = OpenAssistantSite()
    async with serve(stand_in.app()) as origin:
        yield stand_in, origin
    assert not stand_in.problems


class Login:
    """`toolkit login` under way, and the page in its window as the person sees it."""

    def __init__(self, process: asyncio.subprocess.Process, page: Page) -> None:
        self.process, self.page = process, page

    async def end(self) -> tuple[int, str, str]:
        async with asyncio.timeout(SECONDS):
            out, err = await self.process.communicate()
        return self.process.returncode or 0, out.decode(), err.decode()


@asynccontextmanager
async def logging_in(
    toolkit: Toolkit, driver: Playwright, display: str, origin: str, *options: str,
    provider: str = "openassistant", at: str = "/auth/",
) -> AsyncIterator[Login]:  # fmt: skip
    """Start the command with a window on `display`, and look at the page in it once one `at` that address is there."""
    process = await toolkit.start(
        *("login", provider, "--base-url", origin, *options), env={"TOOLKIT_BROWSERS": headed(toolkit, display)}
    )
    async with window_of(process, toolkit, driver, at) as page:
        yield Login(process, page)


def headed(toolkit: Toolkit, display: str) -> str:
    """Browser profiles whose window is on `display`. A second way in, besides the toolkit's own, tells the test where
    things are on the screen."""
    profile = {"headless": False, "viewport": None, "env": {"DISPLAY": display}, "args": ["--remote-debugging-port=0"]}
    profiles = {"default": "headless", "profiles": {"headless": {}, "headed": profile}}
    return toolkit.file("headed.json", profiles)


@asynccontextmanager
async def window_of(
    process: asyncio.subprocess.Process, toolkit: Toolkit, driver: Playwright, at: str, seconds: float = SECONDS
) -> AsyncIterator[Page]:
    """The page in the window that `process` opens, once it is at an address with `at` in it."""
    port: list[Path] = []

    def told() -> bool:
        # unlike `rglob`, this goes on where a folder is removed meanwhile
        found = map(Path, glob(f"{toolkit.temp}/**/DevToolsActivePort", recursive=True))
        port[:] = [path for path in found if path.read_text().count("\n") >= 1]
        return bool(port) or process.returncode is not None

    await until(told, seconds)
    assert port, (await process.communicate())[1].decode()
    browser = await driver.chromium.connect_over_cdp(f"http://127.0.0.1:{port[0].read_text().splitlines()[0]}")
    try:
        pages = [page for context in browser.contexts for page in context.pages if at in page.url]
        while not pages:
            await asyncio.sleep(0)
            pages = [page for context in browser.contexts for page in context.pages if at in page.url]
        await pages[0].wait_for_load_state()
        yield pages[0]
    finally:
        await browser.close()


async def sign_in(display: str, page: Page) -> None:
    await type_into(display, page, "[name=username]", USER)
    await type_into(display, page, "[name=password]", PASSWORD)
    await by_hand(display, "key", "Return")


async def test_a_login_by_hand_works_everywhere_afterwards(
    toolkit: Toolkit, driver: Playwright, display: str, site: tuple[OpenAssistantSite, str], tmp_path: Path
) -> None:
    """User and password are typed into a real window. The session then works in a new process that has no browser, and
    on a machine that has nothing but a secret in its environment."""
    stand_in, origin = site
    async with logging_in(toolkit, driver, display, origin) as login:
        await sign_in(display, login.page)
        code, out, err = await login.end()
    assert code == 0, err
    assert f"logged in as {USER} at {origin}, good until" in out
    assert f"Log in at {origin}/chat in the window that has opened" in err
    kept = await toolkit.store.load(Key("openassistant", origin))
    assert kept is not None
    assert kept.identity == USER
    assert "Headless" not in (kept.user_agent or "Headless")

    chat = ("chat", "openassistant", "Hi", "--base-url", origin)
    result = await toolkit.run(*chat, env=toolkit.without_browser())
    assert (result.code, result.out.strip()) == (0, "".join(stand_in.answer).strip())

    exported = await toolkit.run("session", "export", "openassistant", "--base-url", origin)
    assert exported.code == 0, exported.err
    for secret in (exported.out, base64.b64encode(exported.out.encode()).decode()):
        elsewhere = {"TOOLKIT_STATE_DIR": str(tmp_path / "elsewhere"), "TOOLKIT_SESSION_OPENASSISTANT": secret}
        result = await toolkit.run(*chat, env={**toolkit.without_browser(), **elsewhere})
        assert (result.code, result.out.strip()) == (0, "".join(stand_in.answer).strip()), result.err
    assert not (tmp_path / "elsewhere" / "sessions").exists()


@pytest.fixture
async def stored(toolkit: Toolkit, site: tuple[OpenAssistantSite, str]) -> AsyncIterator[BrowserSession]:
    """A session of somebody else that is there, and stays as it is."""
    session = BrowserSession.from_cookie_values("openassistant", site[1], {TOKEN: "of grace"})
    session = msgspec.structs.replace(session, identity="grace", harvested_at=1.0)
    await toolkit.keep(session)
    yield session
    assert await FileStore(toolkit.store.folder).load(Key("openassistant", site[1])) == session


async def test_a_window_that_is_closed_early(
    toolkit: Toolkit, driver: Playwright, display: str, site: tuple[OpenAssistantSite, str], stored: BrowserSession
) -> None:
    """Nothing waits on for a login that cannot come."""
    async with logging_in(toolkit, driver, display, site[1]) as login:
        await click(display, login.page, "[name=username]")
        await by_hand(display, "key", "ctrl+w")
        code, _, err = await login.end()
    assert code == 1
    assert "The window was closed before the session was complete" in err


async def test_a_login_that_takes_too_long(
    toolkit: Toolkit, driver: Playwright, display: str, site: tuple[OpenAssistantSite, str], stored: BrowserSession
) -> None:
    """The message says how long was waited, and for what."""
    async with logging_in(toolkit, driver, display, site[1], "--timeout", "3") as login:
        code, _, err = await login.end()
    assert code == 1
    assert "After 3 s you are not signed in yet: the page is still one to log in at" in err


async def test_somebody_else_logs_in(
    toolkit: Toolkit, driver: Playwright, display: str, site: tuple[OpenAssistantSite, str], stored: BrowserSession
) -> None:
    """The session of one account is never replaced by that of another."""
    async with logging_in(toolkit, driver, display, site[1]) as login:
        await sign_in(display, login.page)
        code, _, err = await login.end()
    assert code == 1
    assert f"{USER} is signed in, and the stored session is of grace." in err
    assert f"`toolkit login openassistant --base-url {site[1]} --account NAME` keeps both" in err


async def test_a_login_without_a_display(
    toolkit: Toolkit, site: tuple[OpenAssistantSite, str], stored: BrowserSession
) -> None:
    """It says what is missing, and what can be done."""
    result = await toolkit.run("login", "openassistant", "--base-url", site[1])
    assert result.code == 1
    assert "no display" in result.err


async def test_a_provider_without_a_login(toolkit: Toolkit) -> None:
    """There is nothing to wait for; no browser is started to find that out."""
    result = await toolkit.run("login", "aura", env=toolkit.without_browser())
    assert result.code == 2
    assert "Nothing tells that somebody is signed in" in result.err
    assert "toolkit harvest" in result.err
