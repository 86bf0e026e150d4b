"""Servers that speak OpenAI's protocol in their own way: what is clear is taken, what is not is told with what came."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.providers.openai.asking import DOCUMENT, DONE, STOP, answering, ask, delta, frame
from toolkit.chats.events import (
    KEEP_ALIVE,
    ChatEvent,
    Finished,
    Media,
    ModelSelected,
    Reasoning,
    Source,
    Sources,
    Text,
    ToolCall,
    Usage,
)
from toolkit.chats.messages import ChatRequest, read_messages
from toolkit.errors import (
    EmptyAnswer,
    LoginRequired,
    ProtocolError,
    RateLimited,
    ServiceUnavailable,
    SiteError,
    StreamInterrupted,
    ToolkitError,
    UnknownModel,
)
from toolkit.http.transport import Transport
from toolkit.providers.codelinkava import CodeLinkAva
from toolkit.session.browser_session import BrowserSession

PIXEL = "data:image/png;base64,iVBORw0KGgo="
A, B = delta("a"), delta("b")


def calls(*deltas: dict[str, Any]) -> bytes:
    return b"".join(delta(tool_calls=[one]) for one in deltas)


WHOLE: dict[str, tuple[list[bytes], str]] = {
    "as the specification has it": ([A, B, STOP, DONE], "ab"),
    "no end marker, but a reason for the end": ([A, STOP], "a"),
    "an end marker and no reason": ([A, DONE], "a"),
    "an end marker without the empty line": ([A, STOP, b"data: [DONE]\n"], "a"),
    "an end marker without a line's end": ([A, b"data: [DONE]"], "a"),
    "an end marker with a space": ([A, STOP, b"data: [DONE] \n\n"], "a"),
    "a last chunk without its line's end": ([A, B, STOP.rstrip(b"\n")], "ab"),
    "choices that are null": ([A, STOP, frame(choices=None, usage={"total_tokens": 3}), DONE], "a"),
    "no choices": ([frame(id="x", object="chat.completion.chunk"), A, STOP, DONE], "a"),
    "Azure's first chunk": ([frame(choices=[], id="", object="", prompt_filter_results=[{}]), A, STOP, DONE], "a"),
    "empty frames": ([b"data: \n\n", b"data:\n\n", frame(), A, b"data: {}\n\n", STOP, DONE], "a"),
    "named keep-alives": ([b"event: ping\ndata: {}\n\n", b"event: heartbeat\ndata: 1\n\n", A, STOP, DONE], "a"),
    "comments": ([b": OPENROUTER PROCESSING\n\n", A, b":\n\n", STOP, DONE], "a"),
    "chunks that have a name": ([b"event: message\n" + A, b"event: completion\n" + B, STOP, DONE], "ab"),
    "filters' additional empty line": ([A + b"\n", B + b"\n", STOP + b"\n", DONE], "ab"),
    "content as a list": ([delta([{"type": "text", "text": "a"}, "b"]), STOP, DONE], "ab"),
    "a message in the place of a delta": ([frame(choices=[{"message": {"content": "ab"}}]), STOP, DONE], "ab"),
    "a message that says all again": (
        [A, B, frame(choices=[{"message": {"content": "ab"}, "finish_reason": "stop"}]), DONE],
        "ab",
    ),
    "a message after an empty delta": ([delta(""), frame(choices=[{"message": {"content": "ab"}}]), STOP, DONE], "ab"),
    "a message that says all again, cut at its end": (
        [A, B, frame(choices=[{"message": {"content": "ab"}, "finish_reason": "stop"}]).rstrip(b"\n")],
        "ab",
    ),
    "messages that grow": (
        [*(frame(choices=[{"message": {"content": text}}]) for text in ("a", "ab", "abc")), STOP, DONE],
        "abc",
    ),
    "completions of before chats": ([frame(choices=[{"text": "a"}]), frame(choices=[{"text": "b"}]), DONE], "ab"),
    "halves of a character": ([b'data: {"choices":[{"delta":{"content":"a\\ud83d"}}]}\n\n',
                               b'data: {"choices":[{"delta":{"content":"\\ude00b"}}]}\n\n', STOP, DONE], "a😀b"),
    "half a character": ([b'data: {"choices":[{"delta":{"content":"a\\ud83d"}}]}\n\n', STOP, DONE], "a\ufffd"),
    "a byte that is not UTF-8": ([b'data: {"choices":[{"delta":{"content":"caf\xe9"}}]}\n\n', STOP, DONE], "caf\ufffd"),
    "several answers": (
        [frame(choices=[{"index": 1, "delta": {"content": "no"}}]), A, STOP, DONE],
        "a",
    ),
    "CRLF": ([(A + STOP + DONE).replace(b"\n", b"\r\n")], "a"),
    "no space after the colon": ([A.replace(b"data: ", b"data:"), STOP, DONE], "a"),
    "JSON lines": ([A[6:-1], STOP[6:-1]], "a"),
}  # fmt: skip


@pytest.mark.parametrize(("parts", "text"), WHOLE.values(), ids=WHOLE)
async def test_what_is_clear_is_taken(parts: list[bytes], text: str) -> None:
    """A whole answer is one, in whichever way the server writes it; its end is told once, as the last event."""
    outcome = await ask(parts)
    assert outcome.error is None
    assert outcome.text == text
    assert outcome.events[-1] == Finished("stop")
    assert outcome.stream.finish_reason == "stop"


DOCUMENTS: dict[str, tuple[dict[str, Any], str]] = {
    "an answer": ({"choices": [{"message": {"role": "assistant", "content": "ab"}, "finish_reason": "stop"}]}, "ab"),
    "without a reason": ({"choices": [{"message": {"content": "ab"}}]}, "ab"),
    "of before chats": ({"choices": [{"text": "ab", "finish_reason": "stop"}]}, "ab"),
}


@pytest.mark.parametrize("content_type", [DOCUMENT, "text/event-stream", "text/plain"])
@pytest.mark.parametrize(("document", "text"), DOCUMENTS.values(), ids=DOCUMENTS)
async def test_a_document_in_the_place_of_a_stream(document: dict[str, Any], text: str, content_type: str) -> None:
    """A server that does not stream is understood, whatever it calls its answer, blank lines before it or not."""
    body = json.dumps(document, indent=1).encode()
    outcome = await ask([b"\n\n", body[:9], body[9:]], content_type=content_type)
    assert outcome.error is None
    assert (outcome.text, outcome.stream.finish_reason) == (text, "stop")


EVENTS: dict[str, tuple[list[bytes], list[ChatEvent]]] = {
    "reasoning": ([delta(reasoning_content="hm"), A], [Reasoning("hm"), Text("a")]),
    "reasoning, by its newer name": ([delta(reasoning="hm"), A], [Reasoning("hm"), Text("a")]),
    "reasoning under both names": ([delta(reasoning="hm", reasoning_content="hm"), A], [Reasoning("hm"), Text("a")]),
    "thinking in a list": (
        [delta([{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]), A],
        [Reasoning("hm"), Text("a")],
    ),
    "usage": (
        [A, frame(choices=[], usage={"prompt_tokens": 1, "completion_tokens": 2,
                                     "completion_tokens_details": {"reasoning_tokens": 1}})],
        [Text("a"), Usage(1, 2, 1)],
    ),
    "usage with each chunk": (
        [frame(choices=[{"delta": {"content": "a"}}], usage={"completion_tokens": n}) for n in (1, 2)],
        [Text("a"), Text("a"), Usage(None, 2, None)],
    ),
    "an image": ([A, delta(images=[{"type": "image_url", "image_url": {"url": PIXEL}}])],
                 [Text("a"), Media(data=b"\x89PNG\r\n\x1a\n", mime_type="image/png")]),
    "an image elsewhere": ([A, delta([{"type": "image_url", "image_url": "https://a.example/i.png"}])],
                           [Text("a"), Media(url="https://a.example/i.png")]),
    "pages that were cited": (
        [A, delta(annotations=[{"type": "url_citation", "url_citation": {"url": "https://a.example", "title": "A"}}])],
        [Text("a"), Sources((Source("A", "https://a.example"),))],
    ),
    "citations with each chunk": (
        [frame(choices=[{"delta": {"content": "a"}}], citations=["https://a.example"]) for _ in range(2)],
        [Sources((Source("", "https://a.example"),)), Text("a"), Text("a")],
    ),
    "Open WebUI's sources": (
        [frame(sources=[{"source": {"id": "f1", "name": "fact.txt"}, "document": ["It is so."], "metadata": [{}]}]), A],
        [Sources((Source("fact.txt", file="f1", quotes=("It is so.",)),)), Text("a")],
    ),
    "the arena's choice": ([frame(selected_model_id="m"), A], [ModelSelected("m"), Text("a")]),
    "a refusal": ([delta(refusal="I cannot.")], [Text("I cannot.")]),
    "a spoken answer": (
        [*(delta(audio={"transcript": text, "data": data}) for text, data in (("a", "AQI="), ("b", "Aw=="))),
         delta(audio={"id": "x", "expires_at": 1, "data": {}})],
        [Text("a"), Text("b"), Media(data=b"\1\2\3", name="audio")],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("parts", "events"), EVENTS.values(), ids=EVENTS)
async def test_everything_that_is_said_is_an_event(parts: list[bytes], events: list[ChatEvent]) -> None:
    """What an answer holds besides text is told in its place."""
    outcome = await ask([*parts, STOP, DONE])
    assert outcome.error is None
    assert outcome.events[:-1] == events


TOOL_CALLS: dict[str, tuple[bytes, list[ToolCall]]] = {
    "in pieces": (
        calls(
            {"index": 0, "id": "c", "function": {"name": "f", "arguments": ""}},
            {"index": 0, "function": {"arguments": '{"a":'}},
            {"index": 0, "function": {"arguments": "1}"}},
        ),
        [ToolCall(0, "c", "f", '{"a":1}')],
    ),
    "two at once": (
        calls(
            {"index": 0, "id": "c", "function": {"name": "f", "arguments": "{"}},
            {"index": 1, "id": "d", "function": {"name": "g", "arguments": "{}"}},
            {"index": 0, "function": {"arguments": "}"}},
        ),
        [ToolCall(0, "c", "f", "{}"), ToolCall(1, "d", "g", "{}")],
    ),
    "without an index": (
        calls({"id": "c", "function": {"name": "f"}}, {"function": {"arguments": "{}"}}, {"id": "d", "function": {}}),
        [ToolCall(0, "c", "f", "{}"), ToolCall(1, "d", "", "")],
    ),
    "arguments as a document": (
        calls({"index": 0, "function": {"name": "f", "arguments": {"a": 1}}}),
        [ToolCall(0, "", "f", '{"a": 1}')],
    ),
    "of before tools": (
        delta(function_call={"name": "f", "arguments": ""}) + delta(function_call={"arguments": "{}"}),
        [ToolCall(0, "", "f", "{}")],
    ),
}


@pytest.mark.parametrize(("parts", "expected"), TOOL_CALLS.values(), ids=TOOL_CALLS)
async def test_calls_of_tools_are_joined(parts: bytes, expected: list[ToolCall]) -> None:
    """A call of a tool comes whole, before the end; who has given tools gets it without an error."""
    outcome = await ask(
        [parts, delta(reason="tool_calls"), DONE], tools=[{"type": "function", "function": {"name": "f"}}]
    )
    assert outcome.error is None
    assert [event for event in outcome.events if isinstance(event, ToolCall)] == expected
    assert outcome.stream.tool_calls == tuple(expected)
    assert outcome.stream.finish_reason == "tool_calls"


REPORTED: dict[str, tuple[bytes, type[ToolkitError], str]] = {
    "an error": (frame(error={"message": "boom"}), SiteError, "boom"),
    "a sentence": (frame(error="boom"), SiteError, "boom"),
    "an event of that name": (b'event: error\ndata: {"message":"overloaded"}\n\n', SiteError, "overloaded"),
    "an event of that name, in words": (b"event: error\ndata: overloaded\n\n", SiteError, "overloaded"),
    "an object of that kind": (frame(object="error", message="too long", code=400), ToolkitError, "too long"),
    "an object of that kind, without a word": (frame(object="error", code=429), RateLimited, "429"),
    "a type": (frame(type="error", message="boom"), SiteError, "boom"),
    "Anthropic's": (frame(type="error", error={"type": "overloaded_error", "message": "boom"}), SiteError, "boom"),
    "a detail": (frame(detail="Model exploded"), SiteError, "Model exploded"),
    "Open WebUI's detail": (frame(error={"detail": "boom"}), SiteError, "boom"),
    "in the choice": (
        frame(choices=[{"delta": {}, "error": {"code": 502, "message": "died"}}]),
        ServiceUnavailable,
        "died",
    ),
    "as the reason for the end": (delta(reason="error"), SiteError, "failed"),
    "429": (frame(error={"message": "slow down", "code": 429}), RateLimited, "slow down"),
    "429 as text": (frame(error={"message": "slow down", "code": "429"}), RateLimited, "slow down"),
    "429 by its name": (frame(error={"message": "slow", "code": "rate_limit_exceeded"}), RateLimited, "slow"),
    "Google's": (frame(error={"code": 429, "message": "slow", "status": "RESOURCE_EXHAUSTED"}), RateLimited, "slow"),
    "an unknown model": (frame(error={"message": "no such", "code": "model_not_found"}), UnknownModel, "no such"),
    "503": (frame(error={"message": "busy", "code": 503}), ServiceUnavailable, "busy"),
}


@pytest.mark.parametrize("before", [b"", A], ids=["at once", "in mid-stream"])
@pytest.mark.parametrize(("report", "kind", "words"), REPORTED.values(), ids=REPORTED)
async def test_what_is_reported_inside_the_stream_is_an_error(
    report: bytes, kind: type[ToolkitError], words: str, before: bytes
) -> None:
    """A failure that is told in a 200 answer is an error of the type that its status would be, with the text so far."""
    outcome = await ask([before, report, DONE])
    assert isinstance(outcome.error, kind)
    assert words in str(outcome.error)
    assert outcome.error.text == ("a" if before else "")
    assert outcome.stream.finish_reason is None


async def test_a_login_that_is_asked_for_inside_the_stream() -> None:
    """401 in an answer means what the status means."""
    outcome = await ask([A, frame(error={"message": "who are you", "code": 401}), DONE])
    assert isinstance(outcome.error, LoginRequired)


async def test_an_error_document_is_told() -> None:
    """What a document reports in the place of an answer is the error."""
    outcome = await ask([b'{"error":{"message":"You exceeded your quota"}}'], content_type=DOCUMENT)
    assert isinstance(outcome.error, SiteError)
    assert "quota" in str(outcome.error)


EMPTY: dict[str, tuple[list[bytes], str]] = {
    "reasoning alone": ([delta(reasoning_content="hm"), STOP, DONE], "reasoning"),
    "a call of a tool that nobody gave": (
        [
            calls({"index": 0, "id": "c", "function": {"name": "f", "arguments": "{}"}}),
            delta(reason="tool_calls"),
            DONE,
        ],
        "f",
    ),
    "an end marker alone": ([DONE], "nothing"),
    "empty text": ([delta(""), STOP, DONE], "nothing"),
    "a filter": ([delta(reason="content_filter"), DONE], "content_filter"),
}


@pytest.mark.parametrize(("parts", "words"), EMPTY.values(), ids=EMPTY)
async def test_an_answer_without_text_is_an_error(parts: list[bytes], words: str) -> None:
    """Nothing to read is never a whole answer; the error says what there was instead."""
    outcome = await ask(parts)
    assert isinstance(outcome.error, EmptyAnswer)
    assert words in str(outcome.error)


BROKEN: dict[str, tuple[list[bytes], type[ToolkitError], str]] = {
    "cut without a reason": ([A], StreamInterrupted, "a"),
    "cut inside a chunk": ([A, b'data: {"choices":[{"del'], StreamInterrupted, "a"),
    "no JSON": ([A, b"data: hello\n\n"], ProtocolError, "a"),
    "another shape": ([A, frame(choices=[{"delta": 3}])], ProtocolError, "a"),
}


@pytest.mark.parametrize(("parts", "kind", "text"), BROKEN.values(), ids=BROKEN)
async def test_what_is_not_clear_is_told_with_what_came(
    parts: list[bytes], kind: type[ToolkitError], text: str
) -> None:
    """An answer that breaks off, or makes no sense, is an error that has the text so far."""
    outcome = await ask(parts)
    assert isinstance(outcome.error, kind)
    assert outcome.error.text == text


async def test_a_document_that_is_no_answer() -> None:
    """JSON in which there is no answer is told."""
    outcome = await ask([b'{"hello": "world"}'], content_type=DOCUMENT)
    assert isinstance(outcome.error, ProtocolError)


REASONS = {"length": "length", "max_tokens": "length", "SAFETY": "content_filter", "end_turn": "stop", "odd": "odd"}


@pytest.mark.parametrize(("sent", "told"), REASONS.items(), ids=REASONS)
async def test_the_reason_for_the_end_has_one_name(sent: str, told: str) -> None:
    """What models call the same end differently is told by OpenAI's word; any other reason as it came."""
    assert (await ask([A, delta(reason=sent), DONE])).stream.finish_reason == told


@pytest.mark.parametrize(
    "part",
    [b"event: ping\ndata: {}\n\n", frame(), frame(choices=[]), delta(), delta("")],
    ids=repr,
)
async def test_a_frame_that_holds_nothing_is_a_sign_of_life(part: bytes) -> None:
    """Whatever its form: a server sends it because its model still works."""
    request = ChatRequest(messages=read_messages("Hi"))
    async with (
        answering(part, A, STOP, DONE) as url,
        Transport(BrowserSession(provider="codelinkava", origin=url), page=url) as http,
    ):
        pieces = [piece async for piece in CodeLinkAva(url).stream(request, http)]
    assert pieces[0] is KEEP_ALIVE
    assert [piece for piece in pieces if piece is not KEEP_ALIVE] == ["a", Finished("stop")]


async def test_think_tags_are_reasoning_where_it_is_wished() -> None:
    """With `think_tags`, what stands between the tags is no part of the answer, wherever the pieces are cut."""
    pieces = [delta(piece) for piece in ("<thi", "nk>h", "m</", "think>\n\n", "a <b", "> b")]
    outcome = await ask([*pieces, STOP, DONE], think_tags=True)
    assert outcome.text == "a <b> b"
    assert outcome.stream.reasoning == "hm"
    assert (await ask([*pieces, STOP, DONE])).text == "<think>hm</think>\n\na <b> b"
