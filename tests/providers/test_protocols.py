"""Each provider keeps to its site's protocol: what it sends, what it reads, and what it makes of every failure."""

from __future__ import annotations

import re
from typing import Any

import aiohttp
import pytest
from msgspec.structs import replace

from tests.providers.conftest import AGENT, PATIENT, SITES, Chatting, login_cookie
from tests.sites.aichatonline import AiChatOnlineSite
from tests.sites.aura import AuraSite
from tests.sites.base import Refusal
from tests.sites.codelinkava import CodeLinkAvaSite
from tests.sites.openassistant import OpenAssistantSite
from tests.sites.serving import serve
from toolkit.chats.events import Finished, Text
from toolkit.client.client import Client
from toolkit.errors import (
    BadRequest,
    LoginRequired,
    ProtocolError,
    RateLimited,
    ServiceUnavailable,
    SessionExpired,
    SiteError,
    StatusError,
    StreamInterrupted,
    StreamTimeout,
    ToolkitError,
    UnknownModel,
)

CHAT_PATH = {
    "aura": "/api/chat",
    "codelinkava": "/api/chat",
    "aichatonline": "/aichatonline/api/chat/gpt",
    "openassistant": "/api/chat/assistant_message",
    "openwebui": "/api/chat/completions",
}
TALK = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Привет 你好 😀"},
    {"role": "assistant", "content": "Hi."},
    {"role": "user", "content": "Who are you?"},
]
PROMPT = "System: Be brief.\nUser: Привет 你好 😀\nAssistant: Hi.\nUser: Who are you?\nAssistant:"

providers = pytest.mark.parametrize("provider", SITES)


@providers
async def test_the_answer_streams_out_whole(provider: str, chatting: Chatting) -> None:
    """The text is the site's, the end is told, and no request broke the site's rules."""
    site = SITES[provider]()
    async with chatting(provider, site) as client:
        events = [event async for event in client.chat(TALK).events()]
    assert "".join(event.text for event in events if isinstance(event, Text)) == "".join(site.answer)
    assert events[-1] == Finished("stop")
    assert sum(isinstance(event, Finished) for event in events) == 1
    assert site.problems == []


@providers
async def test_pieces_come_as_they_are_sent(provider: str, chatting: Chatting) -> None:
    """The first piece is there while the site still holds the rest back."""
    site = SITES[provider]()
    site.hold_after = 2 if provider in ("codelinkava", "openwebui") else 1  # whose first frame has no text
    async with chatting(provider, site) as client, client.chat("Hi") as stream:
        assert await anext(stream) == site.answer[0]
        site.hold_after = None
        assert site.answer[0] + await stream.text() == "".join(site.answer)


@providers
async def test_calls_carry_what_the_page_would_send(provider: str, chatting: Chatting) -> None:
    """The session's agent, the page's origin and referrer, and the metadata of a fetch."""
    site = SITES[provider]()
    async with chatting(provider, site) as client:
        await client.chat("Hi").text()
        page = client.provider.page
    headers = site.calls(CHAT_PATH[provider])[0].headers
    assert headers["User-Agent"] == AGENT
    assert headers["Accept"] == "*/*"
    assert headers["Content-Type"] == "application/json"
    assert page.startswith(headers["Origin"])
    assert headers["Referer"].startswith("https://")
    assert (headers["Sec-Fetch-Mode"], headers["Sec-Fetch-Dest"]) == ("cors", "empty")


@providers
async def test_multi_byte_text_survives_every_cut(provider: str, chatting: Chatting) -> None:
    """Pieces that are single bytes' worth of characters of every length come out the same."""
    site = SITES[provider]()
    site.answer = list("é你😀\u200d👩")
    async with chatting(provider, site) as client:
        assert await client.chat("Hi").text() == "é你😀\u200d👩"


@providers
@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, BadRequest), (401, LoginRequired), (404, BadRequest), (429, RateLimited), (500, ServiceUnavailable),
     (503, ServiceUnavailable)],
)  # fmt: skip
async def test_an_error_status_is_an_error_of_its_kind(
    provider: str, status: int, kind: type[Exception], chatting: Chatting
) -> None:
    """Each is an `aiohttp.ClientResponseError` as well, with the status in it, and names provider and URL."""
    site = SITES[provider]()
    site.refusals[CHAT_PATH[provider]] = Refusal(
        status, '{"message": "no more today"}', content_type="application/json", headers={"Retry-After": "7"}
    )
    async with chatting(provider, site) as client:
        with pytest.raises(kind, match="no more today") as caught:
            await client.chat("Hi").text()
    assert isinstance(caught.value, aiohttp.ClientResponseError)
    error: Any = caught.value
    assert error.status == status
    assert error.provider == provider
    assert error.url.endswith(CHAT_PATH[provider])
    if isinstance(error, RateLimited):
        assert error.retry_after == 7


@providers
async def test_a_silent_site_runs_into_a_deadline(provider: str, chatting: Chatting) -> None:
    """The error says which deadline, and has the text that had come."""
    site, deadlines = SITES[provider](), replace(PATIENT, between_pieces=0.3)
    site.answer, site.ending = ["one two"], "hang"  # as one piece, for which a busy machine has all the time it needs
    if isinstance(site, CodeLinkAvaSite):
        site.done = False
    if isinstance(site, OpenAssistantSite):
        site.script.terminal = False
    async with chatting(provider, site, deadlines=deadlines) as client:
        with pytest.raises(StreamTimeout) as caught:
            await client.chat("Hi").text()
    assert isinstance(caught.value, TimeoutError)
    assert (caught.value.deadline, caught.value.seconds, caught.value.text) == ("between_pieces", 0.3, "one two")


@providers
async def test_a_cut_connection_is_an_interrupted_stream(provider: str, chatting: Chatting) -> None:
    """Never a complete answer; the text so far is in the error."""
    site = SITES[provider]()
    site.answer, site.ending = ["one ", "two"], "cut"
    async with chatting(provider, site) as client:
        with pytest.raises(StreamInterrupted) as caught:
            await client.chat("Hi").text()
    assert caught.value.text == "one two"


@providers
async def test_a_web_page_in_place_of_a_stream_is_an_expired_session(provider: str, chatting: Chatting) -> None:
    """A redirect to a login page ends at HTML, with status 200."""
    site = SITES[provider]()
    path = "/api/chat/events" if provider == "openassistant" else CHAT_PATH[provider]
    site.refusals[path] = Refusal(200, "<!doctype html><title>Sign in</title>", content_type="text/html")
    async with chatting(provider, site) as client:
        with pytest.raises(SessionExpired, match="a web page where a stream was due"):
            await client.chat("Hi").text()


async def test_aura_sends_the_body_that_its_page_sends(chatting: Chatting) -> None:
    """System messages are the prompt; the settings are the caller's, else the site's defaults."""
    site = AuraSite()
    async with chatting("aura", site) as client:
        await client.chat(TALK).text()
        await client.chat("Hi", model="openchat_v3.2_mistral", temperature=0, max_tokens=5).text()
    first, second = (seen.body for seen in site.calls("/api/chat"))
    assert first == {
        "model": {"id": "openchat_3.6", "name": "OpenChat 3.6 (latest)", "maxLength": 24576, "tokenLimit": 8192},
        "messages": TALK[1:],
        "key": "",
        "prompt": "Be brief.",
        "temperature": 0.5,
    }
    assert second["model"] == {
        "id": "openchat_v3.2_mistral", "name": "OpenChat 3.5 (latest)", "maxLength": 24576, "tokenLimit": 1010
    }  # fmt: skip
    assert (second["temperature"], second["prompt"]) == (0, "")


@pytest.mark.parametrize("text", ["Why?" * 20_000, "Почему 😀" * 5_000, "x"])
@pytest.mark.parametrize("max_tokens", [None, 1, 8192, 10**6])
async def test_aura_leaves_room_for_all_messages(text: str, max_tokens: int | None, chatting: Chatting) -> None:
    """The site drops what does not fit into `tokenLimit`, the question included, and answers all the same. So there is
    room for a token for each byte and 1000 more, and no less than was asked for."""
    site = AuraSite()
    talk = [*TALK[:3], {"role": "user", "content": text}]
    async with chatting("aura", site) as client:
        await client.chat(talk, max_tokens=max_tokens).text()
    limit = site.calls("/api/chat")[0].body["model"]["tokenLimit"]
    assert limit >= sum(len(one["content"].encode()) for one in talk) + 1000
    assert limit >= (max_tokens or 8192)


@pytest.mark.parametrize(
    ("reason", "kind", "told"),
    [
        ("Rate limit reached for requests", RateLimited, "Wait before the next call"),
        ("You exceeded your current quota, please check your plan", RateLimited, ""),
        ("Too Many Requests", RateLimited, ""),
        ("The model `x` does not exist or you do not have access to it.", UnknownModel, "`toolkit models aura"),
        ("Incorrect API key provided: x.", ServiceUnavailable, "refuses the site's own key: a login does not help"),
        ("The server had an error while processing your request", ServiceUnavailable, ""),
        ("Internal Server Error", ServiceUnavailable, ""),
    ],
)
async def test_aura_tells_failures_apart_by_their_words(
    reason: str, kind: type[StatusError], told: str, chatting: Chatting
) -> None:
    """The server behind it answers 429, 401 or 500, and all of them come as 500, with its sentence as the phrase."""
    site = AuraSite()
    site.fail(reason)
    async with chatting("aura", site) as client:
        with pytest.raises(StatusError, match=re.escape(reason.rstrip("."))) as caught:
            await client.chat("Hi").text()
    assert isinstance(caught.value, kind)
    assert caught.value.status == 500
    assert told in str(caught.value)


async def test_aura_tells_the_reason_phrase(chatting: Chatting) -> None:
    """It is the only detail that the site gives."""
    site = AuraSite()
    site.fail("The model is on fire")
    async with chatting("aura", site) as client:
        with pytest.raises(ServiceUnavailable, match=r"500: The model is on fire\. \(https://openchat.team/api/chat\)"):
            await client.chat("Hi").text()


async def test_aura_says_that_an_answer_is_empty(chatting: Chatting) -> None:
    """An empty 200 is a failure that really happens, not an answer."""
    site = AuraSite()
    site.answer = []
    async with chatting("aura", site) as client:
        with pytest.raises(ProtocolError, match="nothing at all"):
            await client.chat("Hi").text()


async def test_ava_puts_extra_arguments_into_the_body(chatting: Chatting) -> None:
    """The public host gets no model."""
    site = CodeLinkAvaSite()
    async with chatting("codelinkava", site) as client:
        await client.chat(TALK, model="gpt-3.5-turbo", max_tokens=9, presence_penalty=1).text()
    call = site.calls("/api/chat")[0]
    assert call.body == {
        "messages": TALK, "temperature": 0.6, "stream": True, "max_tokens": 9, "presence_penalty": 1
    }  # fmt: skip
    assert call.headers["Sec-Fetch-Site"] == "same-origin"
    assert call.headers["Origin"] == "https://ava-ai-ef611.web.app"
    assert site.problems == []


async def test_ava_needs_an_end(chatting: Chatting) -> None:
    """A stream that lacks only `[DONE]` is whole; one without a reason for its end too was interrupted."""
    site = CodeLinkAvaSite()
    site.done = False
    async with chatting("codelinkava", site) as client:
        assert await client.chat("Hi").text() == "".join(site.answer)
        site.finish = None
        with pytest.raises(StreamInterrupted, match="without its end marker") as caught:
            await client.chat("Hi").text()
    assert caught.value.text == "".join(site.answer)


async def test_ava_raises_an_error_that_is_in_the_stream(chatting: Chatting) -> None:
    """An error object is not text, and not silence."""
    site = CodeLinkAvaSite()
    site.error = {"message": "context too long", "code": 7}
    async with chatting("codelinkava", site) as client:
        with pytest.raises(SiteError, match="context too long"):
            await client.chat("Hi").text()


async def test_aichatonline_carries_the_id_that_it_was_given(chatting: Chatting) -> None:
    """A new id and new random strings for each call."""
    site = AiChatOnlineSite()
    async with chatting("aichatonline", site) as client:
        await client.chat(TALK).text()
        await client.chat("Hi").text()
    tokens = site.calls("/api/v1/user/getUniqueId")
    chats = site.calls(CHAT_PATH["aichatonline"])
    assert [call.headers["UniqueId"] for call in chats] == site.issued
    assert [call.body["prompt"] for call in chats] == [PROMPT, "Hi"]
    strings = [call.body["conversationId"] for call in chats] + [call.url.rpartition("canvas=-")[2] for call in tokens]
    assert all(re.fullmatch(r"[a-z0-9]{10}", string) for string in strings)
    assert len(set(strings)) == 4
    assert chats[0].headers["Referer"] == "https://aichatonlineorg.erweima.ai/chatgpt/chat/"


async def test_aichatonline_passes_over_json_of_another_shape_only(chatting: Chatting) -> None:
    """A line that is not JSON is an error."""
    site = AiChatOnlineSite()
    site.bad_line = "<html>oops</html>"
    async with chatting("aichatonline", site) as client:
        with pytest.raises(ProtocolError, match="not JSON"):
            await client.chat("Hi").text()


@pytest.mark.parametrize(
    ("line", "kind", "told"),
    [
        ('{"code": 429, "msg": "Slow down", "data": null}', RateLimited, "Slow down"),
        ('{"code": "503", "msg": "Busy", "data": {}}', ServiceUnavailable, "Busy"),
        ('{"code": 500, "data": {"message": "Out of quota"}}', ServiceUnavailable, "Out of quota"),
        ('{"code": 1001, "msg": "Blocked", "data": null}', SiteError, "Blocked"),
        ('{"error": {"message": "No", "code": 429}}', RateLimited, "No"),
        ('{"error": "No"}', SiteError, "No"),
        ('{"code": 7}', SiteError, "7"),
    ],
)
async def test_aichatonline_raises_what_a_line_reports(
    line: str, kind: type[ToolkitError], told: str, chatting: Chatting
) -> None:
    """By its code, as the status that it means; never as text, and with the text that had come."""
    site = AiChatOnlineSite()
    site.bad_line = line
    async with chatting("aichatonline", site) as client:
        with pytest.raises(kind, match=f"The site reported: {told}") as caught:
            await client.chat("Hi").text()
    assert caught.value.text == "".join(site.answer)


async def test_aichatonline_needs_an_id(chatting: Chatting) -> None:
    """No call goes out without one."""
    site = AiChatOnlineSite()
    site.unique_id = None
    async with chatting("aichatonline", site) as client:
        with pytest.raises(ProtocolError, match="no id for the call"):
            await client.chat("Hi").text()
    assert site.calls(CHAT_PATH["aichatonline"]) == []


@providers
async def test_a_base_url_is_another_deployment(provider: str) -> None:
    """Page and calls go there, and nowhere else."""
    site = SITES[provider]()
    async with (
        serve(site.app()) as origin,
        Client(provider, base_url=origin + "/", cookies=login_cookie(site)) as client,
    ):
        model = next(iter(client.provider.known_models), "m" if provider == "codelinkava" else None)
        assert await client.chat("Hi", model=model).text() == "".join(site.answer)
    assert site.problems == []
