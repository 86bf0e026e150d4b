"""The shape of OpenAI's chat completions, in and out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.gateway.answers import ANSWER, CALL
from toolkit.chats.events import Media, Reasoning, Source, Sources, Status
from toolkit.gateway.answer_summary import AnswerUsage
from toolkit.gateway.chat_completions import ChunkWriter, read_request, write_document
from toolkit.gateway.error_answers import GatewayError, Refused
from toolkit.gateway.question import AnswerHead
from toolkit.providers import registry

MESSAGES = [{"role": "user", "content": "Hi"}]


def request(**fields: Any) -> bytes:
    return json.dumps({"model": "aura", "messages": MESSAGES, **fields}).encode()


def head(**fields: Any) -> AnswerHead:
    """The head of the answer to a request with `fields`."""
    return AnswerHead("chatcmpl-1", 7, "aura", read_request(request(**fields))[1])


def frames(data: bytes) -> list[Any]:
    lines = data.decode().split("\n\n")
    assert lines.pop() == ""
    return [line[6:] if line == "data: [DONE]" else json.loads(line.removeprefix("data: ")) for line in lines]


def test_a_request() -> None:
    """What is not known is passed over, as editors and agents send much."""
    model, question = read_request(
        request(stream=True, max_completion_tokens=9, temperature=0.2, user="x", store=False)
    )
    assert (model, question.stream, question.max_tokens, question.temperature) == ("aura", True, 9, 0.2)
    assert not question.include_usage
    assert read_request(request(stream_options={"include_usage": True}))[1].include_usage
    assert not read_request(request(stream=None))[1].stream


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b"", None),
        (b"{", None),
        (b"[" * 200_000, None),
        (b"\xff", None),
        (b"[]", None),
        (json.dumps({"messages": MESSAGES}).encode(), None),
        (request(model=1), "model"),
        (request(messages="Hi"), "messages"),
        (request(messages=[1]), "messages[0]"),
        (request(temperature="hot"), "temperature"),
        (request(messages=[]), "messages"),
        (request(messages=[{"role": "user", "content": 5}]), "messages"),
        (request(messages=[{"role": "nobody", "content": "Hi"}]), "messages"),
        (request(max_tokens=0), "max_tokens"),
        (request(max_completion_tokens=-1), "max_completion_tokens"),
        (request(tool_choice="required"), "tool_choice"),
        (request(n=2), "n"),
        (request(response_format={"type": "json_object"}), "response_format"),
    ],
)
def test_what_cannot_be_kept_is_refused(body: bytes, param: str | None) -> None:
    """With the field's name, before any site is asked."""
    with pytest.raises(Refused) as caught:
        read_request(body)
    assert (caught.value.error.status, caught.value.error.param) == (400, param)


def test_messages_that_are_none() -> None:
    """The toolkit's own words."""
    with pytest.raises(Refused, match="There are no messages"):
        read_request(request(messages=[]))


def test_options_of_a_site() -> None:
    """Those that it knows go along; where calls go, and how the site is read, is never the request's to say."""
    _, question = read_request(request(fn="chat", base_url="http://evil.test", proxy="http://evil.test", top=1))
    assert question.arguments(registry.find("gradio")) == {"temperature": None, "max_tokens": None, "fn": "chat"}
    _, question = read_request(request(stream=False, stream_options={"include_usage": False}, top_p=0.5))
    assert question.arguments(registry.find("openwebui")).keys() - {"temperature", "max_tokens"} == {
        "top_p",
        "tools",
        "tool_choice",
    }


def test_tools_at_a_site_without_tools() -> None:
    """They are left out where the model may do without them; one that has to call them is refused."""
    tools = [{"type": "function", "function": {"name": "sky"}}]
    for choice in (None, "auto", "none"):
        _, question = read_request(request(tools=tools, tool_choice=choice))
        assert "tools" not in question.arguments(registry.find("aura"))
        assert question.arguments(registry.find("codelinkava"))["tools"] == tuple(tools)
    _, question = read_request(request(tools=tools, tool_choice="required"))
    with pytest.raises(Refused) as caught:
        question.arguments(registry.find("aura"))
    assert caught.value.error.param == "tool_choice"


def test_a_stream() -> None:
    """Each event has what some client breaks without: the role first, a delta in each choice, usage only on request."""
    writer = ChunkWriter(head())
    first, piece = frames(writer.begin() + writer.text("bl\n\u2028ue"))
    assert first["choices"] == [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}]
    assert piece["choices"] == [{"index": 0, "delta": {"content": "bl\n\u2028ue"}, "finish_reason": None}]
    for event in (first, piece):
        assert {key: event[key] for key in ("id", "object", "created", "model")} == {
            "id": "chatcmpl-1",
            "object": "chat.completion.chunk",
            "created": 7,
            "model": "aura",
        }
    end, done = frames(writer.end(ANSWER))
    assert (end["choices"], done) == ([{"index": 0, "delta": {}, "finish_reason": "stop"}], "[DONE]")
    writer = ChunkWriter(head(stream_options={"include_usage": True}))
    end, usage, done = frames(writer.end(ANSWER))
    assert usage["choices"] == []
    assert usage["usage"] == {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}


def test_what_else_a_site_says() -> None:
    """Each in the field that clients have for it; what they have none for is left out."""
    writer = ChunkWriter(head())
    assert frames(writer.event(Reasoning("hm")))[0]["choices"][0]["delta"] == {"reasoning_content": "hm"}
    opened, filled = (frame["choices"][0]["delta"]["tool_calls"][0] for frame in frames(writer.event(CALL)))
    assert opened == {"index": 0, "id": "call_1", "type": "function", "function": {"name": "sky", "arguments": ""}}
    assert filled == {"index": 0, "function": {"arguments": '{"of": "Earth"}'}}
    (image,) = frames(writer.event(Media(data=b"x", mime_type="image/png")))
    assert image["choices"][0]["delta"]["images"][0]["image_url"]["url"] == "data:image/png;base64,eA=="
    (cited,) = frames(writer.event(Sources((Source("Sky", "https://s.example.org"), Source("a file", file="f")))))
    assert [one["url_citation"]["url"] for one in cited["choices"][0]["delta"]["annotations"]] == [
        "https://s.example.org"
    ]
    assert writer.event(Status("thinking")) == b""


def test_an_error_in_a_stream_has_no_end_marker() -> None:
    """Clients take any clean end for the end of the answer."""
    (event,) = frames(ChunkWriter(head()).error(GatewayError(502, "server_error", "upstream_error", "It broke.")))
    assert event == {"error": {"message": "It broke.", "type": "server_error", "param": None, "code": "upstream_error"}}


@pytest.mark.parametrize(
    ("told", "sent"),
    [("length", "length"), ("refusal", "content_filter"), ("tool_calls", "tool_calls"), ("odd", "stop")],
)
def test_reasons_for_the_end(told: str, sent: str) -> None:
    """In OpenAI's words, since clients check them."""
    assert (
        json.loads(write_document(ANSWER._replace(finish_reason=told), head()))["choices"][0]["finish_reason"] == sent
    )


def test_a_document() -> None:
    """The whole answer; tokens that were counted here and not by the site say so."""
    answer = ANSWER._replace(
        text="",
        tool_calls=(CALL,),
        media=(Media(data=b"x"), Media(url="u")),
        usage=AnswerUsage(1, 2, 1, estimated=True),
    )
    found = json.loads(write_document(answer, head()))
    message = found["choices"][0]["message"]
    assert (message["role"], message["content"], message["reasoning_content"]) == ("assistant", None, "hm")
    assert message["tool_calls"][0]["function"] == {"name": "sky", "arguments": '{"of": "Earth"}'}
    assert len(message["images"]) == 1
    assert found["usage"]["estimated"]
    assert found["usage"]["completion_tokens_details"] == {"reasoning_tokens": 1}
