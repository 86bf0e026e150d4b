"""Each provider reads what the real servers sent: every capture is replayed, and gives its text or the right error."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from toolkit.chats.deadlines import Deadlines
from toolkit.client.client import Client
from toolkit.errors import (
    BadRequest,
    EmptyAnswer,
    LoginRequired,
    ServiceUnavailable,
    SiteError,
    StreamTimeout,
    ToolkitError,
)
from toolkit.har.model import Recording
from toolkit.http.transport import Transport
from toolkit.recording.files import load
from toolkit.replay.local_network import LocalNetwork
from toolkit.session.browser_session import BrowserSession

CAPTURES = Path(__file__).parents[3] / "shared" / "captures"
pytestmark = pytest.mark.skipif(
    not CAPTURES.is_dir(), reason="the captures of the real servers are not on this machine"
)

SITES = {"aura": "http://127.0.0.1:3100", "openassistant": "http://localhost:58080"}
PATIENT = Deadlines(connect=60, first_piece=60, between_pieces=60)
# Where a capture falls silent. Its other answers have to come within this, on a busy machine too.
SILENCE = {
    "err-drop": Deadlines(connect=60, first_piece=60, between_pieces=2),
    "two-messages-first-cancelled": Deadlines(connect=60, first_piece=4, between_pieces=60),
}

# Captures of calls that are no part of a chat; they are read below.
APART = {
    "aura": {"err-get-method", "models"},
    "openassistant": {"models", "session-logged-in", "session-logged-out"},
}

ERRORS: dict[str, tuple[type[ToolkitError], str]] = {
    "err-401": (ServiceUnavailable, "Incorrect API key provided: PLACEHOL."),
    "err-500": (ServiceUnavailable, "The server had an error while processing your request"),
    "err-drop": (StreamTimeout, "deadline `between_pieces`"),
    "err-model-openchat-3.6": (ServiceUnavailable, "answered 500: Internal Server Error"),
    "err-unknown-model": (ServiceUnavailable, "answered 500: Internal Server Error"),
    "worker-empty": (EmptyAnswer, "The answer has no text"),
    "worker-error": (SiteError, "Out of GPU memory (fake)"),
    "no-cookie-403": (LoginRequired, "toolkit login openassistant"),
    "prompter-bad-parent-400": (BadRequest, "Parent message not found"),
    "assistant-422-null-max-new-tokens": (
        BadRequest,
        "body.sampling_parameters.max_new_tokens: none is not an allowed value",
    ),
    "two-messages-first-cancelled": (StreamTimeout, "deadline `first_piece`"),
}


def names(provider: str) -> list[str]:
    return sorted({file.stem for file in (CAPTURES / provider).glob("*.har")} - APART[provider])


def capture(provider: str, name: str) -> Recording:
    return load(CAPTURES / provider / f"{name}.har")


def body(recording: Recording, part: str, number: int = 0) -> str:
    """The body of the `number`th answer whose URL has `part` in it."""
    entries = [entry for entry in recording.entries if part in entry.request.url]
    return entries[number].response.content.body().decode()


def expected_text(recording: Recording) -> str:
    """What a capture's answer says: Aura's whole body, or Open Assistant's tokens."""
    if "/api/chat/" not in recording.entries[-1].request.url and len(recording.entries) == 1:
        return body(recording, "/api/chat")
    events = [json.loads(line[6:]) for line in body(recording, "/events").splitlines() if line.startswith("data: ")]
    return "".join(event["text"] for event in events if event["event_type"] == "token")


@asynccontextmanager
async def client(provider: str, recording: Recording, deadlines: Deadlines = PATIENT) -> AsyncIterator[Client]:
    """A client of the capture's own deployment, with a session as the capture's."""
    origin = SITES[provider]
    cookies = {"next-auth.session-token": "x"} if provider == "openassistant" else {}
    session = BrowserSession.from_cookie_values(provider, origin, cookies)
    async with (
        # The bodies are other questions with other settings, and the events were also read with GET.
        LocalNetwork(recording=recording, match=("url",)) as network,
        Client(provider, base_url=origin, session=session, route=network.route, deadlines=deadlines) as client,
    ):
        yield client


@pytest.mark.parametrize(
    ("provider", "name"), [(provider, name) for provider in SITES for name in names(provider) if name not in ERRORS]
)
async def test_the_answer_is_the_captured_one(provider: str, name: str) -> None:
    """Same text, and every chat is deleted in the end."""
    recording = capture(provider, name)
    async with client(provider, recording) as chatting:
        stream = chatting.chat("Hello")
        assert await stream.text() == expected_text(recording)
        assert stream.finish_reason == "stop"


@pytest.mark.parametrize(
    ("provider", "name"), [(provider, name) for provider in SITES for name in names(provider) if name in ERRORS]
)
async def test_a_captured_failure_is_the_right_error(provider: str, name: str) -> None:
    """The class tells the kind of failure, the text what the site said."""
    kind, told = ERRORS[name]
    recording = capture(provider, name)
    async with client(provider, recording, SILENCE.get(name, PATIENT)) as chatting:
        with pytest.raises(kind) as caught:
            await chatting.chat("Hello").text()
    assert told in str(caught.value)
    assert str(caught.value).startswith(f"{provider}: ")
    assert isinstance(caught.value, aiohttp.ClientResponseError) == ("answered" in str(caught.value))
    if name == "err-drop":
        assert isinstance(caught.value, StreamTimeout)
        assert caught.value.text == body(recording, "/api/chat") != ""


async def test_every_capture_is_tested() -> None:
    """No capture of the two sites is left out."""
    assert set(ERRORS) <= {name for provider in SITES for name in names(provider)}
    assert sum(len(list((CAPTURES / provider).glob("*.har"))) for provider in SITES) == 24


async def test_a_finished_message_is_read_from_the_message() -> None:
    """Its events are an empty 200; the text then comes from the message itself."""
    recording = capture("openassistant", "events-finished-empty-200")
    first = next(entry for entry in recording.entries if "/events" in entry.request.url)
    recording.entries = [entry for entry in recording.entries if entry is not first]
    async with client("openassistant", recording) as chatting:
        assert await chatting.chat("Hello").text() == "You said: Hello again 😀"


async def test_a_second_call_waits_for_its_turn() -> None:
    """One account has one pending request: the second call begins when the first has ended."""
    name = "two-messages-first-cancelled"
    async with client("openassistant", capture("openassistant", name), SILENCE[name]) as chatting:
        first = asyncio.ensure_future(chatting.chat("First").text())
        second = asyncio.ensure_future(chatting.chat("Second question").text())
        with pytest.raises(StreamTimeout):
            await first
        assert await second == "You said: Second question"


async def fetched(provider: str, name: str, method: str, path: str, **options: Any) -> tuple[Any, Transport]:
    """The JSON that a capture's only call answers, and the transport that made it."""
    origin = SITES[provider]
    session = BrowserSession.from_cookie_values(provider, origin, {"next-auth.session-token": "old"})
    async with (
        LocalNetwork(recording=capture(provider, name), match=("url",)) as network,
        Transport(session, page=f"{origin}/chat", route=network.route) as http,
    ):
        return await http.json(object, method, f"{origin}{path}", **options), http


async def test_lists_of_models_are_read() -> None:
    """Aura labels its JSON as text; Open Assistant's came compressed."""
    async with client("aura", capture("aura", "models")) as chatting:
        assert await chatting.models() == ("openchat_3.6", "openchat_v3.2_mistral")
    async with client("openassistant", capture("openassistant", "models")) as chatting:
        assert "OA_SFT_Llama_30B_6" in await chatting.models()


async def test_the_session_is_rotated_by_the_site() -> None:
    """`GET /api/auth/session` re-issues the session cookie, which replaces ours; logged out it says {}."""
    answer, http = await fetched("openassistant", "session-logged-in", "GET", "/api/auth/session")
    assert answer["user"]
    values = [cookie.value for cookie in http.session.cookies if cookie.name == "next-auth.session-token"]
    assert len(values) == 1
    assert values != ["old"]
    answer, _ = await fetched("openassistant", "session-logged-out", "GET", "/api/auth/session")
    assert answer == {}


async def test_a_wrong_method_is_the_sites_error() -> None:
    """Aura answers GET with 500, not 405."""
    with pytest.raises(ServiceUnavailable, match="answered 500"):
        await fetched("aura", "err-get-method", "GET", "/api/chat")
