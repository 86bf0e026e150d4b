"""What a person does in their window, played by the pages' own scripts: other tabs, downloads, dialogs left open."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web
from msgspec.structs import replace

from tests.browser.places import BOX, HOME, TRUSTING, Handler, Place, away, html, network
from tests.conftest import OpenContext
from tests.sites.asking import SECONDS
from toolkit.browser.session_manager import SessionManager
from toolkit.errors import HarvestFailed
from toolkit.session.browser_session import BrowserSession
from toolkit.session.recipe import Harvest

RECIPE = Harvest(cookies=("sid",), storage=("who",), ready="textarea", signed_out="^/login")
SIGNED_IN = html(BOX + "<script>localStorage.who = 'ada'</script>", "sid=1")


@pytest.fixture(autouse=True)
def little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolkit.browser.page_queries.MIN_ANSWER_MS", 500)


def login_page(script: str) -> Handler:
    return html(f"<input><script>{script}</script>")


async def file(_: web.Request) -> web.Response:
    return web.Response(body=b"codes", headers={"Content-Disposition": "attachment; filename=codes.txt"})


async def logged_in(
    open_context: OpenContext, script: str, *, recipe: Harvest = RECIPE, ms: float = 60_000
) -> BrowserSession:
    """What comes of a login with a person, at a login page with that script."""
    routes = {"/": away("/login"), "/login": login_page(script), "/chat": SIGNED_IN, "/file": file}
    routes["/close"] = html("<script>opener.close(); location = '/chat'</script>")
    profile = replace(TRUSTING, login_timeout_ms=ms)
    async with (
        asyncio.timeout(SECONDS),
        network(routes) as local,
        SessionManager(profile, context=await open_context(local)) as manager,
    ):
        return await manager.harvest(Place(harvest=recipe), login=True)


@pytest.mark.parametrize(
    "script",
    [
        "window.open('/chat', '_blank', 'noopener')",
        "window.open('/close')",
        "window.open('/file'); addEventListener('load', () => location = '/file');"
        "setTimeout(() => window.open('/chat'), 200)",
    ],
)
async def test_a_login_may_end_in_any_tab(open_context: OpenContext, script: str) -> None:
    """In one that knows nothing of the first, in one that closes it, and among downloads, whose tabs close themselves:
    the session is read from the tab that has all of it."""
    session = await logged_in(open_context, script)
    assert [cookie.name for cookie in session.cookies] == ["sid"]
    assert session.local_storage == {HOME: {"who": "ada"}}
    assert "user-agent" in session.headers


async def test_a_dialog_that_is_left_open_is_told(open_context: OpenContext) -> None:
    """It is the person's to answer; the time-out says that it holds up the page, which cannot be asked meanwhile."""
    recipe = Harvest(storage=("who",))
    with pytest.raises(HarvestFailed, match=r"^place: After 0\.3 s the page does not respond: a dialog in it is open"):
        await logged_in(open_context, "alert('Welcome')", recipe=recipe, ms=300)


async def test_dialogs_of_others_are_answered_as_before(open_context: OpenContext) -> None:
    """Without a person a dialog is dismissed; and a context that was handed in is left as it was found, where a person
    could have answered."""
    asking = html(BOX + "<script>localStorage.answer = confirm('Sure?')</script>")
    async with network(asking) as local, asyncio.timeout(SECONDS):
        context = await open_context(local)
        async with SessionManager(TRUSTING, context=context) as manager:
            session = await manager.harvest(Place())
        assert session.local_storage == {HOME: {"answer": "false"}}
        async with SessionManager(replace(TRUSTING, headless=False, login_timeout_ms=1), context=context) as manager:
            with pytest.raises(HarvestFailed):
                await manager.harvest(Place(harvest=Harvest(ready="#none", signed_out="^/login")))
        page = await context.new_page()
        await page.goto(HOME)
        await page.wait_for_selector("textarea")
