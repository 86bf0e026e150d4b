"""Open WebUI: a login that a page keeps in two places, and what its server says of it."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from msgspec.structs import replace
from playwright.async_api import Page

from tests.conftest import OpenContext
from tests.providers.conftest import Chatting, session_for
from tests.sites.base import PIECES, Refusal
from tests.sites.openwebui import EMAIL, LIFE, PASSWORD, OpenWebUISite
from tests.sites.serving import serve
from toolkit.client.client import Client
from toolkit.client.imported_session_validation import validate_session
from toolkit.client.session_health import Health
from toolkit.errors import (
    AccountPending,
    BadRequest,
    LoginRequired,
    ProtocolError,
    ServiceUnavailable,
    SessionError,
    SessionExpired,
    SiteError,
    StreamInterrupted,
    UnknownModel,
)
from toolkit.providers import OpenWebUI
from toolkit.session.browser_session import BrowserSession
from toolkit.session.formats.parsed_session import ParsedSession
from toolkit.session.token_expiry import jwt_expiry
from toolkit.session.tokens import sync_token
from toolkit.stores.memory import MemoryStore

TEXT = "".join(PIECES)
CHAT, MODELS, WHO = "/api/chat/completions", "/api/models", "/api/v1/auths/"
OLD = "eyJhbGciOiJIUzI1NiJ9.e30.an-old-one"


async def sign_in(page: Page, origin: str) -> None:
    """Log in at the page's form, as a person would."""
    await page.goto(f"{origin}/")
    await page.fill("#email", EMAIL)
    await page.fill("#password", PASSWORD)
    await page.click("button[type=submit]")
    await page.wait_for_selector("#signed-in-as")


@asynccontextmanager
async def visiting(site: OpenWebUISite, open_context: OpenContext) -> AsyncIterator[Client]:
    """A client whose browser is signed in."""
    async with serve(site.app()) as origin:
        context = await open_context(None)
        page = await context.new_page()
        await sign_in(page, origin + site.prefix)
        await page.close()
        async with Client("openwebui", base_url=origin + site.prefix, context=context) as client:
            yield client
    assert site.problems == []


@pytest.mark.parametrize("prefix", ["", "/tools/chat"])
async def test_the_login_of_a_browser_makes_the_calls(prefix: str, open_context: OpenContext) -> None:
    """Cookie and local storage go into the session, which lasts as long as the token; the models are the site's, the
    first is asked where none is named, once. So too for a deployment under a path."""
    site = OpenWebUISite()
    site.prefix = prefix
    async with visiting(site, open_context) as client:
        session = await client.session()
        assert [cookie.name for cookie in session.cookies] == ["token"]
        assert "authorization" not in session.headers
        assert session.expires_at is not None
        assert abs(session.expires_at - time.time() - LIFE) < 600
        visits = len(site.requests)
        assert await client.models() == site.models
        assert await client.chat("Hi").text() == TEXT
        assert await client.chat("Hi", model="mistral-small", temperature=0.5, top_k=3).text() == TEXT
    calls = site.requests[visits:]
    assert [call.path.removeprefix(prefix) for call in calls] == [MODELS, CHAT, CHAT]
    assert calls[1].body == {
        "model": "llama3.1:8b", "stream": True, "messages": [{"role": "user", "content": "Hi"}],
        "stream_options": {"include_usage": True},
    }  # fmt: skip
    assert calls[2].body.items() >= {"model": "mistral-small", "temperature": 0.5, "top_k": 3}.items()
    assert all(call.cookie is not None and "Authorization" not in call.headers for call in calls)


async def test_a_login_without_the_cookie_is_one_too(open_context: OpenContext) -> None:
    """Where the cookie cannot be kept, the token of the local storage is noticed, sent as a bearer, and tells its
    end."""
    site = OpenWebUISite()
    site.sets_cookie = False
    async with visiting(site, open_context) as client:
        session = await client.session()
        assert session.cookies == ()
        assert session.expires_at is not None
        assert await client.chat("Hi").text() == TEXT
        assert (await client.check()).identity == EMAIL
    call = site.calls(CHAT)[0]
    assert call.cookie is None
    assert call.headers["Authorization"].removeprefix("Bearer ") in site.tokens


async def test_an_old_token_is_not_sent_beside_the_cookie(chatting: Chatting) -> None:
    """The site looks at the bearer first, and refuses a bad one though the cookie is good."""
    site = OpenWebUISite()
    session = session_for("openwebui", site)
    session = replace(session, local_storage={session.origin: {"token": OLD}})
    async with chatting("openwebui", site, session=session) as client:
        assert await client.chat("Hi", model="mistral-small").text() == TEXT
        assert (await client.check()).identity == EMAIL
    assert all("Authorization" not in seen.headers for seen in site.requests)


@asynccontextmanager
async def signed_in(site: OpenWebUISite, open_context: OpenContext, **storage: str) -> AsyncIterator[Client]:
    """A client of `site` with a browser for renewals, and a stored session: a good cookie, and `storage`."""
    context, store = await open_context(None), MemoryStore()
    assert context.browser is not None
    async with (
        serve(site.app()) as origin,
        Client("openwebui", base_url=origin, browser=context.browser, store=store) as client,
    ):
        session = BrowserSession.from_cookie_values("openwebui", origin, {"token": site.new_token()})
        await store.save(client.key, replace(session, local_storage={origin: storage} if storage else {}))
        yield client


async def test_the_page_finds_the_token_that_the_cookie_has_become(open_context: OpenContext) -> None:
    """A visit that renews puts the cookie's token where the page looks for it, or the page would ask for a login."""
    site = OpenWebUISite()
    async with signed_in(site, open_context, token=OLD) as client:
        renewed = await client.refresh()
        assert renewed.identity == EMAIL
        assert await client.chat("Hi").text() == TEXT
    assert site.problems == []


def test_only_what_the_page_keeps_is_brought_into_step() -> None:
    """Another key stays; without a cookie all does."""
    session = BrowserSession.from_cookie_values("openwebui", "https://a.example", {"token": "new"})
    session = replace(session, local_storage={"https://a.example": {"token": OLD, "theme": "dark"}})
    stepped = sync_token(session, OpenWebUI.harvest)
    assert stepped.local_storage == {"https://a.example": {"token": "new", "theme": "dark"}}
    bare = replace(session, cookies=())
    assert sync_token(bare, OpenWebUI.harvest) is bare


def test_a_session_from_elsewhere_needs_one_of_both() -> None:
    """The cookie or the token, as a file or a secret may have it; the end is that of the one that counts."""
    provider, site = OpenWebUI("https://a.example"), OpenWebUISite()
    cookie, token = site.new_token(1000), site.new_token(2000)
    both = BrowserSession.from_cookie_values("openwebui", "https://a.example", {"token": cookie})
    both = replace(both, local_storage={"https://a.example": {"token": token}})
    for session, ends in (
        (both, cookie),
        (replace(both, local_storage={}), cookie),
        (replace(both, cookies=()), token),
    ):
        validated = validate_session(ParsedSession(session), provider, "x", now=time.time())
        assert validated.session.expires_at == jwt_expiry(ends)
    with pytest.raises(SessionError, match=r"no login of https://a\.example"):
        validate_session(ParsedSession(replace(both, cookies=(), local_storage={})), provider, "x", now=time.time())


@pytest.mark.parametrize("sliding", [True, False])
async def test_a_probe_renews_the_session(sliding: bool, chatting: Chatting) -> None:
    """The site sets the cookie anew when it is asked who is signed in, with a new token or the same one."""
    site = OpenWebUISite()
    site.sliding = sliding
    session = session_for("openwebui", site)
    store = MemoryStore()
    async with chatting("openwebui", site, session=None, store=store) as client:
        await store.save(client.key, replace(session, harvested_at=time.time()))
        health = await client.check()
        assert health == Health(identity=EMAIL, expires_at=health.expires_at)
        kept = await store.load(client.key)
        assert kept is not None
        assert (kept.cookies[0].value != session.cookies[0].value) is sliding
        assert kept.cookies[0].value in site.tokens
        assert kept.expires_at is not None
        assert kept.expires_at <= (jwt_expiry(kept.cookies[0].value) or 0)
        assert await client.chat("Hi").text() == TEXT


async def test_an_expired_session_wants_a_login(open_context: OpenContext) -> None:
    """A browser tries to renew it, once, and finds the form."""
    site = OpenWebUISite()
    async with signed_in(site, open_context) as client:
        site.expire()
        with pytest.raises(SessionExpired, match="toolkit login openwebui --base-url http"):
            await client.chat("Hi", model="mistral-small").text()
        with pytest.raises(LoginRequired, match="401 Unauthorized"):
            await client.check()
    assert len(site.calls(CHAT)) == 1


async def test_an_account_that_waits_is_told_so(open_context: OpenContext) -> None:
    """Its login is kept, and no browser is opened to renew it: whoever runs the site has to act."""
    site = OpenWebUISite()
    site.role = "pending"
    async with visiting(site, open_context) as client:
        await client.session()
        health = await client.check()
        assert (health.state, health.identity) == ("pending", EMAIL)
        visits = len(site.calls("/"))
        for ask in (client.chat("Hi", model="mistral-small").text, client.chat("Hi").text, client.models):
            with pytest.raises(AccountPending, match="A new login does not help") as caught:
                await ask()
            assert isinstance(caught.value, SessionError)
            assert not isinstance(caught.value, LoginRequired)
        assert len(site.calls("/")) == visits
        site.role = "user"
        assert (await client.check()).state == "ok"
        assert await client.chat("Hi").text() == TEXT


@pytest.mark.parametrize("error", [{"message": "overloaded"}, {"detail": "overloaded"}, "overloaded"])
async def test_a_failure_behind_the_site_is_raised(error: Any, chatting: Chatting) -> None:
    """Though the stream ends as if all were well."""
    site = OpenWebUISite()
    site.error = error
    async with chatting("openwebui", site) as client:
        with pytest.raises(SiteError, match=r"The site reported: overloaded \("):
            await client.chat("Hi").text()


async def test_the_end_has_to_be_told(chatting: Chatting) -> None:
    """By a reason or by `[DONE]`: a stream with neither was interrupted."""
    site = OpenWebUISite()
    site.done = False
    async with chatting("openwebui", site) as client:
        assert await client.chat("Hi").text() == TEXT
        site.finish = None
        with pytest.raises(StreamInterrupted) as caught:
            await client.chat("Hi").text()
        site.done = True
        assert await client.chat("Hi").text() == TEXT
    assert caught.value.text == TEXT


async def test_a_page_in_place_of_an_answer_is_not_an_expired_session(chatting: Chatting) -> None:
    """The site answers every path with its page, so the address may be wrong; a page that asks for a login, of a proxy
    in front of it, is what it looks like."""
    site = OpenWebUISite()
    async with chatting("openwebui", site) as client:
        base_url = f"{client.provider.site}/no/such/path"
    async with chatting("openwebui", site, base_url=base_url) as client:
        for ask in (client.models, client.check):
            with pytest.raises(ProtocolError, match="`base_url` is where the page of the site opens"):
                await ask()
        with pytest.raises(BadRequest, match="`base_url` is where the page of the site opens"):
            await client.chat("Hi", model="mistral-small").text()
    site.refusals[MODELS] = Refusal(200, "<form><input type=password></form>", content_type="text/html")
    async with chatting("openwebui", site) as client:
        with pytest.raises(SessionExpired):
            await client.models()


@pytest.mark.parametrize("status", [400, 403])
async def test_a_name_that_the_list_lacks_is_for_the_site_to_judge(chatting: Chatting, status: int) -> None:
    """It goes out as it is, and the list is not asked for; who lists them is told, for this site."""
    site = OpenWebUISite()
    if status == 403:  # the model is there, and not for everybody
        site.refusals[CHAT] = Refusal(403, '{"detail": "Model not found"}')
    async with chatting("openwebui", site) as client:
        with pytest.raises(UnknownModel, match="Model not found") as caught:
            await client.chat("Hi", model="no-such-model").text()
        command = f"`toolkit models openwebui --base-url {client.provider.site} --refresh`"
        assert caught.value.hint == f"{command} lists what there is, as `client.models` does."
    assert isinstance(caught.value, BadRequest)
    assert [seen.path for seen in site.requests] == [CHAT]


def behind(status: int, message: str, code: str) -> Refusal:
    """What a server behind the site refuses with, as the site passes it on."""
    body = json.dumps({"error": {"message": message, "code": code}}, separators=(",", ":"))
    return Refusal(status, body, content_type="application/json")


async def test_a_refusal_of_the_server_behind_is_no_reason_to_log_in(chatting: Chatting) -> None:
    """The site passes it on as it is, and its own key there is no visitor's matter; its own refusals look different."""
    site = OpenWebUISite()
    async with chatting("openwebui", site) as client:
        site.refusals[CHAT] = behind(401, "Incorrect API key provided", "invalid_api_key")
        with pytest.raises(ServiceUnavailable, match="Incorrect API key provided") as caught:
            await client.chat("Hi", model="mistral-small").text()
        site.refusals[CHAT] = Refusal(401, '{"detail":"401 Unauthorized"}', content_type="application/json")
        with pytest.raises(LoginRequired):
            await client.chat("Hi", model="mistral-small").text()
    assert caught.value.hint is not None
    assert "tell its operator" in caught.value.hint


async def test_a_model_that_the_server_behind_has_no_more_is_unknown(chatting: Chatting) -> None:
    """As one that the site itself does not have is."""
    site = OpenWebUISite()
    site.refusals[CHAT] = behind(404, "The model `x` does not exist", "model_not_found")
    async with chatting("openwebui", site) as client:
        with pytest.raises(UnknownModel, match="does not exist"):
            await client.chat("Hi", model="mistral-small").text()
