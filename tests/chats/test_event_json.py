"""Events as JSON, and as what the whole answer holds."""

from __future__ import annotations

import json
from typing import Any

import pytest

from toolkit.chats.details import AnswerDetails
from toolkit.chats.event_json import event_to_json
from toolkit.chats.events import (
    ChatEvent,
    ChatSaved,
    Finished,
    Media,
    ModelSelected,
    Queued,
    Reasoning,
    Source,
    Sources,
    Status,
    Text,
    ToolCall,
    Usage,
)

SHAPES: list[tuple[ChatEvent, dict[str, Any]]] = [
    (Text("a"), {"type": "text", "text": "a"}),
    (Reasoning("hm"), {"type": "reasoning", "text": "hm"}),
    (ToolCall(0, "c", "f", "{}"), {"type": "tool_call", "index": 0, "id": "c", "name": "f", "arguments": "{}"}),
    (
        Sources((Source("A", "https://a.example", quotes=("It is.",)),)),
        {
            "type": "sources",
            "sources": [{"title": "A", "url": "https://a.example", "file": "", "quotes": ["It is."]}],
        },
    ),
    (
        Media(data=b"Hi", mime_type="text/plain", name="a"),
        {"type": "media", "url": "data:text/plain;base64,SGk=", "mime_type": "text/plain", "name": "a"},
    ),
    (
        Media(data=b"Hi"),
        {"type": "media", "url": "data:application/octet-stream;base64,SGk=", "mime_type": "", "name": ""},
    ),
    (Media(url="https://a.example"), {"type": "media", "url": "https://a.example", "mime_type": "", "name": ""}),
    (Status("searching"), {"type": "status", "text": "searching", "done": False}),
    (
        Usage(1, None, 2),
        {"type": "usage", "prompt_tokens": 1, "completion_tokens": None, "reasoning_tokens": 2},
    ),
    (ModelSelected("m"), {"type": "model_selected", "model": "m"}),
    (ChatSaved("c", "https://a.example/c/c"), {"type": "chat_saved", "chat_id": "c", "url": "https://a.example/c/c"}),
    (Queued(1, 2), {"type": "queued", "position": 1, "size": 2}),
    (Finished("stop"), {"type": "finished", "reason": "stop"}),
]  # fmt: skip


@pytest.mark.parametrize(("event", "shape"), SHAPES, ids=[shape["type"] for _, shape in SHAPES])
def test_an_event_is_an_object_with_its_type(event: ChatEvent, shape: dict[str, Any]) -> None:
    """With the same words as in Python; it can be written down as it is."""
    assert json.loads(json.dumps(event_to_json(event))) == shape


def test_every_event_has_a_shape() -> None:
    """None was forgotten above."""
    assert {type(event) for event, _ in SHAPES} == set(ChatEvent.__args__)


def test_details_are_what_the_whole_answer_holds() -> None:
    """Pieces are joined, the last count is the cost, and what says nothing of the answer is left out."""
    details = AnswerDetails()
    for event, _ in SHAPES:
        details.add(event)
        details.add(event)
    assert details.reasoning == "hmhm"
    assert details.usage == Usage(1, None, 2)
    assert details.model == "m"
    assert [len(found) for found in (details.tool_calls, details.sources, details.media)] == [2, 2, 6]
    assert details.describe() == "4 characters of reasoning and 2 tool calls (`f`, `f`) and 2 sources"
    assert AnswerDetails().describe() == ""


def test_bytes_are_not_shown() -> None:
    """A repr names what they are, and no URL, which can hold a token."""
    shown = repr([Media(data=b"secret", name="a.png"), Media(url="https://a.example/?t=secret", mime_type="image/png")])
    assert shown == "[<Media a.png: 6 bytes>, <Media image/png: a URL>]"
