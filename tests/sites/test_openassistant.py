"""The Open Assistant stand-in's answers and failures, seen by a plain HTTP client."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from tests.sites.asking import SECONDS, page_headers, until
from tests.sites.base import PIECES
from tests.sites.oa_script import COMMENT_PING, EVENT_PING
from tests.sites.openassistant import OpenAssistantSite
from tests.sites.serving import serve

TEXT = "".join(PIECES)
OVERLAP = "a second request while another one of the account is not finished"


class Caller:
    """Somebody who is signed in and goes through the steps."""

    def __init__(self, client: aiohttp.ClientSession, site: OpenAssistantSite, origin: str) -> None:
        self.client, self.origin = client, origin
        self.headers = page_headers(origin, "/chat", Cookie=site.login.cookie_header())

    def call(self, method: str, step: str, body: Any = None, **query: str) -> Any:
        return self.client.request(
            method, f"{self.origin}/api/chat{step}", json=body, params=query, headers=self.headers
        )

    async def ask(self, **changes: Any) -> tuple[int, Any, dict[str, str]]:
        """The first three steps: the third one's status and answer, and the ids for its events."""
        async with self.call("POST", "") as response:
            chat = (await response.json())["id"]
        async with self.call(
            "POST", "/prompter_message", {"chat_id": chat, "content": "Hello", "parent_id": None}
        ) as response:
            parent = (await response.json())["id"]
        body = {"chat_id": chat, "parent_id": parent, "model_config_name": "OA_SFT_Llama_30B_6", "plugins": []}
        async with self.call("POST", "/assistant_message", {**body, "sampling_parameters": {}, **changes}) as response:
            document = await response.json()
            return response.status, document, {"chat_id": chat, "message_id": document.get("id", "")}

    async def events(self, ids: dict[str, str]) -> str:
        async with self.call("GET", "/events", **ids) as response:
            return str(await response.text())

    async def state(self, ids: dict[str, str]) -> tuple[str, str | None]:
        async with self.call("GET", "/message", **ids) as response:
            message = await response.json()
            return message["state"], message["content"]


def kinds(stream: str) -> list[str]:
    return [event["event_type"] for event in parsed(stream)]


def parsed(stream: str) -> list[dict[str, Any]]:
    return [json.loads(part[6:]) for part in stream.split("\r\n\r\n") if part.startswith("data: ")]


async def test_oa_tells_the_queue_then_a_plugin_then_tokens(client: aiohttp.ClientSession) -> None:
    """All kinds of events, with pings between them, several in a chunk, in ASCII; the message is stripped."""
    site = OpenAssistantSite()
    site.answer = [" ", *PIECES]
    site.script.queue, site.script.plugin = [(2, 2), (1, 1)], True
    site.script.pings, site.script.per_chunk = [COMMENT_PING, EVENT_PING], 4
    async with serve(site.app()) as origin:
        caller = Caller(client, site, origin)
        _, _, ids = await caller.ask()
        async with caller.call("POST", "/events", **ids) as response:
            chunks = [data async for data, _ in response.content.iter_chunks() if data]
        stream = b"".join(chunks).decode("ascii")
        async with caller.call("DELETE", "", chat_id=ids["chat_id"]) as response:
            assert (response.status, await response.read()) == (200, b"")
    assert "Content-Type" not in response.headers
    plain = stream.replace(EVENT_PING.decode(), "").replace(COMMENT_PING.decode(), "")
    assert len(stream) - len(plain) == len(COMMENT_PING + EVENT_PING)
    assert len(chunks) < len(kinds(plain)) / 2
    assert kinds(plain)[:4] == ["pending", "pending", "plugin_intermediate", "token"]
    events = parsed(plain)
    assert "".join(event.get("text", "") for event in events) == f" {TEXT}"
    assert events[-1]["message"]["content"] == TEXT
    assert (site.open_chats, site.problems) == (set(), [])


@pytest.mark.parametrize("message", ["Queue full", [{"loc": ["body"], "msg": "wrong", "type": "value_error"}]])
async def test_oa_refuses_a_step_with_a_text_or_a_list(client: aiohttp.ClientSession, message: Any) -> None:
    """The status is the one that was asked for."""
    site = OpenAssistantSite()
    site.refuse("assistant_message", 503, message)
    async with serve(site.app()) as origin:
        status, document, _ = await Caller(client, site, origin).ask()
    assert (status, document) == (503, {"message": message})


async def test_oa_limits_the_rate(client: aiohttp.ClientSession) -> None:
    """One message too many is an error without a reason."""
    site = OpenAssistantSite()
    site.rate_limit, site.script.finished_first = 1, True
    async with serve(site.app()) as origin:
        caller = Caller(client, site, origin)
        assert (await caller.ask())[0] == 200
        assert (await caller.ask())[:2] == (500, {"message": "Something went wrong"})


async def test_oa_takes_no_session_that_it_has_ended(client: aiohttp.ClientSession) -> None:
    """403 with an empty body, as for nobody; the page leads to the form."""
    site = OpenAssistantSite()
    async with serve(site.app()) as origin:
        caller = Caller(client, site, origin)
        site.login.expire()
        async with caller.call("POST", "") as response:
            assert (response.status, await response.read()) == (403, b"")
            assert "Content-Type" not in response.headers
        async with client.get(f"{origin}/chat", allow_redirects=False) as response:
            assert (response.status, response.headers["Location"]) == (307, "/auth/signin?callbackUrl=%2Fchat")


async def test_oa_has_no_events_of_a_finished_message(client: aiohttp.ClientSession) -> None:
    """An empty 200; the message itself has the text, at last."""
    site = OpenAssistantSite()
    site.script.finished_first, site.script.polls = True, 1
    async with serve(site.app()) as origin:
        caller = Caller(client, site, origin)
        _, made, ids = await caller.ask()
        assert made["state"] == "pending"
        assert await caller.events(ids) == ""
        assert await caller.state(ids) == ("in_progress", None)
        assert await caller.state(ids) == ("complete", TEXT)


async def test_oa_may_end_a_stream_without_a_last_event(client: aiohttp.ClientSession) -> None:
    """The worker finishes all the same, so the message can be asked for."""
    site = OpenAssistantSite()
    site.script.terminal = False
    async with serve(site.app()) as origin:
        caller = Caller(client, site, origin)
        _, _, ids = await caller.ask()
        assert set(kinds(await caller.events(ids))) == {"token"}
        assert await caller.state(ids) == ("complete", TEXT)


async def test_oa_tells_an_error_with_or_without_the_message(client: aiohttp.ClientSession) -> None:
    """The message is then aborted and has no content."""
    site = OpenAssistantSite()
    site.script.error, site.script.error_message = "Out of memory", False
    async with serve(site.app()) as origin:
        caller = Caller(client, site, origin)
        _, _, ids = await caller.ask()
        last = parsed(await caller.events(ids))[-1]
        assert last == {"event_type": "error", "error": "Out of memory", "message": None}
        assert await caller.state(ids) == ("aborted_by_worker", None)


async def test_oa_cancels_the_first_of_two_requests_and_its_stream_never_ends(client: aiohttp.ClientSession) -> None:
    """The first says `pending` for ever, the second is answered, and the overlap is noted."""
    site = OpenAssistantSite()
    site.idle_models, site.script.pending_seconds = {"OA_SFT_Llama_30B_7"}, 0.001
    async with serve(site.app()) as origin:
        caller = Caller(client, site, origin)
        _, _, first = await caller.ask(model_config_name="OA_SFT_Llama_30B_7")
        async with caller.call("GET", "/events", **first) as stream:
            _, _, second = await caller.ask()
            assert kinds(await caller.events(second))[-1] == "message"
            assert await caller.state(first) == ("cancelled", None)
            for _ in range(20):
                assert (await stream.content.readuntil(b"\r\n\r\n")).startswith(b'data: {"event_type": "pending"')
    assert site.problems == [f"POST /api/chat/assistant_message: {OVERLAP}"]


async def test_oa_stream_of_a_deleted_chat_falls_silent(client: aiohttp.ClientSession) -> None:
    """Nobody tells a stream that its chat is gone."""
    site = OpenAssistantSite()
    site.hold_after = 1
    async with serve(site.app()) as origin:
        caller = Caller(client, site, origin)
        _, _, ids = await caller.ask()
        async with caller.call("GET", "/events", **ids) as stream:
            await stream.content.readuntil(b"\r\n\r\n")
            async with caller.call("DELETE", "", chat_id=ids["chat_id"]):
                site.hold_after = None
            await asyncio.wait_for(stream.content.readany(), SECONDS)  # what was on its way
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(stream.content.readany(), 0.1)


async def test_oa_pings_while_it_hangs(client: aiohttp.ClientSession) -> None:
    """A comment is no sign of life of the worker."""
    site = OpenAssistantSite()
    site.answer, site.ending, site.script.ping_seconds = [], "hang", 0.001
    async with serve(site.app()) as origin:
        caller = Caller(client, site, origin)
        _, _, ids = await caller.ask()
        async with caller.call("GET", "/events", **ids) as stream:
            for _ in range(5):
                assert await stream.content.readuntil(b"\r\n\r\n") == COMMENT_PING
        assert (await caller.state(ids))[0] == "pending"


async def test_oa_worker_goes_on_when_its_reader_leaves(client: aiohttp.ClientSession) -> None:
    """The message is finished although nobody read it to its end."""
    site = OpenAssistantSite()
    site.hold_after = 2
    async with serve(site.app()) as origin:
        caller = Caller(client, site, origin)
        _, _, ids = await caller.ask()
        async with caller.call("GET", "/events", **ids) as stream:
            await stream.content.readuntil(b"\r\n\r\n")
            stream.close()
        await until(lambda: site.left == 1)
        assert await caller.state(ids) == ("complete", TEXT)
