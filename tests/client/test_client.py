"""The client: where its session comes from, what it keeps, and both forms of a call."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import msgspec
import pytest

from tests.providers.conftest import PATIENT, session_for
from tests.sites.aura import AuraSite
from tests.sites.base import Refusal
from tests.sites.openassistant import OpenAssistantSite
from toolkit import Aura, CodeLinkAva, OpenAssistant
from toolkit.chats.events import Finished, Text
from toolkit.client.client import Client
from toolkit.errors import (
    ContextTypeError,
    LoginRequired,
    StreamInterrupted,
    StreamTimeout,
    ToolkitError,
    UnknownProvider,
    UsageError,
)
from toolkit.replay.local_network import LocalNetwork
from toolkit.session.browser_session import BrowserSession
from toolkit.stores.base import Key
from toolkit.stores.memory import MemoryStore

KEY = Key("openassistant", "https://open-assistant.io")
TOKEN = "__Secure-next-auth.session-token"


async def test_a_call_can_be_iterated_at_once() -> None:
    """`async for chunk in Aura.create_async_generator(...)`."""
    site = AuraSite()
    async with LocalNetwork(apps=site.hosts()) as network:
        messages = [{"role": "user", "content": "Hi"}]
        call: dict[str, Any] = {"session": session_for("aura", site), "route": network.route}
        pieces = [piece async for piece in Aura.create_async_generator(model="openchat_3.6", messages=messages, **call)]
    assert all(isinstance(piece, str) for piece in pieces)
    assert "".join(pieces) == "".join(site.answer)


async def test_a_call_can_be_awaited_first() -> None:
    """`generator = await OpenAssistant.create_async_generator(...)`, then `async for`."""
    site = OpenAssistantSite()
    async with LocalNetwork(apps=site.hosts()) as network:
        cookies = {TOKEN: site.login.new_token()}
        generator = await OpenAssistant.create_async_generator("", "Hi", cookies=cookies, route=network.route)
        assert "".join([piece async for piece in generator]) == "".join(site.answer)
    assert site.open_chats == set()
    assert site.problems == []


async def test_awaiting_shows_the_errors_of_the_call() -> None:
    """`await` opens the stream: a refusal is raised there, not at the first piece."""
    site = AuraSite()
    site.fail("no")
    async with LocalNetwork(apps=site.hosts()) as network:
        with pytest.raises(ToolkitError, match="500: no"):
            await Aura.create_async_generator(None, "Hi", session=session_for("aura", site), route=network.route)


async def test_the_parts_of_a_stream() -> None:
    """Awaited twice, it is still itself; events and text go on where reading stopped; closing one
    that is not read to its end breaks it off."""
    site = OpenAssistantSite()
    async with (
        LocalNetwork(apps=site.hosts()) as network,
        Client("openassistant", session=session_for("openassistant", site), route=network.route) as client,
    ):
        stream = client.chat("Hi")
        assert await stream is await stream is stream
        assert await anext(stream) == site.answer[0]
        rest = [event async for event in stream.events()]
        assert rest[-1] == Finished("stop")
        assert "".join(event.text for event in rest if isinstance(event, Text)) == "".join(site.answer[1:])
        assert stream.finish_reason == "stop"
        assert await stream.text() == ""
        await stream.aclose()
        closed = client.chat("Hi")
        await closed.aclose()
        with pytest.raises(StreamInterrupted, match="closed before its end"):
            await closed.text()
    assert len(site.calls("/api/chat/events")) == 1


async def test_a_stored_session_needs_no_browser() -> None:
    """It is loaded by provider, deployment and account; a browser of a profile that cannot start is never tried."""
    site = OpenAssistantSite()
    store = MemoryStore()
    await store.save(KEY, session_for("openassistant", site))
    async with LocalNetwork(apps=site.hosts()) as network:
        async with Client("openassistant", store=store, route=network.route, profile="no such profile") as client:
            assert await client.chat("Hi").text() == "".join(site.answer)
        async with Client(
            "openassistant", store=store, account="work", route=network.route, profile="no such profile"
        ) as client:
            with pytest.raises(ToolkitError, match="no such profile"):
                await client.chat("Hi").text()


async def test_what_the_site_sets_is_kept() -> None:
    """A cookie that an answer renews replaces the stored one."""
    site = OpenAssistantSite()
    store = MemoryStore()
    await store.save(KEY, session_for("openassistant", site))
    site.refusals["/api/chat/prompter_message"] = Refusal(
        200, '{"id": "1"}', headers={"Set-Cookie": f"{TOKEN}=renewed; Path=/; Secure; HttpOnly; SameSite=Lax"}
    )
    site.refusals["/api/chat/assistant_message"] = Refusal(400, "no")
    async with (
        LocalNetwork(apps=site.hosts()) as network,
        Client("openassistant", store=store, route=network.route) as client,
    ):
        with pytest.raises(ToolkitError):
            await client.chat("Hi").text()
    stored = await store.load(KEY)
    assert stored is not None
    assert [cookie.value for cookie in stored.cookies] == ["renewed"]


@pytest.mark.parametrize(
    "refusal",
    [
        Refusal(403, "", headers={"Set-Cookie": f"{TOKEN}=; Path=/; Secure; Max-Age=0"}),
        Refusal(500, "oops", headers={"Set-Cookie": f"{TOKEN}=; Path=/; Secure; Max-Age=0"}),
        Refusal(403, "", headers={"Set-Cookie": f"{TOKEN}=nobody; Path=/; Secure", "cf-mitigated": "challenge"}),
        Refusal(200, "<p>Log in", "text/html", headers={"Set-Cookie": f"{TOKEN}=nobody; Path=/; Secure"}),
        Refusal(307, "", headers={"Set-Cookie": f"{TOKEN}=; Path=/; Max-Age=0; Secure", "Location": "/auth/signin"}),
    ],
)  # fmt: skip
async def test_what_a_refusal_sets_is_not_kept(refusal: Refusal) -> None:
    """A site that refuses a call takes the cookies away, or gives those of nobody; the stored ones stay."""
    site, store = OpenAssistantSite(), MemoryStore()
    session = session_for("openassistant", site)
    await store.save(KEY, session)
    site.refusals["/api/chat/prompter_message"] = refusal
    async with (
        LocalNetwork(apps=site.hosts()) as network,
        Client("openassistant", store=store, route=network.route, profile="none") as client,
    ):
        with pytest.raises(ToolkitError):
            await client.chat("Hi").text()
    stored = await store.load(KEY)
    assert stored is not None
    assert stored.cookies == session.cookies


async def test_a_refused_session_is_renewed_whatever_else_was_set() -> None:
    """A load balancer's cookie that changes with each answer makes no other session of one that is refused: the browser
    is asked for a new one."""
    site, store = OpenAssistantSite(), MemoryStore()
    await store.save(KEY, session_for("openassistant", site))
    site.refusals["/api/chat/prompter_message"] = Refusal(200, '{"id": "1"}', headers={"Set-Cookie": "lb=7; Path=/"})
    site.refusals["/api/chat/assistant_message"] = Refusal(403, "")
    async with (
        LocalNetwork(apps=site.hosts()) as network,
        Client("openassistant", store=store, route=network.route, profile="no such profile") as client,
    ):
        with pytest.raises(ToolkitError, match="no such profile"):
            await client.chat("Hi").text()


async def test_an_expired_session_is_not_used() -> None:
    """What is past its expiry is not even tried."""
    site = OpenAssistantSite()
    store = MemoryStore()
    session = msgspec.structs.replace(session_for("openassistant", site), expires_at=time.time() - 1)
    await store.save(KEY, session)
    async with (
        LocalNetwork(apps=site.hosts()) as network,
        Client("openassistant", store=store, route=network.route, profile="no such profile") as client,
    ):
        with pytest.raises(ToolkitError, match="no such profile"):
            await client.chat("Hi").text()
    assert site.requests == []


async def test_a_given_session_is_never_replaced() -> None:
    """A session that the caller handed in and that is refused is a login needed, not a reason to open a browser."""
    site = OpenAssistantSite()
    session = session_for("openassistant", site)
    site.login.expire()
    async with (
        LocalNetwork(apps=site.hosts()) as network,
        Client("openassistant", session=session, route=network.route, profile="no such profile") as client,
    ):
        with pytest.raises(LoginRequired):
            await client.chat("Hi").text()


async def test_the_queue_counts_as_waiting_for_the_first_piece() -> None:
    """A site that only says that one waits runs into `first_piece`, however often it says so."""
    site = OpenAssistantSite()
    site.idle_models = {"OA_SFT_Llama_30B_6"}
    site.script.pending_seconds = 0.01
    session, deadlines = session_for("openassistant", site), msgspec.structs.replace(PATIENT, first_piece=0.6)
    async with (
        LocalNetwork(apps=site.hosts()) as network,
        Client("openassistant", session=session, route=network.route, deadlines=deadlines) as client,
    ):
        with pytest.raises(StreamTimeout, match="deadline `first_piece`") as caught:
            await client.chat("Hi").text()
    assert caught.value.text == ""
    assert site.open_chats == set()


async def test_time_of_the_reader_is_not_the_sites() -> None:
    """A reader may take longer than any deadline between two pieces."""
    site = AuraSite()
    site.hold_after = 1
    deadlines = msgspec.structs.replace(PATIENT, between_pieces=1)
    async with (
        LocalNetwork(apps=site.hosts()) as network,
        Client("aura", session=session_for("aura", site), route=network.route, deadlines=deadlines) as client,
        client.chat("Hi") as stream,
    ):
        await anext(stream)
        site.hold_after = None
        await asyncio.sleep(1.5)  # the reader's own time, which is what is tested
        assert await stream.text() != ""


@pytest.mark.parametrize("thing", [object(), "driver", AuraSite])
@pytest.mark.parametrize("name", ["webdriver", "context"])
async def test_only_a_playwright_context_is_taken(name: str, thing: Any) -> None:
    """Anything else, a Selenium driver for one, is refused at the call with a TypeError that says so."""
    with pytest.raises(ContextTypeError, match="A Playwright BrowserContext is needed") as caught:
        Aura.create_async_generator("", "Hi", **{name: thing})
    assert isinstance(caught.value, TypeError)


def test_bad_arguments_are_refused_at_the_call() -> None:
    """Before anything is opened or sent."""
    with pytest.raises(UnknownProvider, match=r"Did you mean aura\?"):
        Client("aurra")
    with pytest.raises(UsageError, match="no messages"):
        Aura.create_async_generator("", [])
    with pytest.raises(UsageError, match="base_url is not the address of a site"):
        Client("aura", base_url="chat.example.org")
    with pytest.raises(UsageError, match="not the URL of a proxy"):
        Client("aura", proxy="proxy:3128")
    with pytest.raises(UsageError, match="names to values"):
        OpenAssistant.create_async_generator("", "Hi", cookies={"a": 1})  # type: ignore[dict-item]


def test_the_contract_of_names() -> None:
    """The attributes that the providers are known by."""
    assert (Aura.url, Aura.working) == ("https://openchat.team", False)
    assert CodeLinkAva.url == "https://ava-ai-ef611.web.app"
    assert CodeLinkAva.supports_gpt_35_turbo is True
    assert OpenAssistant.url == "https://open-assistant.io/chat"
    assert OpenAssistant.needs_auth is True
    assert OpenAssistant.model == "OA_SFT_Llama_30B_6"


async def test_aichatonline_hands_out_its_token() -> None:
    """`grab_token(session, proxy)` takes a plain aiohttp session."""
    import aiohttp

    from tests.sites.aichatonline import AiChatOnlineSite
    from toolkit import AiChatOnline

    assert AiChatOnline.site_url == "https://aichatonline.org"
    assert AiChatOnline.url == "https://aichatonlineorg.erweima.ai"
    assert AiChatOnline.api_endpoint == "/aichatonline/api/chat/gpt"
    assert AiChatOnline.default_model == "gpt-4o-mini"
    site = AiChatOnlineSite()
    async with LocalNetwork(apps=site.hosts()) as network:
        options = network.session_options()
        proxy = options.pop("proxy")
        async with aiohttp.ClientSession(**options) as session:
            assert [await AiChatOnline.grab_token(session, proxy)] == site.issued


async def test_cookie_values_become_a_session() -> None:
    """Names and values alone: host-only, Secure where the site is."""
    session = BrowserSession.from_cookie_values("openassistant", "https://open-assistant.io", {"a": "planted"})
    (cookie,) = session.cookies
    assert (cookie.domain, cookie.host_only, cookie.secure) == ("open-assistant.io", True, True)
    assert "planted" not in repr(session) + repr(cookie)


@pytest.mark.parametrize("written", ["HTTPS://Chat.Example/a/", "https://chat.example:443/a", "https://chat.example/a"])
def test_one_deployment_has_one_address(written: str) -> None:
    """However it is written, so that its session is found again."""
    assert (
        Client("aura", base_url=written, session=session_for("aura", AuraSite())).key.origin == "https://chat.example/a"
    )


@pytest.mark.parametrize(
    "wrong", ["http://:pass@h", "http://u@h", "http://h?", "http://h#", "http://h/a\tb", "http://h:0"]
)
def test_what_is_no_address_of_a_site(wrong: str) -> None:
    """A password in it would be shown in messages and be part of the session's name."""
    with pytest.raises(UsageError, match="not the address of a site"):
        Client("aura", base_url=wrong)
