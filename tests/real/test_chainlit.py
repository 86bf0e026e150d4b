"""The provider `chainlit` against the real Chainlit: login at its own page, chat, and a recording."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Playwright

from tests.cli.conftest import Toolkit
from tests.real.login_by_hand import log_in_by_hand
from tests.real.record import record, sign_in
from tests.real.server import chainlit, free_port, streamlit
from tests.record_demos import PROMPT
from tests.sites.asking import until
from toolkit.chats.events import Status
from toolkit.client.client import Client
from toolkit.errors import EmptyAnswer, LoginRequired, SiteError, StreamInterrupted, UnknownModel
from toolkit.session.browser_session import BrowserSession


@pytest.fixture(scope="module")
async def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("chainlit")


@pytest.fixture(scope="module")
async def origin(folder: Path) -> AsyncIterator[str]:
    """The app, which wants a login."""
    async with chainlit(folder, free_port()) as running:
        yield running


@asynccontextmanager
async def talking_to(origin: str, session: BrowserSession | None = None) -> AsyncIterator[Client]:
    """A client with a session as a browser has left it, made without one."""
    session = session or await sign_in("chainlit", origin)
    async with Client("chainlit", base_url=origin, session=session) as client:
        yield client


async def test_a_person_logs_in(toolkit: Toolkit, driver: Playwright, display: str, origin: str) -> None:
    """User and password are typed into the app's own page, in a real window; then no browser is needed."""
    chat = ("chat", "chainlit", "Hi", "--base-url", origin)
    result = await toolkit.run(*chat)
    assert (result.code, result.out) == (3, "")
    assert f"`toolkit login chainlit --base-url {origin}`" in result.err
    cookies = await log_in_by_hand(toolkit, driver, display, "chainlit", origin, "#email")
    assert "access_token" in cookies
    result = await toolkit.run(*chat, env=toolkit.without_browser())
    assert (result.code, result.out) == (0, "🌍 to Hi\n"), result.err


async def test_the_app_is_asked(origin: str) -> None:
    """In words or at once, by its profiles; by two at a time; what it does meanwhile is told; it had begun the chat."""
    async with talking_to(origin) as client:
        assert await client.models() == ("In words", "Quick")
        both = await asyncio.gather(client.chat("a b").text(), client.chat("c", model="Quick").text())
        assert list(both) == ["🌍 to a b", "🌍 to c"]
        assert len([piece async for piece in client.chat("a b c")]) == 5
        events = [event async for event in client.chat("look up").events()]
        assert [one for one in events if isinstance(one, Status)] == [Status("Search"), Status("Search", done=True)]
        with pytest.raises(UnknownModel, match="it has In words, Quick"):
            await client.chat("Hi", model="Slow").text()


async def test_failures_of_the_app(origin: str) -> None:
    """An exception, a question of its own, nothing at all; a session that is none."""
    async with talking_to(origin) as client:
        with pytest.raises(SiteError, match=r"The site reported: The model is asleep\."):
            await client.chat("fail").text()
        with pytest.raises(SiteError, match="The app asks back") as caught:
            await client.chat("ask").text()
        assert caught.value.text == "Which city?"
        with pytest.raises(EmptyAnswer):
            await client.chat("nothing").text()
    bad = BrowserSession.from_cookie_values("chainlit", origin, {"access_token": "x.y.z"})
    async with talking_to(origin, bad) as client:
        with pytest.raises(LoginRequired):
            await client.chat("Hi").text()


async def test_a_reader_who_leaves_stops_the_app(origin: str, folder: Path) -> None:
    """The app is told, and works on for nobody."""
    async with talking_to(origin) as client:
        async with client.chat("endless") as stream:
            assert await anext(stream) == "🌍"
        await until((folder / "stopped").exists)


async def test_a_server_that_ends_in_mid_answer(tmp_path: Path) -> None:
    """What had come is kept, and it is no whole answer."""
    async with chainlit(tmp_path, free_port()) as origin:
        session = await sign_in("chainlit", origin)
        client = Client("chainlit", base_url=origin, session=session, retries=0)
        stream = client.chat("endless")
        assert await anext(stream) == "🌍"
    with pytest.raises(StreamInterrupted) as caught:
        await stream.text()
    assert caught.value.text.startswith("🌍")
    await client.aclose()


@pytest.mark.parametrize("provider", ["chainlit", "streamlit"])
async def test_a_recording_plays_without_the_server(toolkit: Toolkit, tmp_path: Path, provider: str) -> None:
    """What `toolkit record` makes of a call is played when the server is gone."""
    file = tmp_path / f"{provider}.har"
    running = chainlit if provider == "chainlit" else streamlit
    async with running(tmp_path, free_port()) as origin:
        await record(file, origin, provider)
    result = await toolkit.run("chat", provider, PROMPT, f"--replay={file}")
    assert (result.code, result.errors) == (0, [])
    assert result.out.startswith("Sunlight is every colour")


async def test_the_box_of_a_streamlit_app_is_asked(tmp_path: Path) -> None:
    """Also where its script begins again after the answer; an exception is told."""
    async with streamlit(tmp_path, free_port()) as origin:
        session = BrowserSession(provider="streamlit", origin=origin)
        async with Client("streamlit", base_url=origin, session=session) as client:
            for asked in ("Hi", "again"):
                assert (await client.chat(asked).text()).strip() == f"🌍 to {asked}"
            with pytest.raises(SiteError, match=r"ValueError: The model is asleep\."):
                await client.chat("fail").text()
            with pytest.raises(EmptyAnswer):
                await client.chat("nothing").text()
