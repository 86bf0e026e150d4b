"""Login pages where nobody is: those that sign themselves in, and those that wait for a person."""

from __future__ import annotations

import asyncio

import pytest

from tests.browser.places import BOX, TRUSTING, Place, away, html, network
from tests.conftest import OpenContext
from tests.sites.asking import SECONDS
from toolkit.browser import harvest, login_page, page_queries
from toolkit.browser.session_manager import SessionManager
from toolkit.errors import HarvestFailed, LoginRequired
from toolkit.session.browser_session import BrowserSession
from toolkit.session.recipe import Harvest

RECIPE = Harvest(cookies=("sid",), signed_out="^/auth")
FORM = "<input type=password><button>Sign in</button>"


async def visited(open_context: OpenContext, page: str, recipe: Harvest = RECIPE) -> BrowserSession:
    """What comes of a visit to a site whose login page is that one."""
    routes = {"/": away("/auth"), "/auth": html(page), "/chat": html(BOX, "sid=1")}
    async with (
        asyncio.timeout(SECONDS),
        network(routes) as local,
        SessionManager(TRUSTING, context=await open_context(local)) as manager,
    ):
        return await manager.harvest(Place(harvest=recipe))


@pytest.mark.parametrize(("form", "settled_ms"), [("Signing in...", 100), (FORM, 60_000)], ids=["no form", "form"])
async def test_a_page_that_signs_itself_in_is_waited_for(
    open_context: OpenContext, monkeypatch: pytest.MonkeyPatch, form: str, settled_ms: float
) -> None:
    """Longer where it shows no form, which is how Open WebUI behaves without authentication; where it shows one, that
    has not been there for long."""
    monkeypatch.setattr(login_page, "PASSING_MS", 60_000)
    monkeypatch.setattr(login_page, "SETTLED_MS", dict.fromkeys(login_page.SETTLED_MS, settled_ms))
    session = await visited(open_context, f"{form}<script>setTimeout(() => location = '/chat', 400)</script>")
    assert [cookie.name for cookie in session.cookies] == ["sid"]


@pytest.mark.parametrize("page", ["Signing in...", "<script>while (true);</script>", "<p onclick='go()'>Sign in</p>"])
async def test_a_page_that_never_signs_itself_in_wants_a_person(
    open_context: OpenContext, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    """It is given some time, also where it shows no form, and where it cannot be asked."""
    monkeypatch.setattr(login_page, "PASSING_MS", 300)
    monkeypatch.setattr(page_queries, "MIN_ANSWER_MS", 300)
    monkeypatch.setattr(harvest, "CLOSE_WAITS_MS", (50, 50))
    with pytest.raises(LoginRequired, match="wants a login"):
        await visited(open_context, page)


async def test_a_login_that_counts_for_its_page_alone_is_told(open_context: OpenContext) -> None:
    """At once, whatever time there is; not where what is ready is there as well, such as beside a field for a key."""
    recipe = Harvest(ready="textarea", unkept_login="[type=password]")
    with pytest.raises(HarvestFailed, match="counts for that page alone"):
        await visited(open_context, FORM, recipe)
    assert (await visited(open_context, f"{FORM}{BOX}", recipe)).cookies == ()
