"""Open Assistant's protocol: five steps in order, and the chat is deleted however the call ends."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.providers.conftest import Chatting, session_for
from tests.providers.test_protocols import PROMPT, TALK
from tests.sites.asking import SECONDS, until
from tests.sites.oa_script import EVENT_PING, MODELS
from tests.sites.openassistant import OpenAssistantSite
from toolkit.chats.events import KEEP_ALIVE, Queued, Text
from toolkit.chats.messages import ChatRequest, read_messages
from toolkit.errors import (
    BadRequest,
    LoginRequired,
    ServiceUnavailable,
    SiteError,
    UnknownModel,
)
from toolkit.http.transport import Transport
from toolkit.providers import OpenAssistant
from toolkit.replay.local_network import LocalNetwork


async def test_open_assistant_takes_its_five_steps(chatting: Chatting) -> None:
    """In order, with the first of the site's models, the settings in the sampling parameters, and the chat deleted."""
    site = OpenAssistantSite()
    async with chatting("openassistant", site) as client:
        await client.chat(TALK, temperature=1.0, top_k=7).text()
    calls = [(seen.method, seen.path.removeprefix("/api/chat")) for seen in site.requests]
    assert calls == [
        ("GET", "/models"), ("POST", ""), ("POST", "/prompter_message"), ("POST", "/assistant_message"),
        ("POST", "/events"), ("DELETE", ""),
    ]  # fmt: skip
    assert site.calls("/api/chat/prompter_message")[0].body["content"] == PROMPT
    asked = site.calls("/api/chat/assistant_message")[0].body
    assert asked["model_config_name"] == next(iter(MODELS))
    assert asked["plugins"] == []
    assert asked["sampling_parameters"] == {
        "top_k": 7, "top_p": None, "typical_p": None, "temperature": 1.0,
        "repetition_penalty": 1.1111111111111112, "max_new_tokens": 1024,
    }  # fmt: skip
    assert site.open_chats == set()


async def test_open_assistant_tells_the_place_in_the_queue(chatting: Chatting) -> None:
    """Pending events, pings of both kinds and a plugin's work are no text."""
    site = OpenAssistantSite()
    site.script.queue = [(2, 5), (1, 4)]
    site.script.pending_seconds = 0.0
    site.script.pings = [b": ping\r\n\r\n", EVENT_PING]
    site.script.plugin = True
    site.script.per_chunk = 3
    async with chatting("openassistant", site) as client:
        events = [event async for event in client.chat("Hi").events()]
    assert [event for event in events if isinstance(event, Queued)] == [Queued(2, 5), Queued(1, 4)]
    assert "".join(event.text for event in events if isinstance(event, Text)) == "".join(site.answer)


async def test_open_assistant_polls_a_message_that_is_finished(chatting: Chatting) -> None:
    """Its events are empty; they are not asked for twice, the message is."""
    site = OpenAssistantSite()
    site.script.finished_first = True
    site.script.polls = 1
    async with chatting("openassistant", site, deadlines=None) as client:
        assert await client.chat("Hi").text() == "".join(site.answer)
    assert len(site.calls("/api/chat/events")) == 1
    assert len(site.calls("/api/chat/message")) == 2


async def test_open_assistant_raises_what_a_message_reports(chatting: Chatting) -> None:
    """An error event is a `RuntimeError`; the chat is deleted all the same."""
    site = OpenAssistantSite()
    site.script.error = "out of memory"
    async with chatting("openassistant", site) as client:
        with pytest.raises(SiteError, match="out of memory") as caught:
            await client.chat("Hi").text()
    assert isinstance(caught.value, RuntimeError)
    assert site.open_chats == set()


@pytest.mark.parametrize("message", ["no such parent", [{"loc": ["body", "content"], "msg": "too long", "type": "x"}]])
@pytest.mark.parametrize("step", ["prompter_message", "assistant_message"])
@pytest.mark.parametrize(("status", "kind"), [(400, BadRequest), (413, BadRequest), (500, ServiceUnavailable)])
async def test_open_assistant_explains_a_refusal(
    step: str, status: int, kind: type[Exception], message: str | list[Any], chatting: Chatting
) -> None:
    """The explanation is a string or a list of objects; the chat is deleted all the same."""
    site = OpenAssistantSite()
    site.refuse(step, status, message)
    told = message if isinstance(message, str) else "body.content: too long"
    async with chatting("openassistant", site) as client:
        with pytest.raises(kind, match=told):
            await client.chat("Hi").text()
    assert len(site.calls("/api/chat")) == 2
    assert site.open_chats == set()


async def test_open_assistant_says_that_there_is_no_such_model(chatting: Chatting) -> None:
    """As an error that tells how to list those that there are; the chat is deleted all the same."""
    site = OpenAssistantSite()
    async with chatting("openassistant", site) as client:
        with pytest.raises(UnknownModel, match=r"Model nope not found.*`toolkit models openassistant") as caught:
            await client.chat("Hi", model="nope").text()
    assert caught.value.status == 422
    assert site.open_chats == set()


@pytest.mark.parametrize(("failing", "left"), [(1, 0), (2, 1)])
async def test_open_assistant_deletes_again_what_was_not_deleted(
    failing: int, left: int, chatting: Chatting, caplog: pytest.LogCaptureFixture
) -> None:
    """Once; the answer is not affected. What is left at the site is told with its id."""
    site = OpenAssistantSite()
    site.failing_deletes = failing
    async with chatting("openassistant", site) as client:
        assert await client.chat("Hi").text() == "".join(site.answer)
    assert len(site.open_chats) == left
    told = [record.getMessage() for record in caplog.records if "could not tidy up" in record.message]
    assert len(told) == left
    assert all(chat in message for chat, message in zip(site.open_chats, told, strict=True))


async def test_open_assistant_is_alive_while_it_pings() -> None:
    """The stream is told of pings, which are no events of the answer."""
    site = OpenAssistantSite()
    site.script.pings = [EVENT_PING]
    session, request = session_for("openassistant", site), ChatRequest(messages=read_messages("Hi"))
    async with (
        LocalNetwork(apps=site.hosts()) as network,
        Transport(session, page=OpenAssistant().page, route=network.route) as http,
    ):
        pieces = [piece async for piece in OpenAssistant().stream(request, http)]
    assert KEEP_ALIVE in pieces
    assert "".join(piece for piece in pieces if isinstance(piece, str)) == "".join(site.answer)


async def test_open_assistant_without_a_cookie_asks_for_a_login(chatting: Chatting) -> None:
    """403 with nothing in it; the error says what to run."""
    site = OpenAssistantSite()
    async with chatting("openassistant", site, session=None, cookies={}) as client:
        with pytest.raises(LoginRequired, match="`toolkit login openassistant` opens a window"):
            await client.chat("Hi").text()


async def chats_are_gone(site: OpenAssistantSite) -> None:
    """Wait for the deletion that a dropped stream leaves to the event loop."""
    await until(lambda: not site.open_chats)


async def test_open_assistant_deletes_a_chat_that_is_left(chatting: Chatting) -> None:
    """Broken off by `break`, closed, or dropped: the chat is deleted."""
    site = OpenAssistantSite()
    site.hold_after = 2
    async with chatting("openassistant", site) as client:
        async for _ in client.chat("Hi"):
            break
        await chats_are_gone(site)
        async with client.chat("Hi") as stream:
            await anext(stream)
        assert site.open_chats == set()
        stream = await client.chat("Hi")
        del stream
        await chats_are_gone(site)
    assert [seen.method for seen in site.calls("/api/chat")] == ["POST", "DELETE"] * 3


@pytest.mark.parametrize("after", ["prompter_message", "assistant_message", "events"])
async def test_open_assistant_deletes_a_chat_that_is_cancelled(after: str, chatting: Chatting) -> None:
    """Cancelled while a step is under way or while reading: the chat is deleted before the cancellation goes on."""
    site = OpenAssistantSite()
    site.hold_after = 1
    async with chatting("openassistant", site) as client:
        task = asyncio.ensure_future(client.chat("Hi").text())
        async with asyncio.timeout(SECONDS):
            while not site.calls(f"/api/chat/{after}"):  # noqa: ASYNC110 - at the very turn of the event loop
                await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert site.open_chats == set()


async def test_open_assistant_deletes_a_chat_when_the_loop_ends() -> None:
    """A stream that is left right before `asyncio.run` ends is still tidied up."""
    site = OpenAssistantSite()
    site.hold_after = 2
    async with LocalNetwork(apps=site.hosts()) as network:
        arguments: dict[str, Any] = {"session": session_for("openassistant", site), "route": network.route}

        async def main() -> None:
            async for _ in OpenAssistant.create_async_generator(None, "Hi", **arguments):
                break

        await asyncio.to_thread(asyncio.run, main())
        assert site.open_chats == set()
    assert len(site.calls("/api/chat")) == 2
