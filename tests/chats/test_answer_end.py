"""How an answer ends: whole, cut, or without a word; and what an error knows of what had come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.providers.openai.asking import DONE, answering, ask, delta, frame
from toolkit.chats.events import Finished, Media, Piece, Pieces, Reasoning, Source, Sources, Text, ToolCall, Usage
from toolkit.chats.messages import ChatRequest
from toolkit.client.client import Client
from toolkit.client.sync_client import SyncClient
from toolkit.errors import AnswerTruncated, EmptyAnswer, LoginRequired, ProtocolError, SiteError, ToolkitError
from toolkit.http.transport import Transport
from toolkit.providers.base import Provider
from toolkit.session.browser_session import BrowserSession

TOOL = {"type": "function", "function": {"name": "f"}}
CALL, PICTURE = ToolCall(0, "c", "f", "{}"), Media(url="https://a.example/a.png")


class Scripted(Provider):
    """Says what it was given, and raises what of it is an error."""

    name = "scripted"
    url = "https://scripted.example/"
    accepts = frozenset({"text", "tools"})
    script: tuple[Piece | Exception, ...] = ()

    async def stream(self, request: ChatRequest, http: Transport) -> Pieces:
        for piece in self.script:
            if isinstance(piece, Exception):
                raise piece
            yield piece


def client(*script: Piece | Exception) -> Client:
    provider = Scripted()
    provider.script = script
    return Client(provider, session=BrowserSession.from_cookie_values("scripted", Scripted.url, {"a": "b"}))


@pytest.mark.parametrize("reason", ["length", "content_filter", "recitation"])
async def test_an_answer_that_the_site_cut_is_an_error(reason: str) -> None:
    """It has the text and the reason; `allow_truncated` takes the text as it is, and pieces come as always."""
    async with client("a", "b", Finished(reason)) as chatting:
        with pytest.raises(AnswerTruncated) as caught:
            await chatting.chat("Hi").text()
        assert (caught.value.text, caught.value.finish_reason) == ("ab", reason)
        assert str(caught.value).startswith("scripted: The site")
        assert await chatting.chat("Hi").text(allow_truncated=True) == "ab"
        stream = chatting.chat("Hi")
        assert [piece async for piece in stream] == ["a", "b"]
        assert stream.finish_reason == reason


async def test_a_length_that_was_asked_for_is_no_cut() -> None:
    """`max_tokens` limits the answer to what the caller wants; it excuses no other reason."""
    async with client("a", Finished("length")) as chatting:
        assert await chatting.chat("Hi", max_tokens=1).text() == "a"
    async with client("a", Finished("content_filter")) as chatting:
        with pytest.raises(AnswerTruncated, match="content filter"):
            await chatting.chat("Hi", max_tokens=1).text()


@pytest.mark.parametrize("reason", ["stop", "tool_calls", "refusal"])
async def test_a_whole_answer_is_its_text(reason: str) -> None:
    """A refusal's text is text, and so is what is said before the call of a tool."""
    async with client("a", Finished(reason)) as chatting:
        assert await chatting.chat("Hi").text() == "a"


async def test_threads_are_told_of_a_cut_too() -> None:
    """`SyncStream` has the same law."""
    async with answering(delta("a"), delta(reason="length"), DONE) as url:
        arguments: dict[str, Any] = {"base_url": url, "session": BrowserSession(provider="codelinkava", origin=url)}

        def reads() -> None:
            chatting = SyncClient("codelinkava", **arguments)
            with pytest.raises(AnswerTruncated) as caught:
                chatting.chat("Hi").text()
            assert (caught.value.text, caught.value.finish_reason) == ("a", "length")
            assert chatting.chat("Hi").text(allow_truncated=True) == "a"
            assert chatting.chat("Hi", max_tokens=1).text() == "a"

        await asyncio.to_thread(reads)


NOTHING: dict[str, tuple[tuple[Piece, ...], str]] = {
    "nothing": ((), "no text, and nothing else in it."),
    "an end": ((Finished("stop"),), "no text, and nothing else in it."),
    "a filter": ((Finished("content_filter"),), "nothing else in it; it ended for the reason 'content_filter'."),
    "reasoning": ((Reasoning("hm"), Reasoning("m"), Finished("stop")), "no text, only 3 characters of reasoning."),
    "a call of a tool": ((CALL, Finished("tool_calls")), r"only 1 tool call \(`f`\); it ended for the reason 'tool_"),
    "sources": ((Sources((Source("a"), Source("b"))), Usage(1)), "no text, only 2 sources."),
    "several": ((Reasoning("h"), Sources((Source("a"),))), "only 1 character of reasoning and 1 source."),
    "blank pieces": (("", Text("")), "nothing else in it."),
}


@pytest.mark.parametrize(("script", "words"), NOTHING.values(), ids=NOTHING)
async def test_an_answer_without_text_is_an_error(script: tuple[Piece, ...], words: str) -> None:
    """Whoever reads pieces, events or the text is told what there was instead, after all of that has been given."""
    async with client(*script) as chatting:
        for read in (lambda stream: stream.text(allow_truncated=True), collect):
            with pytest.raises(EmptyAnswer, match=words) as caught:
                await read(chatting.chat("Hi"))
            assert isinstance(caught.value, ProtocolError)
            assert caught.value.provider == "scripted"


async def collect(stream: AsyncIterator[object]) -> list[object]:
    return [piece async for piece in stream]


async def test_a_picture_is_an_answer() -> None:
    """Where the site was asked for one, there is no text."""
    async with client(PICTURE, Finished("stop")) as chatting:
        stream = chatting.chat("Hi")
        assert await stream.text() == ""
        assert stream.media == (PICTURE,)


async def test_a_call_of_a_tool_is_an_answer_to_who_has_given_it() -> None:
    """Only then does somebody wait for it."""
    async with client(CALL, Finished("tool_calls")) as chatting:
        stream = chatting.chat("Hi", tools=[TOOL])
        assert await stream.text() == ""
        assert stream.tool_calls == (CALL,)


async def test_blanks_are_text() -> None:
    """A line's end is what the model has said."""
    async with client("\n") as chatting:
        assert await chatting.chat("Hi").text() == "\n"


ERRORS: dict[str, Callable[[], ToolkitError]] = {
    "reported": lambda: SiteError("boom"),
    "protocol": lambda: ProtocolError("odd"),
    "login": lambda: LoginRequired("who are you"),
    "usage": lambda: ToolkitError("something"),
}


@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)
async def test_every_error_has_the_text_that_had_come(error: Callable[[], ToolkitError]) -> None:
    """Whatever ends an answer in its middle; before the first piece there is none."""
    async with client("a", Reasoning("hm"), Text("b"), error()) as chatting:
        stream = chatting.chat("Hi")
        with pytest.raises(ToolkitError) as caught:
            await stream.text()
        assert caught.value.text == "ab"
        with pytest.raises(type(caught.value)) as again:
            await stream.text()
        assert again.value.text == "ab"
    async with client(error()) as chatting:
        with pytest.raises(ToolkitError) as caught:
            await chatting.chat("Hi").text()
        assert caught.value.text == ""


async def test_the_details_are_told_after_the_end() -> None:
    """What came besides the text is on the stream, in the order in which it came."""
    usage = frame(choices=[], usage={"prompt_tokens": 1, "completion_tokens": 2})
    cited = frame(citations=["https://a.example"], choices=[])
    outcome = await ask([delta(reasoning="h"), delta("a", reasoning="m"), cited, usage, delta(reason="stop"), DONE])
    stream = outcome.stream
    assert (stream.reasoning, stream.usage, stream.model) == ("hm", Usage(1, 2), None)
    assert (stream.sources, stream.media, stream.tool_calls) == ((Source("", "https://a.example"),), (), ())


@asynccontextmanager
async def synchronous(*parts: bytes) -> AsyncIterator[SyncClient]:
    async with answering(*parts) as url:
        yield SyncClient("codelinkava", base_url=url, session=BrowserSession(provider="codelinkava", origin=url))


async def test_threads_have_the_details_too() -> None:
    """`SyncStream` tells the same events, and the same of the whole."""
    parts = [delta(reasoning="hm"), delta("a"), frame(choices=[], usage={"prompt_tokens": 1}), delta(reason="stop")]
    async with synchronous(*parts, DONE) as chatting:
        stream = chatting.chat("Hi")
        events = await asyncio.to_thread(lambda: list(stream.events()))
    assert events == [Reasoning("hm"), Text("a"), Usage(1), Finished("stop")]
    assert (stream.finish_reason, stream.usage, stream.reasoning) == ("stop", Usage(1), "hm")
    assert (stream.tool_calls, stream.sources, stream.media, stream.model) == ((), (), (), None)
