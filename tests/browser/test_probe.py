"""A visit to a site where nothing but the recipe's probe tells whether somebody is signed in, or has to be."""

from __future__ import annotations

import asyncio
from itertools import chain, repeat

import pytest
from aiohttp import web
from msgspec.structs import replace

from tests.browser.places import HOME, TRUSTING, Handler, Place, html, network, status
from tests.conftest import OpenContext
from tests.sites.asking import SECONDS
from toolkit.browser.session_manager import SessionManager
from toolkit.errors import HarvestFailed, LoginRequired
from toolkit.session.browser_session import BrowserSession
from toolkit.session.recipe import Harvest, Probe

RECIPE = Harvest(probe=Probe(path="/config", identity=("username",), anonymous=True))
LOGIN_PAGE = html("<input type=password>", "seen=1")


def answers(*statuses: int) -> Handler:
    """`/config`, with these statuses one after the other; the last one from then on."""
    coming = chain(statuses, repeat(statuses[-1]))

    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"username": None, "version": "1"}, status=next(coming))

    return answer


async def visited(
    open_context: OpenContext, config: Handler, *, at: str = "", ready_ms: int = 60_000
) -> BrowserSession:
    place = Place(harvest=RECIPE, site=HOME + at)
    async with network({f"{at}/": LOGIN_PAGE, f"{at}/config": config}) as local:
        profile = replace(TRUSTING, ready_timeout_ms=ready_ms)
        async with SessionManager(profile, context=await open_context(local)) as manager, asyncio.timeout(SECONDS):
            return await manager.harvest(place)


@pytest.mark.parametrize("at", ["", "/apps/chat"])
async def test_a_site_that_answers_needs_nobody(open_context: OpenContext, at: str) -> None:
    """Being answered is enough where the site knows no users; also where it is not at the top of its host."""
    session = await visited(open_context, answers(200), at=at)
    assert [cookie.name for cookie in session.cookies] == ["seen"]


@pytest.mark.parametrize("refusal", [401, 403])
async def test_a_site_that_refuses_wants_a_login(open_context: OpenContext, refusal: int) -> None:
    """That is told at once, though the page itself is there."""
    with pytest.raises(LoginRequired, match="wants a login"):
        await visited(open_context, answers(refusal))


async def test_a_failure_of_the_site_is_no_refusal(open_context: OpenContext) -> None:
    """It is asked again, until it answers or the time is up."""
    assert await visited(open_context, answers(503, 503, 200))
    with pytest.raises(HarvestFailed, match=r"the site gives no answer at /config that"):
        await visited(open_context, status(503), ready_ms=1)


async def test_a_page_that_refuses_wants_a_login(open_context: OpenContext) -> None:
    """Also where the site answers 401 to the visit itself."""
    async with (
        network(html("Who are you?", status=401)) as local,
        SessionManager(TRUSTING, context=await open_context(local)) as manager,
    ):
        with pytest.raises(LoginRequired, match="wants a login"):
            await manager.harvest(Place(harvest=RECIPE))


async def test_a_probe_that_looks_at_the_wrong_place_is_told(open_context: OpenContext) -> None:
    """Somebody is signed in, and the recipe does not see it: what the site was asked, and where it was looked."""
    place = Place(harvest=Harvest(probe=Probe(path="/config", identity=("user", "login"))))
    async with network({"/": html("Welcome"), "/config": answers(200)}) as local:
        profile = replace(TRUSTING, login_timeout_ms=1)
        async with SessionManager(profile, context=await open_context(local)) as manager:
            with pytest.raises(
                HarvestFailed, match=r"not signed in yet as far as /config tells: it names nobody at user or login\."
            ):
                await manager.harvest(place, login=True)
