"""The provider `gradio` against the real Gradio: login at its own page, chat, a restart, and a recording."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Playwright

from tests.cli.conftest import Toolkit
from tests.real.login_by_hand import log_in_by_hand
from tests.real.record import record
from tests.real.server import free_port, gradio
from tests.record_demos import PROMPT
from tests.sites.asking import until
from toolkit.client.client import Client
from toolkit.errors import LoginRequired, SiteError, UsageError
from toolkit.session.browser_session import BrowserSession

CHAT = "[data-testid=textbox]"


@pytest.fixture(scope="module")
async def origin(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The app, which wants no login."""
    async with gradio(tmp_path_factory.mktemp("gradio"), free_port(), login=False) as running:
        yield running


@asynccontextmanager
async def talking_to(origin: str) -> AsyncIterator[Client]:
    """A client with a session as a browser has left it, made without one."""
    session = BrowserSession(provider="gradio", origin=origin, headers={"user-agent": "Mozilla/5.0 (test)"})
    async with Client("gradio", base_url=origin, session=session) as client:
        yield client


async def test_a_person_logs_in_and_the_server_starts_anew(
    toolkit: Toolkit, driver: Playwright, display: str, tmp_path: Path
) -> None:
    """User and password are typed into the app's own page, in a real window; then no browser is needed. A server that
    has started anew knows nobody: the command to run is told, the stored session stays, and after a login all is well.
    """
    port = free_port()
    chat = ("chat", "gradio", "Hi", "--base-url", f"http://127.0.0.1:{port}")
    for _ in range(2):
        async with gradio(tmp_path, port, login=True) as origin:
            if known := await toolkit.store.sessions():
                result = await toolkit.run(*chat)
                assert (result.code, result.out) == (3, "")
                assert "The session has expired, and the site wants a login." in result.err
                assert f"`toolkit login gradio --base-url {origin}`" in result.err
                assert (await toolkit.run("session", "check", "gradio")).code == 3
                assert {key: one.cookies for key, one in (await toolkit.store.sessions()).items()} == {
                    key: one.cookies for key, one in known.items()
                }
            cookies = await log_in_by_hand(toolkit, driver, display, "gradio", origin, CHAT)
            assert len({name for name in cookies if name.startswith("access-token-")}) == 2
            result = await toolkit.run(*chat, env=toolkit.without_browser())
            assert (result.code, result.out) == (0, "plain 🌍 to Hi\n"), result.err


async def test_an_app_that_wants_a_login_says_so_at_once(toolkit: Toolkit, tmp_path: Path) -> None:
    """Where there is no session, the visit without a window finds the login page, and waits for nobody; nor
    do calls with a session that was handed in, and is not taken."""
    async with gradio(tmp_path, free_port(), login=True) as origin:
        result = await toolkit.run("chat", "gradio", "Hi", "--base-url", origin)
        assert (result.code, result.out) == (3, "")
        assert f"`toolkit login gradio --base-url {origin}`" in result.err
        session = BrowserSession.from_cookie_values("gradio", origin, {"access-token-unsecure-of-before": "x" * 22})
        async with Client("gradio", base_url=origin, session=session) as client:
            for call in (client.chat("Hi").text(), client.check()):
                with pytest.raises(LoginRequired):
                    await call


async def test_an_app_without_a_login_needs_nobody(toolkit: Toolkit, origin: str) -> None:
    """One command visits it and chats; the session is a good one, of nobody in particular."""
    result = await toolkit.run("chat", "gradio", "Hi", "--base-url", origin)
    assert (result.code, result.out) == (0, "plain 🌍 to Hi\n"), result.err
    result = await toolkit.run("session", "check", "gradio")
    assert (result.code, result.out) == (0, "gradio: ok, no expiry known\n")


async def test_the_text_comes_in_pieces(origin: str) -> None:
    """The app tells the whole text each time, with a cursor behind it: what comes out has no cursor, and no repetition.
    What it says while it thinks is taken back, and messages as answers are text."""
    async with talking_to(origin) as client:
        for asked in ("a b c", "think", "dict"):
            pieces = [piece async for piece in client.chat(asked)]
            assert "".join(pieces) == f"plain 🌍 to {asked}"
            assert len(pieces) >= 4


async def test_a_conversation_is_the_history_of_the_app(origin: str) -> None:
    """Its function gets the earlier messages, with their roles; calls know nothing of each other."""
    talk = [("system", "Be brief."), ("user", "Hi"), ("assistant", "Yes?"), ("user", "Bye")]
    messages = [{"role": role, "content": content} for role, content in talk]
    async with talking_to(origin) as client:
        both = await asyncio.gather(client.chat(messages).text(), client.chat("Alone").text())
    assert list(both) == ["plain 🌍 to Bye after system: Be brief. | user: Hi | assistant: Yes?", "plain 🌍 to Alone"]


async def test_arguments_are_additional_inputs(origin: str) -> None:
    """By the names that the app has for them; the rest has the app's defaults, and one that it has not is told."""
    async with talking_to(origin) as client:
        assert await client.chat("Hi", tone="loud", fn="/reply").text() == "loud 🌍 to Hi"
        with pytest.raises(UsageError, match=r"does not take temperature\. Besides the message: tone\."):
            await client.chat("Hi", temperature=1.0).text()
        with pytest.raises(UsageError, match=r"no function of that name.* `fn`: reply"):
            await client.chat("Hi", fn="chat").text()


async def test_failures_of_the_app(origin: str) -> None:
    """What its author wants to be told is told; of anything else the app says nothing."""
    async with talking_to(origin) as client:
        with pytest.raises(SiteError, match=r"The app reported: The model is asleep\."):
            await client.chat("explain").text()
        with pytest.raises(SiteError, match="The app failed, and says no more"):
            await client.chat("fail").text()


async def test_a_reader_who_leaves_ends_the_work(tmp_path: Path) -> None:
    """The app's function is ended when nobody reads its answer any more, so a busy app is free for the next call."""
    async with gradio(tmp_path, free_port(), login=False) as origin, talking_to(origin) as client:
        async with client.chat("endless") as stream:
            assert await anext(stream) == "more "
        await until((tmp_path / "left").exists)
        assert await client.chat("Hi").text() == "plain 🌍 to Hi"


async def test_a_recording_plays_without_gradio(toolkit: Toolkit, tmp_path: Path) -> None:
    """What `toolkit record` makes of a signed-in call is played when the server is gone."""
    file = tmp_path / "gradio.har"
    async with gradio(tmp_path, free_port(), login=True) as origin:
        await record(file, origin)
    result = await toolkit.run("chat", "gradio", PROMPT, f"--replay={file}")
    assert (result.code, result.errors) == (0, [])
    assert result.out.startswith("Sunlight is every colour")
