"""Answers in the shape of Anthropic's Messages API."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from tests.gateway.answers import ANSWER, CALL, named_events
from tests.gateway.test_anthropic_request import question
from toolkit.chats.events import Media, Reasoning, Status
from toolkit.errors import ProtocolError
from toolkit.gateway.answer_summary import AnswerUsage
from toolkit.gateway.anthropic_messages import UNKNOWN_USAGE, MessageWriter, write_document, write_error
from toolkit.gateway.error_answers import GatewayError, invalid
from toolkit.gateway.question import AnswerHead


def head(**fields: Any) -> AnswerHead:
    return AnswerHead("msg_a1", 7, "aura", question(**fields))


def document(**changes: Any) -> Any:
    return json.loads(write_document(ANSWER._replace(**changes), head()))


def test_a_stream() -> None:
    """Each event has what some client breaks without: a message with tokens first, blocks with their index."""
    writer = MessageWriter(head())
    events = named_events(writer.begin() + writer.text("bl\n\u2028") + writer.text("ue") + writer.end(ANSWER))
    assert events == [
        {
            "type": "message_start",
            "message": {
                "id": "msg_a1",
                "type": "message",
                "role": "assistant",
                "model": "aura",
                "content": [],
                "stop_reason": None,
                "stop_sequence": None,
                "stop_details": None,
                "container": None,
                "usage": {**UNKNOWN_USAGE, "input_tokens": 1, "output_tokens": 0, "estimated": True},
            },
        },
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "bl\n\u2028"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "ue"}},
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn", "stop_sequence": None},
            "usage": {"input_tokens": 3, "output_tokens": 4},
        },
        {"type": "message_stop"},
    ]


def test_what_else_a_site_says() -> None:
    """Each is a block of its own, which is over before the next one begins; what has no block is left out."""
    writer = MessageWriter(head())
    data = writer.event(Reasoning("h")) + writer.event(Reasoning("m")) + writer.text("blue") + writer.event(CALL)
    events = named_events(data + writer.end(ANSWER))
    blocks = [event["content_block"] for event in events if event["type"] == "content_block_start"]
    assert blocks == [
        {"type": "thinking", "thinking": "", "signature": ""},
        {"type": "text", "text": ""},
        {"type": "tool_use", "id": "call_1", "name": "sky", "input": {}, "caller": {"type": "direct"}},
    ]
    deltas = [(event["index"], event["delta"]) for event in events if event["type"] == "content_block_delta"]
    assert deltas == [
        (0, {"type": "thinking_delta", "thinking": "h"}),
        (0, {"type": "thinking_delta", "thinking": "m"}),
        (1, {"type": "text_delta", "text": "blue"}),
        (2, {"type": "input_json_delta", "partial_json": CALL.arguments}),
    ]
    assert [event["index"] for event in events if event["type"] == "content_block_stop"] == [0, 1, 2]
    assert writer.event(Status("thinking")) == writer.event(Media(data=b"x")) == b""


def test_thinking_that_the_client_does_not_want() -> None:
    """Is left out of both."""
    unwanted = head(thinking={"type": "disabled"})
    assert MessageWriter(unwanted).event(Reasoning("hm")) == b""
    assert [block["type"] for block in json.loads(write_document(ANSWER, unwanted))["content"]] == ["text"]


def test_an_answer_without_anything() -> None:
    """Has an empty text, which clients look for."""
    events = named_events(MessageWriter(head()).end(ANSWER))
    assert events[0]["content_block"] == {"type": "text", "text": ""}
    assert document(text="", reasoning="")["content"] == [{"type": "text", "text": "", "citations": []}]


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("stop", "end_turn"),
        ("odd", "end_turn"),
        ("length", "max_tokens"),
        ("tool_calls", "tool_use"),
        ("refusal", "refusal"),
        ("content_filter", "refusal"),
    ],
)
def test_reasons_for_the_end(reason: str, told: str) -> None:
    """In Anthropic's words, since agents go by them."""
    assert document(finish_reason=reason)["stop_reason"] == told


def test_a_document() -> None:
    """The whole answer; tokens that were counted here and not by the site say so."""
    found = document(tool_calls=(CALL,), usage=AnswerUsage(1, 2, 1, estimated=True))
    assert found["content"] == [
        {"type": "thinking", "thinking": "hm", "signature": ""},
        {"type": "text", "text": "blue", "citations": []},
        {
            "type": "tool_use",
            "id": "call_1",
            "name": "sky",
            "input": {"of": "Earth"},
            "caller": {"type": "direct"},
        },
    ]
    counted = {"input_tokens": 1, "output_tokens": 2, "estimated": True}
    assert found["usage"] == UNKNOWN_USAGE | counted | {"output_tokens_details": {"thinking_tokens": 1}}


@pytest.mark.parametrize("arguments", ["{", "[1]"])
def test_a_call_that_nobody_can_make(arguments: str) -> None:
    """Is an error rather than a call without arguments; one that needs none may have no text for them."""
    with pytest.raises(ProtocolError):
        document(tool_calls=(msgspec.structs.replace(CALL, arguments=arguments),))
    (block,) = document(tool_calls=(msgspec.structs.replace(CALL, arguments=""),), text="", reasoning="")["content"]
    assert block["input"] == {}


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (403, "permission_error"),
        (404, "not_found_error"),
        (413, "request_too_large"),
        (415, "invalid_request_error"),
        (429, "rate_limit_error"),
        (500, "api_error"),
        (502, "api_error"),
        (503, "overloaded_error"),
        (504, "timeout_error"),
    ],
)
def test_errors(status: int, kind: str) -> None:
    """In Anthropic's words, with the request's id; within a stream an error is the last event."""
    error = GatewayError(status, "server_error", "upstream_error", "It broke.")
    told = {"type": "error", "error": {"type": kind, "message": "It broke."}}
    assert json.loads(write_error(error, "req_1")) == {**told, "request_id": "req_1"}
    assert named_events(MessageWriter(head()).error(error)) == [told]


def test_the_field_that_an_error_is_about() -> None:
    """Stands in the message: the shape has no place for it."""
    error = json.loads(write_error(invalid("system", "It is no text."), "req_1"))["error"]
    assert error["message"] == "system: It is no text."
