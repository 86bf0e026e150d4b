"""The main job, whole: a real Chromium visits each site under its real host name, and the calls are made without it.

Once against the stand-in sites, once from the recordings that ship with the package.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from playwright.async_api import Browser, BrowserContext, Playwright

from tests.conftest import absent
from tests.providers.conftest import DEPLOYMENTS, PATIENT, SITES
from tests.providers.test_open_webui import sign_in as sign_in_there
from tests.sites.base import PIECES, Seen, Site
from tests.sites.nextauth import DAYS, PASSWORD, USER
from tests.sites.openassistant import OpenAssistantSite
from tests.sites.openwebui import OpenWebUISite
from toolkit.browser.launch import launch
from toolkit.browser.profiles import Profile
from toolkit.client.client import Client
from toolkit.errors import BrowserMissing
from toolkit.providers.registry import find
from toolkit.recording.files import load
from toolkit.replay.local_network import LocalNetwork
from toolkit.session.browser_headers import is_browser_header
from toolkit.session.browser_session import BrowserSession, Cookie
from toolkit.stores.memory import MemoryStore

TEXT = "".join(PIECES)
QUESTION = "Hello, 世界!"
LASTING = 1.0  # stands for the time of expiry in what is expected


@asynccontextmanager
async def browser_in(network: LocalNetwork, driver: Playwright) -> AsyncIterator[Browser]:
    """A Chromium of its own that trusts `network` and nothing else of the kind."""
    try:
        browser = await launch(driver, Profile(), network.route)
    except BrowserMissing as error:
        absent(str(error))
    try:
        yield browser
    finally:
        await browser.close()


async def sign_in(context: BrowserContext) -> None:
    """Log in at Open Assistant's form, as a person would."""
    page = await context.new_page()
    await page.goto("https://open-assistant.io/chat")
    await page.fill("[name=username]", USER)
    await page.fill("[name=password]", PASSWORD)
    await page.click("button[type=submit]")
    await page.wait_for_selector("#signed-in-as")
    await page.close()


def cookie(name: str, domain: str, **attributes: Any) -> Cookie:
    return Cookie(name=name, value="", domain=domain, **attributes)


OA, AVA, AICHAT = "open-assistant.io", "ava-ai-ef611.web.app", "aichatonline.org"
OPEN_WEBUI = "chat.example.org"
LOGIN = {"http_only": True, "secure": True}
COOKIES = {
    "aura": [],
    "codelinkava": [
        cookie("ava_visit", AVA),
        cookie("__Host-ava_seen", AVA, http_only=True, secure=True, same_site="None"),
        cookie(
            "__Secure-ava_top",
            AVA,
            secure=True,
            same_site="None",
            partition_key=f"https://{AVA}",
            cross_site_ancestor=False,
        ),
        cookie("ava_domain", AVA, host_only=False),
        cookie("ava_tab", AVA),
    ],
    "aichatonline": [
        cookie("visitor", AICHAT, http_only=True),
        cookie("theme", AICHAT, secure=True, same_site="None", expires=LASTING),
    ],
    "openwebui": [cookie("token", OPEN_WEBUI, expires=LASTING, **LOGIN)],
    "openassistant": [
        cookie("__Host-next-auth.csrf-token", OA, **LOGIN),
        cookie("__Secure-next-auth.callback-url", OA, **LOGIN),
        cookie("__Secure-next-auth.session-token", OA, expires=LASTING, **LOGIN),
    ],
}
STORAGE: dict[str, Any] = {
    "aichatonline": {f"https://{AICHAT}": ["uniqueId"]},
    "openwebui": {f"https://{OPEN_WEBUI}": ["token"]},
}


def without_values(session: BrowserSession) -> list[Cookie]:
    """The session's cookies but for their values and the moment at which they end."""
    return [replace(one, value="", expires=one.expires and LASTING) for one in session.cookies]


def by_name(cookies: list[Cookie]) -> list[Cookie]:
    return sorted(cookies, key=lambda one: one.name)


def standing_headers(seen: Seen) -> dict[str, str]:
    return {name.lower(): value for name, value in seen.headers.items() if is_browser_header(name.lower())}


def values_of(session: BrowserSession) -> dict[str, str]:
    return {one.name: one.value for one in session.cookies}


@pytest.mark.parametrize("name", SITES)
async def test_harvest_and_chat_at_a_site(name: str, driver: Playwright) -> None:
    """Exactly what the browser has of the site goes into the session, and the call with it streams the answer; the
    browser itself asks nobody else for anything."""
    site = SITES[name]()
    began = time.time()
    async with LocalNetwork(apps=site.hosts()) as network, browser_in(network, driver) as browser:
        context = await browser.new_context(**network.context_options())
        if isinstance(site, OpenAssistantSite):
            await sign_in(context)
        if isinstance(site, OpenWebUISite):
            page = await context.new_page()
            await sign_in_there(page, DEPLOYMENTS[name])
            await page.close()
        async with Client(
            name, base_url=DEPLOYMENTS.get(name), context=context, route=network.route, deadlines=PATIENT
        ) as client:
            session = await client.session()
            visits = len(site.requests)
            chat = client.chat(QUESTION)
            assert "".join([piece async for piece in chat]) == TEXT
            assert chat.finish_reason == "stop"
        assert context.pages == []
    assert site.problems == []
    assert network.refused == []

    assert (session.provider, session.origin, session.proxy) == (
        name,
        find(name)(DEPLOYMENTS.get(name)).site,
        None,
    )
    assert by_name(without_values(session)) == by_name(COOKIES[name])
    assert {origin: list(items) for origin, items in session.local_storage.items()} == STORAGE.get(name, {})
    assert set(session.headers) >= {"user-agent", "accept-language", "sec-ch-ua"}
    assert all(standing_headers(seen) == session.headers for seen in site.requests)  # the browser's and ours alike
    assert len(site.requests) > visits
    assert began <= session.harvested_at <= time.time()
    check_own_values(site, session, began)


def check_own_values(site: Site, session: BrowserSession, began: float) -> None:
    """What only one of the sites has: the login's cookie, and when it ends."""
    if not isinstance(site, OpenAssistantSite):
        return
    token = values_of(session)["__Secure-next-auth.session-token"]
    assert site.login.tokens[token] == USER
    assert session.expires_at is not None
    assert abs(session.expires_at - began - DAYS * 24 * 3600) < 60
    assert site.open_chats == set()


@pytest.mark.parametrize("name", SITES)
async def test_harvest_and_chat_from_the_recording(name: str) -> None:
    """With a browser of a profile, which is gone again before the call, the shipped recording gives its own text, and
    every exchange of it fits."""
    recording = load(Path(str(files("toolkit") / "recording" / "demos" / f"{name}.har")))
    assert recording.chat is not None
    store = MemoryStore()
    async with LocalNetwork(recording=recording) as network:
        try:
            async with Client(
                name,
                base_url=DEPLOYMENTS.get(name),
                profile=Profile(),
                route=network.route,
                store=store,
                deadlines=PATIENT,
            ) as client:
                if name == "openwebui":  # whose page finds its login in the local storage only
                    assert network.session is not None
                    await store.save(client.key, network.session)
                session = await client.harvest()
                text = await client.chat(recording.chat.messages).text()
        except BrowserMissing as error:
            absent(str(error))
    assert text.startswith("Sunlight is every colour at once")
    assert text.endswith("the sky 🌍☀️.")
    assert network.misses == []
    assert network.refused == []
    signed_in = [one for one in COOKIES[name] if name != "openassistant" or "session-token" in one.name]
    assert {one.name for one in signed_in} <= set(values_of(session))
    assert set(session.headers) >= {"user-agent", "accept-language", "sec-ch-ua"}


async def test_the_call_is_the_one_that_the_page_makes(driver: Playwright) -> None:
    """Header for header, our call is the page's own fetch of the same endpoint."""
    site = SITES["aura"]()
    async with LocalNetwork(apps=site.hosts()) as network, browser_in(network, driver) as browser:
        context = await browser.new_context(**network.context_options())
        page = await context.new_page()
        await page.goto("https://openchat.team/")
        await page.fill("textarea", QUESTION)
        await page.press("textarea", "Enter")
        await page.wait_for_selector("p.answer")
        async with Client("aura", context=context, route=network.route, deadlines=PATIENT) as client:
            assert await client.chat(QUESTION).text() == TEXT
    theirs, ours = (
        {name.lower(): value for name, value in seen.headers.items() if name.lower() not in OF_THE_CONNECTION}
        for seen in site.calls("/api/chat")
    )
    assert ours == theirs
    assert network.refused == []


OF_THE_CONNECTION = ("accept-encoding", "connection", "content-length", "host")
