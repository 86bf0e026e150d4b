"""What a request of Anthropic's Messages API asks for. Pure.

https://docs.anthropic.com/en/api/messages. Unknown fields are passed over, as agents send many; what changes an answer
and no site can be made to keep to is refused.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

import msgspec

from toolkit.chats.contents import File, Image, Part, TextPart
from toolkit.gateway.conversation import Conversation, required
from toolkit.gateway.error_answers import Refused, invalid
from toolkit.gateway.question import JSON_HINT, NO_FUNCTION, Question
from toolkit.gateway.request_body import Count, decode_body

PASSED_OVER = ("thinking", "redacted_thinking")  # blocks that come back as they were sent, and that no site takes
CHOICES = {"auto": "auto", "any": "required", "none": "none"}
ERROR_MARK = "Error: "  # before the result of a function that has failed


class MessagesRequest(msgspec.Struct, kw_only=True):
    """The fields of a request that mean something here."""

    model: str
    messages: list[dict[str, Any]]
    system: str | list[dict[str, Any]] | None = None
    stream: bool | None = False
    temperature: float | None = None
    max_tokens: Count | None = None
    stop_sequences: list[str] | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: dict[str, Any] | None = None
    output_config: dict[str, Any] | None = None
    mcp_servers: list[Any] | None = None
    container: Any = None

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    def __repr__(self) -> str:
        return f"<MessagesRequest model={self.model}: {len(self.messages)} messages>"


def read_request(body: bytes) -> tuple[str, Question]:
    """The name of the model, and the question. Raises `Refused`."""
    asked, fields = decode_body(body, MessagesRequest)
    del fields["messages"]  # the question has them, and agents send long ones
    _refuse_what_cannot_be_kept(asked)
    tools = tuple(_function(tool, f"tools[{index}]") for index, tool in enumerate(asked.tools or ()) if _is_ours(tool))
    fields.pop("service_tier", None)  # whose values are others than those of chat completions
    if asked.stop_sequences:
        fields["stop"] = asked.stop_sequences  # as chat completions calls it, for the sites that know it
    conversation = Conversation("messages")
    conversation.say("system", _read_blocks(asked.system or "", "system"))
    for index, message in enumerate(asked.messages):
        _add_message(conversation, message, f"messages[{index}]")
    return asked.model, Question(
        messages=conversation.messages(),
        stream=bool(asked.stream),
        include_usage=True,
        temperature=asked.temperature,
        max_tokens=asked.max_tokens,
        tools=tools,
        tool_choice=_choice(asked.tool_choice, tools),
        fields=fields,
    )


def _refuse_what_cannot_be_kept(asked: MessagesRequest) -> None:
    if (asked.output_config or {}).get("format"):
        raise Refused(invalid("output_config.format", f"No site can be made to keep to a format. {JSON_HINT}"))
    for field in ("mcp_servers", "container"):
        if getattr(asked, field):
            raise Refused(invalid(field, f"No site runs anything for an answer: leave `{field}` out."))


def _add_message(conversation: Conversation, message: dict[str, Any], place: str) -> None:
    role, content = message.get("role"), message.get("content")
    if role not in ("user", "assistant", "system"):
        raise Refused(invalid(f"{place}.role", "A role is `user` or `assistant`."))
    if not isinstance(content, list):
        conversation.say(role, _read_blocks(content, f"{place}.content"))
        return
    parts: list[Part] = []
    for number, block in enumerate(content):
        where = f"{place}.content[{number}]"
        kind = block.get("type") if isinstance(block, dict) else None
        if kind in PASSED_OVER:
            continue
        if kind not in ("tool_use", "tool_result"):
            parts += _read_block(block, where)
            continue
        conversation.say(role, parts)
        parts = []
        if kind == "tool_use":
            arguments = msgspec.json.encode(block.get("input") or {}).decode()
            conversation.call(required(block, "id", where), required(block, "name", where), arguments)
        else:
            failed: list[Part] = [TextPart(ERROR_MARK)] if block.get("is_error") else []
            result = _read_blocks(block.get("content") or "", f"{where}.content")
            conversation.result(required(block, "tool_use_id", where), failed + result)
    conversation.say(role, parts)


def _read_blocks(content: object, place: str) -> list[Part]:
    if isinstance(content, str):
        return [TextPart(content)] if content else []
    if not isinstance(content, list):
        raise Refused(invalid(place, f"`{place}` is neither a text nor a list of blocks."))
    return [part for number, block in enumerate(content) for part in _read_block(block, f"{place}[{number}]")]


def _read_block(block: object, place: str) -> list[Part]:
    if not isinstance(block, dict):
        raise Refused(invalid(place, f"`{place}` is no block."))
    match block.get("type"):
        case "text":
            return [TextPart(required(block, "text", place))]
        case "image":
            return [_read_image(_source(block, place), f"{place}.source")]
        case "document":
            title = block.get("title")
            return _read_document(_source(block, place), f"{place}.source", title if isinstance(title, str) else "")
        case "search_result":
            head = f"{required(block, 'title', place)} ({required(block, 'source', place)})\n"
            return [TextPart(head), *_read_blocks(block.get("content"), f"{place}.content")]
        case kind:
            raise Refused(invalid(f"{place}.type", f"No site takes blocks of the type {kind!r}."))


def _source(block: dict[str, Any], place: str) -> dict[str, Any]:
    source = block.get("source")
    if isinstance(source, dict):
        return source
    raise Refused(invalid(f"{place}.source", f"`{place}` has no source."))


def _read_image(source: dict[str, Any], place: str) -> Part:
    match source.get("type"):
        case "base64":
            return Image.from_bytes(_decode(source, place), required(source, "media_type", place))
        case "url":
            return Image(required(source, "url", place))
    raise Refused(invalid(f"{place}.type", "The source of an image is `base64` or `url`."))


def _read_document(source: dict[str, Any], place: str, title: str) -> list[Part]:
    """The document as a file; one that is text as text, which every site takes."""
    match source.get("type"):
        case "text":
            return [
                TextPart(f"{title}\n{required(source, 'data', place)}\n" if title else required(source, "data", place))
            ]
        case "content":
            return _read_blocks(source.get("content"), f"{place}.content")
        case "base64":
            mime_type = required(source, "media_type", place)
            name = title or f"document.{mime_type.rpartition('/')[2]}"
            return [File(name, _decode(source, place), mime_type)]
        case "file":
            return [File(title, id=required(source, "file_id", place))]
    raise Refused(invalid(f"{place}.type", "The source of a document is `base64`, `text`, `content` or `file`."))


def _decode(source: dict[str, Any], place: str) -> bytes:
    try:
        return b64decode(required(source, "data", place), validate=True)
    except (binascii.Error, ValueError):
        raise Refused(invalid(f"{place}.data", f"`{place}.data` is not base64.")) from None


def _is_ours(tool: Mapping[str, Any]) -> bool:
    """Whether it is a function, which the client runs. What Anthropic runs itself is left out: agents name it always,
    and a model does without."""
    return tool.get("type") in (None, "custom")


def _function(tool: dict[str, Any], place: str) -> dict[str, Any]:
    """A function as chat completions has it."""
    function = {"name": required(tool, "name", place), "parameters": tool.get("input_schema") or {"type": "object"}}
    if description := tool.get("description"):
        function["description"] = description
    return {"type": "function", "function": function}


def _choice(choice: dict[str, Any] | None, tools: tuple[dict[str, Any], ...]) -> str | dict[str, Any] | None:
    """`tool_choice` as chat completions has it."""
    kind = (choice or {}).get("type", "auto")
    if not tools:
        if kind in ("auto", "none"):
            return None
        raise Refused(invalid("tool_choice", NO_FUNCTION))
    if choice is None:
        return None
    if kind == "tool":
        return {"type": "function", "function": {"name": required(choice, "name", "tool_choice")}}
    if kind in CHOICES:
        return CHOICES[kind]
    raise Refused(invalid("tool_choice.type", "`tool_choice.type` is `auto`, `any`, `tool` or `none`."))
