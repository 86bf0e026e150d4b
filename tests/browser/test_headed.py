"""A person at a window: real keys into a real window, which has a display of its own."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import web
from msgspec.structs import replace
from playwright.async_api import Browser

from tests.browser.person import by_hand, click, type_into, virtual_display
from tests.browser.places import BOX, Place, away, html, network
from tests.sites.asking import until
from tests.sites.nextauth import PASSWORD, USER
from tests.sites.openassistant import OpenAssistantSite
from toolkit.browser.browsers_file import load_profiles, packaged_file
from toolkit.browser.launch import launch
from toolkit.browser.profiles import Profile
from toolkit.browser.session_manager import SessionManager
from toolkit.errors import HarvestFailed
from toolkit.providers.registry import find
from toolkit.replay.local_network import LocalNetwork
from toolkit.session.recipe import Harvest

pytestmark = pytest.mark.usefixtures("one_driver")
DICTIONARIES = "redirector.gvt1.com:443"  # for its spell checker, once somebody types; Chromium has no switch for it


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with virtual_display() as name:
        yield name


@pytest.fixture
def browsers(monkeypatch: pytest.MonkeyPatch) -> list[Browser]:
    """The browsers that managers have started, so that a test can look where things are on the screen."""
    started: list[Browser] = []

    async def note(*arguments: Any, **options: Any) -> Browser:
        started.append(await launch(*arguments, **options))
        return started[-1]

    monkeypatch.setattr("toolkit.browser.managed_browser.launch", note)
    return started


def headed(display: str) -> Profile:
    """The shipped profile for a window, on that display."""
    return replace(load_profiles(packaged_file()).get("headed"), env={"DISPLAY": display}, login_timeout_ms=120_000)


async def test_a_person_s_login_is_noticed(display: str, browsers: list[Browser]) -> None:
    """The window says where to log in; user and password are typed into it; the session is there at once."""
    site, said = OpenAssistantSite(), list[str]()
    async with (
        LocalNetwork(apps=site.hosts()) as local,
        SessionManager(headed(display), route=local.route, say=lambda text: said.append(text)) as manager,
    ):
        task = asyncio.create_task(manager.harvest(find("openassistant")()))
        await until(lambda: bool(said) or task.done())
        assert not task.done(), task.result()
        page = browsers[0].contexts[0].pages[0]
        await page.wait_for_load_state()
        await type_into(display, page, "[name=username]", USER)
        await type_into(display, page, "[name=password]", PASSWORD)
        await by_hand(display, "key", "Return")
        session = await task
    assert said == [said[0]]
    assert said[0].startswith("Log in at https://open-assistant.io/chat in the window that has opened")
    token = {one.name: one.value for one in session.cookies}["__Secure-next-auth.session-token"]
    assert site.login.tokens[token] == USER
    assert session.user_agent is not None
    assert "Headless" not in session.user_agent
    assert site.problems == []
    assert set(local.refused) <= {DICTIONARIES}


async def test_a_person_who_closes_the_window_ends_the_visit(display: str, browsers: list[Browser]) -> None:
    """Nothing waits on for a login that cannot come."""
    site, said = OpenAssistantSite(), list[str]()
    async with (
        LocalNetwork(apps=site.hosts()) as local,
        SessionManager(headed(display), route=local.route, say=lambda text: said.append(text)) as manager,
    ):
        task = asyncio.create_task(manager.harvest(find("openassistant")()))
        await until(lambda: bool(said) or task.done())
        page = browsers[0].contexts[0].pages[0]
        await page.wait_for_load_state()
        await click(display, page, "[name=username]")
        await by_hand(display, "key", "ctrl+w")
        with pytest.raises(HarvestFailed, match="window was closed"):
            await task


async def test_a_person_proves_to_be_one(display: str) -> None:
    """Where a window is open, a challenge is waited for instead of refused."""
    passed, said = False, list[str]()

    async def door(request: web.Request) -> web.StreamResponse:
        if passed:
            return await html(BOX, "sid=1")(request)
        challenge = (
            "<script>setInterval(() => document.cookie || fetch('/key').then(() => location.reload()), 100)</script>"
        )
        return await html(challenge, status=403, **{"cf-mitigated": "challenge"})(request)

    async def key(_: web.Request) -> web.Response:
        nonlocal passed
        await until(lambda: bool(said))
        passed = True
        return web.Response()

    async with (
        network({"/": door, "/key": key}) as local,
        SessionManager(headed(display), route=local.route, say=lambda text: said.append(text)) as manager,
    ):
        session = await manager.harvest(Place())
    assert [one.name for one in session.cookies] == ["sid"]
    assert said[0].startswith("Show the site that you are a person at https://chat.example/")


async def test_a_person_answers_prompt_and_dialog_and_logs_in_in_another_tab(
    display: str, browsers: list[Browser], caplog: pytest.LogCaptureFixture
) -> None:
    """The browser's own prompt for HTTP authentication is the person's to answer; where that belongs is told meanwhile,
    since the calls need it. The page is told what the person answered to its dialog, and not what Playwright would
    have. The session is that of the tab in which the login has ended, while the first one still shows the login."""
    asks = "const one = () => { onkeydown = null; fetch('/answer?' + confirm('Trust this device?')) }"
    opens = "const other = () => window.open('/chat', '_blank', 'noopener')"
    due = f"Basic {b64encode(b'ann:word').decode()}"
    let_in: list[str] = []
    answers: list[str] = []
    said: list[str] = []

    async def door(request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != due:
            return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="team"'}, text="no")
        let_in.append(request.path)
        return await away("/login")(request)

    async def answer(request: web.Request) -> web.Response:
        answers.append(request.query_string)
        return web.Response()

    login = html(f"<input><script>{asks}; {opens}; onkeydown = () => {{ one(); other() }}</script>")
    routes = {"/": door, "/login": login, "/answer": answer, "/chat": html(BOX, "sid=1")}
    recipe = Harvest(cookies=("sid",), ready="textarea", signed_out="^/login")
    async with (
        network(routes) as local,
        SessionManager(headed(display), route=local.route, say=lambda text: said.append(text)) as manager,
    ):
        task = asyncio.create_task(manager.harvest(Place(harvest=recipe), login=True))
        await until(lambda: bool(said) or task.done())
        while not let_in and not task.done():  # the prompt may not be there yet
            await by_hand(display, "key", "ctrl+a", "type", "ann")
            await by_hand(display, "key", "Tab", "key", "ctrl+a", "type", "word")
            await by_hand(display, "key", "Return")
            await asyncio.wait({task}, timeout=0.5)
        page = browsers[0].contexts[0].pages[0]
        await page.wait_for_url("**/login")
        await click(display, page, "input")
        while not answers and not task.done():  # the first one opens the dialog, and the next answers it
            await by_hand(display, "key", "Return")
        session = await task
    assert any("`http_credentials` of the deployment" in text for text in caplog.messages)
    assert answers == ["true"]
    assert [cookie.name for cookie in session.cookies] == ["sid"]
