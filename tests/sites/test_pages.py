"""A real browser on the stand-ins' pages: it logs in, chats, and keeps every cookie to its own host."""

from __future__ import annotations

import json

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.conftest import OpenContext
from tests.sites import openwebui as open_webui
from tests.sites.aichatonline import AiChatOnlineSite
from tests.sites.aura import AuraSite
from tests.sites.base import PIECES, Site
from tests.sites.codelinkava import CodeLinkAvaSite
from tests.sites.nextauth import PASSWORD, USER
from tests.sites.openassistant import OpenAssistantSite
from tests.sites.openwebui import OpenWebUISite
from tests.sites.serving import serve
from toolkit.replay.local_network import LocalNetwork

TEXT = "".join(PIECES)


async def type_question(page: Page, text: str = "Hello, 世界!") -> str:
    """Ask in the page as a person does; returns the answer that it shows."""
    await page.fill("textarea", text)
    await page.press("textarea", "Enter")
    return await page.locator("p.answer").text_content() or ""


async def sign_in(page: Page, origin: str, password: str = PASSWORD) -> None:
    await page.goto(f"{origin}/chat")
    await page.fill("input[name=username]", USER)
    await page.fill("input[name=password]", password)
    await page.click("button[type=submit]")


async def cookie_names(context: BrowserContext) -> set[str]:
    return {cookie["name"] for cookie in await context.cookies() if "name" in cookie}


async def test_the_login_form_leads_to_the_chat_with_the_session_cookie(open_context: OpenContext) -> None:
    """On http, the chat page sends a visitor to the form; user and password give a lasting HttpOnly cookie."""
    site = OpenAssistantSite()
    async with serve(site.app(), "localhost") as origin:
        context = await open_context(None)
        page = await context.new_page()
        await sign_in(page, origin)
        await expect(page.locator("#signed-in-as")).to_have_text(f"Signed in as {USER}")
        assert page.url == f"{origin}/chat"
        cookies = {cookie.get("name"): cookie for cookie in await context.cookies()}
        assert set(cookies) == {
            "next-auth.session-token",
            "next-auth.csrf-token",
            "next-auth.callback-url",
        }
        token = cookies["next-auth.session-token"]
        assert (token.get("httpOnly"), token.get("secure"), token.get("sameSite")) == (True, False, "Lax")
        assert token.get("expires", 0) > 0
        assert await type_question(page) == TEXT
    assert site.problems == []
    sessions = site.calls("/api/auth/session")
    assert len(site.login.tokens) == 1 + len(sessions)  # each look at the session gives a new one


async def test_a_wrong_password_leaves_the_visitor_at_the_form(open_context: OpenContext) -> None:
    """The form comes again, says so, and gives no session."""
    site = OpenAssistantSite()
    async with serve(site.app(), "localhost") as origin:
        context = await open_context(None)
        page = await context.new_page()
        await sign_in(page, origin, "wrong")
        await expect(page.locator("#error")).to_contain_text("Sign in failed")
        assert "next-auth.session-token" not in await cookie_names(context)


@pytest.mark.parametrize("length", [540, 6000])
async def test_under_its_real_name_the_login_has_secure_cookies(open_context: OpenContext, length: int) -> None:
    """On https the cookies have the __Secure- and __Host- names; a long token is split and put together again."""
    site = OpenAssistantSite()
    site.login.token_length = length
    async with LocalNetwork(apps=site.hosts()) as network:
        context = await open_context(network)
        page = await context.new_page()
        await sign_in(page, "https://open-assistant.io")
        await expect(page.locator("#signed-in-as")).to_be_visible()
        session = "__Secure-next-auth.session-token"
        parts = {session} if length < 4000 else {f"{session}.0", f"{session}.1"}
        others = {"__Host-next-auth.csrf-token", "__Secure-next-auth.callback-url"}
        assert await cookie_names(context) == parts | others
        assert await type_question(page) == TEXT
    assert site.problems == []


async def test_aura_keeps_its_conversation_in_local_storage_and_sets_no_cookie(open_context: OpenContext) -> None:
    """Loading asks for the models; an answer that has streamed leaves two keys behind."""
    site = AuraSite()
    async with LocalNetwork(apps=site.hosts()) as network:
        context = await open_context(network)
        page = await context.new_page()
        await page.goto("https://openchat.team/")
        await page.wait_for_selector("textarea")
        assert [seen.method for seen in site.calls("/api/models")] == ["POST"]
        assert await type_question(page) == TEXT
        await page.wait_for_function("localStorage.conversationHistory")
        kept = json.loads(await page.evaluate("localStorage.selectedConversation"))
        assert kept["messages"][-1] == {"role": "assistant", "content": TEXT}
        assert await cookie_names(context) == set()
    assert site.problems == []


@pytest.mark.parametrize("kind", [CodeLinkAvaSite, AiChatOnlineSite])
async def test_a_page_calls_the_api_of_another_site_without_its_cookies(
    open_context: OpenContext, kind: type[CodeLinkAvaSite] | type[AiChatOnlineSite]
) -> None:
    """Across sites the browser asks first, sends Origin and no cookie, and may read the answer."""
    site: Site = kind()
    page_host, api_host = site.public_hosts
    async with LocalNetwork(apps=site.hosts()) as network:
        context = await open_context(network)
        page = await context.new_page()
        await page.goto(f"https://{page_host}/")
        assert await type_question(page) == TEXT
        assert len(await cookie_names(context)) >= 2
    calls = [seen for seen in site.requests if seen.url.startswith(f"https://{api_host}/")]
    assert "OPTIONS" in [seen.method for seen in calls]
    assert {seen.cookie for seen in calls} == {None}
    assert {seen.headers["Origin"] for seen in calls} == {f"https://{page_host}"}
    assert site.problems == []


@pytest.mark.parametrize("kind", [CodeLinkAvaSite, AiChatOnlineSite])
async def test_a_deployment_at_one_origin_serves_the_same_page(
    open_context: OpenContext, kind: type[CodeLinkAvaSite] | type[AiChatOnlineSite]
) -> None:
    """With everything on one port of loopback, the page talks to that port."""
    site = kind()
    async with serve(site.app(), "localhost") as origin:
        page = await (await open_context(None)).new_page()
        await page.goto(f"{origin}/")
        assert await type_question(page) == TEXT
    assert site.problems == []


async def test_open_webui_keeps_its_login_in_two_places(open_context: OpenContext) -> None:
    """The form gives an HttpOnly cookie and a key of the local storage, which the page sends as a bearer; a wrong
    password is told."""
    site = OpenWebUISite()
    async with serve(site.app(), "localhost") as origin:
        context = await open_context(None)
        page = await context.new_page()
        await page.goto(f"{origin}/")
        await page.wait_for_url(f"{origin}/auth*")
        await page.fill("#email", open_webui.EMAIL)
        await page.fill("#password", "wrong")
        await page.click("button[type=submit]")
        await expect(page.locator("#error")).to_contain_text("incorrect")
        await page.fill("#password", open_webui.PASSWORD)
        await page.click("button[type=submit]")
        await expect(page.locator("#signed-in-as")).to_have_text("Signed in as Ada")
        assert await type_question(page) == TEXT
        (cookie,) = await context.cookies()
        assert (cookie.get("name"), cookie.get("httpOnly")) == ("token", True)
        assert await page.evaluate("localStorage.token") == cookie.get("value")
        (chat,) = site.calls("/api/chat/completions")
        assert chat.headers["Authorization"] == f"Bearer {cookie.get('value')}"
    assert site.problems == []


@pytest.mark.parametrize(
    "site", [AuraSite(), CodeLinkAvaSite(), AiChatOnlineSite(), OpenAssistantSite(), OpenWebUISite()]
)
async def test_applications_are_new_each_time(site: Site) -> None:
    """One site can be mounted several times; its hosts are the real names."""
    assert set(site.hosts()) == set(site.public_hosts)
    assert site.app() is not site.app()
