"""A session that is renewed: its site sees the browser that made it."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from aiohttp import web
from msgspec.structs import replace
from playwright.async_api import Browser

from tests.browser.places import BOX, HOST, TRUSTING, Place, html, network, site
from toolkit.browser.context_options import context_options
from toolkit.browser.session_manager import SessionManager
from toolkit.http.route import Route
from toolkit.replay.local_network import LocalNetwork
from toolkit.session.browser_headers import is_browser_header
from toolkit.session.browser_session import BrowserSession

CALLS = "<script>fetch('/own'); fetch('https://api.other.example/call', {method: 'POST'})</script>"
WINDOW = {  # as a window of another system's Chrome introduces itself
    "accept-language": "de-DE,de;q=0.9,en;q=0.8",
    "sec-ch-ua": '"Not:A-Brand";v="8", "Chromium";v="149"',
    "sec-ch-ua-mobile": "?0",
    "sec-ch-ua-platform": '"Windows"',
    "user-agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/149.0.0.0 Safari/537.36",
}


def session_with(headers: dict[str, str]) -> BrowserSession:
    return BrowserSession(provider="place", origin=f"https://{HOST}", headers=headers)


async def test_a_renewal_introduces_itself_as_its_session_did(chromium: Browser) -> None:
    """The page, its own fetch and one to another host carry the agent, the hints and the languages of the session,
    whatever the profile says; no preflight asks for leave of these. The session that results keeps them."""
    seen: list[dict[str, str]] = []

    async def answer(request: web.Request) -> web.Response:
        assert request.method != "OPTIONS"
        seen.append({name.lower(): value for name, value in request.headers.items() if is_browser_header(name.lower())})
        return web.Response(text=BOX + CALLS, content_type="text/html", headers={"access-control-allow-origin": "*"})

    other = web.Application()
    other.router.add_route("*", "/call", answer)
    apps = {HOST: site({"/": answer, "/own": answer}), "api.other.example": other}
    alike = {**WINDOW, "accept-language": "fr-FR"}  # what a profile's locale sends
    profile = replace(TRUSTING, locale="en-GB", user_agent="Agent/1", extra_http_headers={"Accept-Language": "es"})
    for headers in (WINDOW, alike):
        seen.clear()
        async with (
            LocalNetwork(apps=apps) as local,
            SessionManager(profile, browser=chromium, route=local.route) as manager,
        ):
            recipe = Place()
            renewed = await manager.harvest(recipe, previous=session_with(headers))
        assert len(seen) >= 1
        assert seen == [headers] * len(seen)
        assert renewed.headers == headers


@pytest.mark.usefixtures("one_driver")
async def test_a_session_from_a_window_is_renewed_in_a_whole_browser(
    browser_processes: Callable[[], list[list[str]]],
) -> None:
    """What scripts see of a headless shell is further from a window than what they see of the browser that has one."""
    before = browser_processes()

    def program() -> str:
        (line,) = (line for line in browser_processes() if line not in before)
        return line[0]

    async with network(html(BOX)) as local:
        async with SessionManager(TRUSTING, route=local.route) as manager:
            first, usual = await manager.harvest(Place()), program()
        async with SessionManager(TRUSTING, route=local.route) as manager:
            assert (await manager.harvest(Place(), previous=first)).headers == first.headers
            assert program() == usual
        async with SessionManager(TRUSTING, route=local.route) as manager:
            assert (await manager.harvest(Place(), previous=session_with(WINDOW))).headers == WINDOW
            assert "headless" not in os.path.basename(program())


async def test_a_profile_without_words_of_its_own_is_itself(chromium: Browser) -> None:
    """A session that was renewed in the browser that made it is as it was."""

    async def page(_: web.Request) -> web.Response:
        return web.Response(text=BOX, content_type="text/html")

    async with (
        network(page) as local,
        SessionManager(TRUSTING, browser=chromium, route=local.route) as manager,
    ):
        first = await manager.harvest(Place())
        assert (await manager.harvest(Place(), previous=first)).headers == first.headers


def test_a_profile_holds_where_the_session_says_nothing() -> None:
    """Its agent and its locale stay; of the session come only the headers of the browser's own."""
    profile = replace(TRUSTING, locale="en-GB", user_agent="Agent/1")
    plain = context_options(profile, Route())
    assert context_options(profile, Route(), session_with({"authorization": "hush"})) == plain
    agent = context_options(profile, Route(), session_with({"user-agent": "Agent/2"}))
    assert agent == {**plain, "user_agent": "Agent/2"}
    hints = context_options(profile, Route(), session_with({"sec-ch-ua-mobile": "?0", "sec-ch-ua-arch": '"x86"'}))
    assert hints == {**plain, "extra_http_headers": {"sec-ch-ua-mobile": "?0"}}
