"""The body of a call of OpenAI's chat completions."""

from __future__ import annotations

from typing import Any

from toolkit.chats.messages import ChatRequest

THINK_TAGS = "think_tags"  # an option of ours: that the model writes its reasoning into the text, between tags


def completion_body(request: ChatRequest, **defaults: Any) -> dict[str, Any]:
    """The JSON object that asks for `request` as a stream; what the request says goes before `defaults`."""
    body: dict[str, Any] = {"messages": [message.as_dict() for message in request.messages], "stream": True} | defaults
    if request.tools:
        body["tools"] = list(request.tools)
    if request.tool_choice is not None:
        body["tool_choice"] = request.tool_choice
    body |= request.settings(temperature="temperature", max_tokens="max_tokens")
    body.pop(THINK_TAGS, None)
    return body


def wants_think_tags(request: ChatRequest) -> bool:
    """Whether the caller says that the model writes its reasoning into the text."""
    return bool(request.options.get(THINK_TAGS))
