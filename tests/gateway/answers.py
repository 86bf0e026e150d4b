"""Answers as sites give them, and the events that protocols write them as."""

from __future__ import annotations

import json
from typing import Any

from toolkit.chats.events import ToolCall
from toolkit.gateway.answer_summary import AnswerSummary, AnswerUsage

CALL = ToolCall(0, "call_1", "sky", '{"of": "Earth"}')
ANSWER = AnswerSummary(
    text="blue",
    reasoning="hm",
    tool_calls=(),
    media=(),
    sources=(),
    finish_reason="stop",
    usage=AnswerUsage(3, 4, None, estimated=False),
)


def named_events(data: bytes) -> list[Any]:
    """The events in `data`, each of which has its type in the line before it too."""
    frames = data.decode().split("\n\n")
    assert frames.pop() == ""
    events = []
    for frame in frames:
        name, document = frame.split("\n")
        events.append(json.loads(document.removeprefix("data: ")))
        assert name == f"event: {events[-1]['type']}"
    return events
