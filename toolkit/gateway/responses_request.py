"""What a request of OpenAI's Responses API asks for. Pure.

https://platform.openai.com/docs/api-reference/responses/create. Nothing is kept here from one request to the next, so
what refers to an earlier one is refused; so is what changes an answer and no site can be made to keep to.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from toolkit.chats.contents import Part, TextPart
from toolkit.chats.messages import DEVELOPER
from toolkit.gateway.conversation import Conversation, read_given_part, read_parts, required
from toolkit.gateway.error_answers import Refused, invalid
from toolkit.gateway.question import JSON_HINT, NO_FUNCTION, Question
from toolkit.gateway.request_body import Count, decode_body

STATELESS = "Nothing is kept here between requests: send the whole conversation in `input`."
PASSED_OVER = {"reasoning"}  # items that come back as they were sent, and that no site takes


class ResponsesRequest(msgspec.Struct, kw_only=True):
    """The fields of a request that mean something here."""

    model: str
    input: str | list[dict[str, Any]]
    instructions: str | None = None
    stream: bool | None = False
    temperature: float | None = None
    max_output_tokens: Count | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: str | dict[str, Any] | None = None
    text: dict[str, Any] | None = None
    reasoning: dict[str, Any] | None = None
    previous_response_id: str | None = None
    conversation: str | dict[str, Any] | None = None
    prompt: dict[str, Any] | None = None
    background: bool | None = False

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    def __repr__(self) -> str:
        return f"<ResponsesRequest model={self.model}>"


def read_request(body: bytes) -> tuple[str, Question]:
    """The name of the model, and the question. Raises `Refused`."""
    asked, fields = decode_body(body, ResponsesRequest)
    fields.pop("input", None)  # the question has it, and agents send long ones
    _refuse_what_cannot_be_kept(asked)
    tools = tuple(_function(tool, f"tools[{index}]") for index, tool in enumerate(asked.tools or ()) if _is_ours(tool))
    choice, tools = _choice(asked.tool_choice, tools)
    if effort := (asked.reasoning or {}).get("effort"):
        fields["reasoning_effort"] = effort  # as chat completions calls it, for the sites that know it
    return asked.model, Question(
        messages=_conversation(asked).messages(),
        stream=bool(asked.stream),
        include_usage=True,
        temperature=asked.temperature,
        max_tokens=asked.max_output_tokens,
        tools=tools,
        tool_choice=choice,
        fields=fields,
        field="input",
    )


def _refuse_what_cannot_be_kept(asked: ResponsesRequest) -> None:
    for field in ("previous_response_id", "conversation", "prompt"):
        if getattr(asked, field):
            raise Refused(invalid(field, STATELESS))
    if asked.background:
        raise Refused(invalid("background", f"An answer comes while the client waits for it. {STATELESS}"))
    shape = (asked.text or {}).get("format")
    if isinstance(shape, Mapping) and shape.get("type", "text") != "text":
        raise Refused(invalid("text.format", f"No site can be made to keep to a format. {JSON_HINT}"))


def _conversation(asked: ResponsesRequest) -> Conversation:
    conversation = Conversation("input")
    if asked.instructions:
        conversation.say("system", [TextPart(asked.instructions)])
    if isinstance(asked.input, str):
        conversation.say("user", [TextPart(asked.input)])
        return conversation
    for index, item in enumerate(asked.input):
        _add_item(conversation, item, f"input[{index}]")
    return conversation


def _add_item(conversation: Conversation, item: dict[str, Any], place: str) -> None:
    match item.get("type", "message"):
        case "message":
            _add_message(conversation, item, place)
        case "function_call":
            call_id, name = required(item, "call_id", place), required(item, "name", place)
            conversation.call(call_id, name, required(item, "arguments", place))
        case "function_call_output":
            output = read_parts(item.get("output"), f"{place}.output")
            conversation.result(required(item, "call_id", place), output)
        case "image_generation_call":
            url = f"data:image/png;base64,{required(item, 'result', place)}"
            conversation.say("assistant", [read_given_part({"type": "input_image", "image_url": url}, place)])
        case kind if kind not in PASSED_OVER:
            raise Refused(invalid(f"{place}.type", f"No site takes items of the type {kind!r}."))


def _add_message(conversation: Conversation, item: dict[str, Any], place: str) -> None:
    role = item.get("role")
    if role == DEVELOPER:
        role = "system"
    if role not in ("system", "user", "assistant"):
        raise Refused(invalid(f"{place}.role", "A role is `user`, `assistant`, `system` or `developer`."))
    content = item.get("content")
    if isinstance(content, list):
        parts: list[Part] = [_part(part, f"{place}.content[{number}]") for number, part in enumerate(content)]
    else:
        parts = read_parts(content, f"{place}.content")
    conversation.say(role, parts)


def _part(part: object, place: str) -> Part:
    if isinstance(part, dict) and part.get("type") == "refusal":
        return TextPart(required(part, "refusal", place))
    return read_given_part(part, place)


def _is_ours(tool: dict[str, Any]) -> bool:
    """Whether it is a function, which the client runs. What OpenAI runs itself is left out: agents name it always, and
    a model does without."""
    return tool.get("type") == "function"


def _function(tool: dict[str, Any], place: str) -> dict[str, Any]:
    """A function as chat completions has it."""
    required(tool, "name", place)
    names = ("name", "description", "parameters", "strict")
    return {"type": "function", "function": {name: tool[name] for name in names if tool.get(name) is not None}}


def _choice(
    choice: str | dict[str, Any] | None, tools: tuple[dict[str, Any], ...]
) -> tuple[str | dict[str, Any] | None, tuple[dict[str, Any], ...]]:
    """`tool_choice` as chat completions has it, and the tools that it leaves."""
    if isinstance(choice, dict) and choice.get("type") == "allowed_tools":
        allowed = {tool.get("name") for tool in choice.get("tools") or () if isinstance(tool, dict)}
        tools = tuple(tool for tool in tools if tool["function"]["name"] in allowed)
        choice = choice.get("mode", "auto")
    if isinstance(choice, dict):
        if choice.get("type") != "function":
            raise Refused(invalid("tool_choice", "No site can be made to call a tool that is no function."))
        choice = {"type": "function", "function": {"name": required(choice, "name", "tool_choice")}}
    if tools or choice in (None, "auto", "none"):
        return (choice if tools else None), tools
    raise Refused(invalid("tool_choice", NO_FUNCTION))
