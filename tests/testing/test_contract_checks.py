"""The contract of providers: ours keep it, and it tells what is wrong with one that does not."""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest
from msgspec.structs import replace

import toolkit
from tests.record_demos import ANSWER as DEMO
from toolkit import Provider
from toolkit.chats.messages import ChatRequest
from toolkit.errors import RecordingError, SiteError, StreamInterrupted, ToolkitError, UsageError
from toolkit.har.model import (
    Content,
    Entry,
    Pair,
    PostData,
    RecordedChat,
    RecordedSession,
    Recording,
    Request,
    Response,
)
from toolkit.http.transport import Transport
from toolkit.providers import registry
from toolkit.providers.base import Finished, Pieces
from toolkit.recording.files import load, save
from toolkit.streams.json_decoding import decode_json
from toolkit.streams.sse import SSEDecoder
from toolkit.testing import provider_contract

RECORDINGS = Path(toolkit.__file__).parent / "recording" / "demos"
ANSWER = "Grüße, 世界 🌍"
APP_SAID = "Sunlight is every colour at once, and the air scatters its blue most: so blue is all over the sky 🌍☀️."


@pytest.mark.parametrize("name", registry.names())
def test_our_providers_keep_it(name: str) -> None:
    """Each by its shipped recording, and with the answer that was recorded."""
    said = APP_SAID if name in ("gradio", "chainlit", "streamlit") else "".join(DEMO)
    provider_contract(name, RECORDINGS / f"{name}.har", answer=said)


class Made(msgspec.Struct):
    id: str


class Piece(msgspec.Struct):
    text: str


class Sky(Provider):
    """A good one: makes a chat, asks in it, and takes it away."""

    name = "sky"
    url = "https://sky.example.org"

    async def stream(self, request: ChatRequest, http: Transport) -> Pieces:
        async with (
            http.temporary(Made, f"{self.api}/chats", "id") as chat,
            http.post(f"{self.api}/answer", json=self.body(chat)) as response,
        ):
            async for piece in self.pieces(response):
                yield piece

    def body(self, chat: str) -> object:
        return {"chat": chat}

    async def pieces(self, response: Any) -> Pieces:
        async for sent in response.decode(SSEDecoder()):
            if sent.data == "[DONE]":
                yield Finished("stop")
                return
            yield decode_json(sent.data, Piece).text
        raise StreamInterrupted("There was no end.", url=response.url)


def exchange(method: str, path: str, asked: object, answer: str) -> Entry:
    body = PostData("application/json", json.dumps(asked)) if asked is not None else msgspec.UNSET
    return Entry(
        started=datetime(2026, 1, 1, tzinfo=UTC),
        request=Request(method, f"{Sky.url}{path}", post_data=body, body_size=0 if asked is None else -1),
        response=Response(200, "OK", headers=[Pair("Transfer-Encoding", "chunked")], content=Content(text=answer)),
    )


def recording() -> Recording:
    """A call of `Sky`."""
    told = "".join(f"data: {json.dumps({'text': sign}, ensure_ascii=False)}\n\n" for sign in ANSWER)
    return Recording(
        entries=[
            exchange("POST", "/chats", None, '{"id": "chat-4711"}'),
            exchange("POST", "/answer", {"chat": "chat-4711"}, f"{told}data: [DONE]\n\n"),
            exchange("DELETE", "/chats?id=chat-4711", None, ""),
        ],
        chat=RecordedChat("sky", [{"role": "user", "content": "Hi"}]),
        session=RecordedSession("sky", Sky.url),
    )


async def test_it_runs_in_a_test_of_any_kind() -> None:
    """Also where an event loop runs."""
    provider_contract(Sky, recording(), answer=ANSWER)


def test_the_recording_lies_beside_the_test(tmp_path: Path) -> None:
    """So the three lines work from whatever folder the tests are run."""
    save(recording(), tmp_path / "sky.har")
    test = f"from toolkit.testing import provider_contract\nprovider_contract(Sky, 'sky.har', answer={ANSWER!r})\n"
    exec(compile(test, "test_sky.py", "exec"), {"__file__": str(tmp_path / "test_sky.py"), "Sky": Sky})


class Listing(Sky):
    """Asks for the site's models, and knows some in case the site has no list of them."""

    known_models = ("cirrus",)

    async def list_models(self, http: Transport) -> tuple[str, ...]:
        return ((await http.json(Made, "GET", f"{self.api}/models")).id,)

    async def stream(self, request: ChatRequest, http: Transport) -> Pieces:
        await self.first_model(http)
        async for piece in super().stream(request, http):
            yield piece


def listing() -> Recording:
    """A call of `Listing`."""
    return replace(recording(), entries=[exchange("GET", "/models", None, '{"id": "cirrus"}'), *recording().entries])


def test_a_list_that_a_site_lacks_is_no_violation() -> None:
    """With the models that the provider knows, the call goes on; one that knows none has to say what went wrong."""
    provider_contract(Listing, listing(), answer=ANSWER)


class Shrugging(Listing):
    """Goes on whatever comes in the place of the site's models."""

    async def stream(self, request: ChatRequest, http: Transport) -> Pieces:
        with suppress(ToolkitError):
            await self.first_model(http)
        async for piece in Sky.stream(self, request, http):
            yield piece


class Deaf(Sky):
    """Loses what it cannot read."""

    async def pieces(self, response: Any) -> Pieces:
        async for sent in response.decode(SSEDecoder()):
            if sent.data == "[DONE]":
                return
            yield decode_json(sent.data, Piece).text.encode("ascii", "ignore").decode()


class Mute(Sky):
    """Gives what is no text."""

    async def pieces(self, response: Any) -> Pieces:
        async for sent in response.decode(SSEDecoder()):
            yield sent


class Whole(Sky):
    """Returns the answer, in place of giving its pieces."""

    async def stream(self, request: ChatRequest, http: Transport) -> Any:  # type: ignore[override]
        return await http.json(Piece, "POST", f"{self.api}/answer")


class Chatty(Sky):
    """Asks in a way of its own."""

    def body(self, chat: str) -> object:
        return {"chat": chat, "loud": True}


class Chunky(Sky):
    """Takes each chunk for a whole event."""

    async def pieces(self, response: Any) -> Pieces:
        async for chunk in response.chunks():
            for line in chunk.decode(errors="replace").split("\n\n"):
                if line.startswith("data: {"):
                    yield json.loads(line.removeprefix("data: "))["text"]


class Trusting(Sky):
    """Believes that every event is as it should be, and takes any end for a good one."""

    async def pieces(self, response: Any) -> Pieces:
        async for sent in response.decode(SSEDecoder()):
            if sent.data == "[DONE]":
                return
            yield json.loads(sent.data)["text"]


class Soothing(Sky):
    """Keeps errors to itself."""

    async def stream(self, request: ChatRequest, http: Transport) -> Pieces:
        try:
            async for piece in super().stream(request, http):
                yield piece
        except ToolkitError:
            yield "Something went wrong."


class Believing(Sky):
    """Takes any end of the connection for the end of the answer."""

    async def pieces(self, response: Any) -> Pieces:
        async for sent in response.decode(SSEDecoder()):
            if sent.data == "[DONE]":
                return
            yield decode_json(sent.data, Piece).text


class Deafened(Sky):
    """Passes over what the site reports to have gone wrong."""

    error_events = (b'data: {"text": "", "error": "overloaded"}\n\ndata: [DONE]\n\n',)


class Shrouding(Sky):
    """Has a word of its own for a session that is refused."""

    statuses: ClassVar = {401: SiteError}


class Stubborn(Sky):
    """Does not let itself be cancelled."""

    async def stream(self, request: ChatRequest, http: Transport) -> Pieces:
        try:
            async for piece in super().stream(request, http):
                yield piece
        except asyncio.CancelledError:
            yield "No."


class Untidy(Sky):
    """Takes away what it made when all went well."""

    async def stream(self, request: ChatRequest, http: Transport) -> Pieces:
        made = await http.json(Made, "POST", f"{self.api}/chats")
        async with http.post(f"{self.api}/answer", json=self.body(made.id)) as response:
            async for piece in self.pieces(response):
                yield piece
        async with http.request("DELETE", f"{self.api}/chats", params={"id": made.id}):
            pass


class Busy(Sky):
    """Starts what it does not end."""

    tasks: ClassVar[list[Any]] = []

    async def pieces(self, response: Any) -> Pieces:
        self.tasks.append(asyncio.create_task(asyncio.sleep(1000)))
        async for piece in super().pieces(response):
            yield piece


class Clinging(Sky):
    """Does not give a connection back."""

    held: ClassVar[list[Any]] = []

    async def stream(self, request: ChatRequest, http: Transport) -> Pieces:
        async with http.temporary(Made, f"{self.api}/chats", "id") as chat:
            stack = AsyncExitStack()
            self.held.append(stack)
            response = await stack.enter_async_context(http.post(f"{self.api}/answer", json=self.body(chat)))
            self.held.append(pieces := self.pieces(response))
            async for piece in pieces:
                yield piece


@pytest.mark.parametrize(
    ("kind", "law"),
    [
        (Deaf, r"gives the recorded answer: it gave 'Gre,  ' instead of 'Grüße, 世界 🌍'"),
        (Mute, r"gives the recorded answer: it gave no text"),
        (Whole, r"gives the recorded answer: `stream` is an async generator, and this one has no `yield`"),
        (Chatty, r"gives the recorded answer: .*body\.loud: not recorded"),
        (Chunky, r"the text does not depend on its pieces: in pieces of one byte it is EmptyAnswer"),
        (
            Trusting,
            r"with garbage at request 2 \(POST .*\) it raised JSONDecodeError.* \(line \d+ of test_contract_checks.py",
        ),
        (Trusting, r"an error is a ToolkitError: with events of another shape at request 2 .* it raised KeyError"),
        (Soothing, r"an error: with no answer at request 1 .* it gave 'Something went wrong.' as if it were whole"),
        (Believing, r"what is cut is an error: cut after byte \d+ of the answer to request 2 .* it gave 'Grü.*' as if"),
        (Deafened, r"a failure that the site reports is an error: with b'data: .*overloaded.* it gave 'Grüß"),
        (Stubborn, r"a call that is cancelled ends: cancelled at request 1 .* it went on and came to 'No.'"),
        (Untidy, r"is taken away: with no answer at request 2 .*, it did not ask DELETE https://sky.example.org/chats"),
        (Busy, r"nothing is left behind: .*the task <Task pending"),
        (Clinging, r"the connection is closed: "),
    ],
)
def test_what_is_wrong_is_told(kind: type[Provider], law: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The law, at which request and in which way; all in one error."""
    if kind is Clinging:
        monkeypatch.setattr("toolkit.testing.replayed_call.CLOSING_SECONDS", 0.1)  # waiting longer changes nothing
    with pytest.raises(AssertionError, match=f"^{kind.__name__} does not keep to:\n- ") as caught:
        provider_contract(kind, recording(), answer=ANSWER)
    assert re.search(law, str(caught.value)), caught.value


def with_cookie() -> Recording:
    """The call of `Sky`, made with a session."""
    state = {"cookies": [{"name": "sid", "value": "PLACEHOLDER_1", "domain": "sky.example.org", "path": "/"}]}
    sent = [
        replace(entry, request=replace(entry.request, headers=[Pair("Cookie", "sid=PLACEHOLDER_1")]))
        for entry in recording().entries
    ]
    return replace(recording(), entries=sent, session=RecordedSession("sky", Sky.url, storage_state=state))


def test_a_refused_session_is_a_login() -> None:
    """Wherever in the call it is refused: the session is renewed then, or a person asked."""
    provider_contract(Sky, with_cookie(), answer=ANSWER)
    with pytest.raises(AssertionError) as caught:
        provider_contract(Shrouding, with_cookie(), answer=ANSWER)
    for number in (1, 2):
        assert re.search(
            rf"that the site refuses is a LoginRequired: with status 401 at request {number} .* SiteError",
            str(caught.value),
        ), caught.value
    assert "a login page at" not in str(caught.value)


class Endless(Believing):
    """A site whose answers have no end marker."""

    marks_end = False


def test_a_site_without_an_end_marker_is_not_cut() -> None:
    """Nobody can tell there whether an answer is whole."""
    provider_contract(Endless, recording(), answer=ANSWER)


def test_a_test_can_name_what_the_site_reports() -> None:
    """As where the provider is somebody else's."""
    with pytest.raises(AssertionError, match=r"a failure that the site reports is an error: .* it gave"):
        provider_contract(Sky, recording(), answer=ANSWER, error_events=Deafened.error_events)


def test_an_old_recording_is_told_by_its_cause_alone() -> None:
    """One line, and not all that was never played after it."""
    with pytest.raises(AssertionError) as caught:
        provider_contract(Chatty, recording(), answer=ANSWER)
    first, *more = str(caught.value).splitlines()
    assert first == "Chatty does not keep to:"
    assert len(more) == 1
    assert "body.loud: not recorded" in more[0]
    assert "never" not in more[0]


def test_another_failure_of_a_list_is_an_error() -> None:
    """Only that a site has no list says nothing about the call."""
    with pytest.raises(AssertionError) as caught:
        provider_contract(Shrugging, listing(), answer=ANSWER)
    assert "status 500 at request 1" in str(caught.value)
    assert "status 404 at request 1" not in str(caught.value)


def test_what_is_no_recording_of_it_is_refused(tmp_path: Path) -> None:
    """Not as a broken law: there is nothing to judge by."""
    with pytest.raises(RecordingError, match=r"There is no recording .*`toolkit record`"):
        provider_contract(Sky, tmp_path / "sky.har")
    with pytest.raises(UsageError, match="of aura, and not of sky"):
        provider_contract(Sky, RECORDINGS / "aura.har")
    with pytest.raises(UsageError, match="does not tell which call"):
        provider_contract("aura", replace(load(RECORDINGS / "aura.har"), chat=None))
