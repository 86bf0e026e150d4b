"""Answers in the shape of OpenAI's Responses API."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.gateway.answers import ANSWER, CALL, named_events
from tests.gateway.test_responses_request import question
from toolkit.chats.events import Media, Reasoning, Source, Sources, Status
from toolkit.gateway.answer_summary import AnswerUsage
from toolkit.gateway.error_answers import GatewayError
from toolkit.gateway.question import AnswerHead
from toolkit.gateway.responses import ResponseWriter, write_document

PICTURE = Media(data=b"x", mime_type="image/png")
SKY = Source("Sky", "https://s.example.org")


def head(**fields: Any) -> AnswerHead:
    return AnswerHead("resp_a1", 7, "aura", question(**fields))


def names(events: list[Any]) -> list[str]:
    return [event["type"].removeprefix("response.") for event in events]


def test_a_stream() -> None:
    """Every event that clients go by, numbered, and the whole response with the tokens at the end."""
    writer = ResponseWriter(head())
    events = named_events(writer.begin() + writer.text("bl\n\u2028") + writer.text("ue") + writer.end(ANSWER))
    assert names(events) == [
        *("created", "in_progress", "output_item.added", "content_part.added"),
        *("output_text.delta", "output_text.delta", "output_text.done", "content_part.done"),
        *("output_item.done", "completed"),
    ]
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    created, item, delta = events[0]["response"], events[2]["item"], events[4]
    assert (created["id"], created["status"], created["output"], created["created_at"]) == (
        "resp_a1",
        "in_progress",
        [],
        7,
    )
    assert (item["type"], item["role"], item["content"]) == ("message", "assistant", [])
    assert {
        "item_id": item["id"],
        "output_index": 0,
        "content_index": 0,
        "delta": "bl\n\u2028",
    }.items() <= delta.items()
    completed = events[-1]["response"]
    assert completed["output"] == [events[-2]["item"]]
    assert completed["output"][0]["content"][0]["text"] == "bl\n\u2028ue"
    assert (completed["usage"]["input_tokens"], completed["usage"]["output_tokens"]) == (3, 4)


def test_what_else_a_site_says() -> None:
    """Each is an item of its own, which is over before the next one begins; what has no item is left out."""
    writer = ResponseWriter(head())
    data = writer.event(Reasoning("h")) + writer.event(Reasoning("m")) + writer.text("blue")
    events = named_events(data + writer.event(CALL) + writer.event(PICTURE) + writer.end(ANSWER))
    assert names(events) == [
        *("output_item.added", "reasoning_summary_part.added", "reasoning_summary_text.delta"),
        *("reasoning_summary_text.delta", "reasoning_summary_text.done", "reasoning_summary_part.done"),
        *("output_item.done", "output_item.added", "content_part.added", "output_text.delta", "output_text.done"),
        *("content_part.done", "output_item.done", "output_item.added", "function_call_arguments.delta"),
        *("function_call_arguments.done", "output_item.done", "output_item.added"),
        *("image_generation_call.completed", "output_item.done", "completed"),
    ]
    output = events[-1]["response"]["output"]
    assert [item["type"] for item in output] == ["reasoning", "message", "function_call", "image_generation_call"]
    assert len({item["id"] for item in output}) == 4
    assert output[0]["summary"] == [{"type": "summary_text", "text": "hm"}]
    assert (output[2]["call_id"], output[2]["name"], output[2]["arguments"]) == ("call_1", "sky", CALL.arguments)
    assert output[3]["result"] == "eA=="
    for event in events:
        if "output_index" in event and "item_id" in event:
            assert output[event["output_index"]]["id"] == event["item_id"]
    for silent in (Status("thinking"), Media(url="https://s.example.org/p.png"), Media(data=b"x", mime_type="a/b")):
        assert writer.event(silent) == b""


def test_sources() -> None:
    """They are told with the message whose they are, also where the site tells them before it."""
    writer = ResponseWriter(head())
    assert writer.event(Sources((SKY, Source("a file", file="f")))) == b""
    events = named_events(writer.text("blue") + writer.event(Sources((SKY,))) + writer.end(ANSWER))
    cited = [event for event in events if event["type"] == "response.output_text.annotation.added"]
    assert [event["annotation_index"] for event in cited] == [0, 1]
    assert [event["annotation"]["end_index"] for event in cited] == [0, 4]
    annotations = events[-1]["response"]["output"][0]["content"][0]["annotations"]
    assert [one["url"] for one in annotations] == ["https://s.example.org"] * 2


def test_an_answer_without_anything() -> None:
    """Has an empty message, which clients look for."""
    events = named_events(ResponseWriter(head()).end(ANSWER._replace(text="")))
    assert events[-1]["response"]["output"][0]["content"][0]["text"] == ""
    assert json.loads(write_document(ANSWER._replace(text="", reasoning=""), head()))["output"][0]["type"] == "message"


@pytest.mark.parametrize(
    ("reason", "status", "details"),
    [
        ("stop", "completed", None),
        ("odd", "completed", None),
        ("tool_calls", "completed", None),
        ("length", "incomplete", {"reason": "max_output_tokens"}),
        ("content_filter", "incomplete", {"reason": "content_filter"}),
        ("refusal", "incomplete", {"reason": "content_filter"}),
    ],
)
def test_reasons_for_the_end(reason: str, status: str, details: dict[str, str] | None) -> None:
    """An answer that was cut says so, in the stream by an event of its own."""
    answer = ANSWER._replace(finish_reason=reason)
    writer = ResponseWriter(head())
    last = named_events(writer.text("bl") + writer.end(answer))[-1]
    assert last["type"] == f"response.{status}"
    for told in (last["response"], json.loads(write_document(answer, head()))):
        assert (told["status"], told["incomplete_details"]) == (status, details)
        assert told["output"][-1]["status"] == status


@pytest.mark.parametrize(
    ("status", "code"), [(502, "server_error"), (429, "rate_limit_exceeded"), (403, "invalid_prompt")]
)
def test_an_error_in_a_stream(status: int, code: str) -> None:
    """Is the response's own, and stands beside it for the clients that look there; nothing follows."""
    writer = ResponseWriter(head())
    writer.text("bl")
    (event,) = named_events(writer.error(GatewayError(status, "server_error", "upstream_error", "It broke.")))
    assert (event["type"], event["response"]["status"]) == ("response.failed", "failed")
    assert event["response"]["error"] == {"code": code, "message": "It broke."}
    assert (event["error"]["code"], event["error"]["message"]) == ("upstream_error", "It broke.")


def test_a_document() -> None:
    """All of the answer, what was asked, and whose tokens are counted here."""
    answer = ANSWER._replace(
        tool_calls=(CALL, CALL),
        media=(PICTURE, Media(url="u")),
        sources=(SKY,),
        usage=AnswerUsage(1, 2, 1, estimated=True),
    )
    tools = [{"type": "function", "name": "sky"}]
    told = json.loads(write_document(answer, head(instructions="Be brief.", tools=tools, temperature=0.5)))
    assert [item["type"] for item in told["output"]] == [
        *("reasoning", "image_generation_call", "message", "function_call", "function_call")
    ]
    assert told["output"][2]["content"][0]["annotations"][0]["url"] == "https://s.example.org"
    assert (told["object"], told["instructions"], told["temperature"]) == ("response", "Be brief.", 0.5)
    assert told["tools"] == [{**tools[0], "description": None, "parameters": None, "strict": None}]
    assert (told["top_p"], told["metadata"], told["reasoning"]) == (1, {}, {"effort": None, "summary": None})
    assert told["usage"]["estimated"]
    assert told["usage"]["output_tokens_details"] == {"reasoning_tokens": 1}
