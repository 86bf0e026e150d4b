"""What goes into a chat call: messages in the OpenAI shape, and the request around them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

import msgspec

from toolkit.chats.contents import File, Image, Part, TextPart, read_part
from toolkit.chats.events import ToolCall
from toolkit.errors import UsageError

Role = Literal["system", "user", "assistant", "tool"]
ROLES: tuple[str, ...] = get_args(Role)
DEVELOPER = "developer"  # what OpenAI calls `system` for its newer models
EXAMPLE = 'Write [{"role": "user", "content": "Hi"}].'
PARTS_EXAMPLE = 'Parts of one message go together: [{"role": "user", "content": ["See", image]}].'

# What a provider can be asked with; `Provider.accepts` names some of these.
TEXT, IMAGES, FILES, TOOLS = "text", "images", "files", "tools"


class Message(msgspec.Struct, frozen=True):
    """One turn of the conversation. `content` is text, or the parts of one that holds more than text.

    `tool_calls` are those of an assistant's turn; `tool_call_id` says which of them a `tool` turn is the result of.
    """

    role: Role
    content: str | tuple[Part, ...]
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    def __repr__(self) -> str:  # what a person has written is nobody else's business
        parts = 1 if isinstance(self.content, str) else len(self.content)
        return f"<Message {self.role}: {len(self.text)} characters in {parts} part{'' if parts == 1 else 's'}>"

    @property
    def text(self) -> str:
        """The text in the content."""
        if isinstance(self.content, str):
            return self.content
        return "".join(part.text for part in self.content if isinstance(part, TextPart))

    def as_dict(self) -> dict[str, Any]:
        """The message as OpenAI's API has it."""
        content: Any = self.content if isinstance(self.content, str) else [part.as_dict() for part in self.content]
        shape: dict[str, Any] = {"role": self.role, "content": content}
        if self.tool_calls:
            shape["content"] = content or None
            shape["tool_calls"] = [
                {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
                for call in self.tool_calls
            ]
        if self.role == "tool":
            shape["tool_call_id"] = self.tool_call_id
        return shape

    @property
    def needs(self) -> frozenset[str]:
        """What a site has to take for this message: `images`, `files`, `tools`."""
        parts = () if isinstance(self.content, str) else self.content
        found = {IMAGES for part in parts if isinstance(part, Image)} | {
            FILES for part in parts if isinstance(part, File)
        }
        return frozenset(found | ({TOOLS} if self.tool_calls or self.role == "tool" else set()))


MessageLike = Message | Mapping[str, Any]


def read_messages(messages: str | Iterable[MessageLike]) -> tuple[Message, ...]:
    """`messages` checked: a string is one user message; the rest are `{"role": ..., "content": ...}`, whose content is
    text or a list of parts (see `toolkit.chats.contents.read_part`). A list of texts alone becomes one text, and the
    role `developer` is `system`.

    Raises `UsageError` for an empty conversation, an unknown role, or content that is none of these.
    """
    if isinstance(messages, str):
        messages = [Message("user", messages)]
    if isinstance(messages, Mapping) or not isinstance(messages, Iterable):
        raise UsageError(f"`messages` is a list of messages, not {type(messages).__name__}.", hint=EXAMPLE)
    checked = tuple(_read_message(index, message) for index, message in enumerate(messages))
    if not checked:
        raise UsageError("There are no messages to send.", hint=EXAMPLE)
    if not any(message.text.strip() or message.needs for message in checked):
        raise UsageError("The messages are all empty; there is nothing to send.")
    return checked


def read_tools(tools: Iterable[Any]) -> tuple[dict[str, Any], ...]:
    """`tools` as OpenAI's API has them, checked to be mappings. Raises `UsageError`."""
    found = tuple(tools)
    for index, tool in enumerate(found):
        if not isinstance(tool, Mapping):
            raise UsageError(f"tools[{index}] is {type(tool).__name__}, not a mapping as OpenAI's API has it.")
    return tuple(map(dict, found))


def _read_message(index: int, message: object) -> Message:
    place = f"messages[{index}]"
    if isinstance(message, Message):
        message = {**message.as_dict(), "content": message.content}  # whose parts know more than OpenAI's API has
    if not isinstance(message, Mapping):
        hint = PARTS_EXAMPLE if isinstance(message, str | Image | File | TextPart) else EXAMPLE
        raise UsageError(f"{place} is {type(message).__name__}, not a mapping of role and content.", hint=hint)
    role, content = message.get("role"), message.get("content")
    if role == DEVELOPER:
        role = "system"
    if role not in ROLES:
        raise UsageError(f"{place}.role is {role!r}; it is one of {', '.join((*ROLES, DEVELOPER))}.")
    calls = _read_calls(message.get("tool_calls"), place) if role == "assistant" else ()
    if content is None and calls:
        content = ""
    answers = message.get("tool_call_id")
    return Message(
        role, _read_content(content, place), calls, answers if role == "tool" and isinstance(answers, str) else ""
    )


def _read_content(content: object, place: str) -> str | tuple[Part, ...]:
    """Text, or parts where there is more than text."""
    if isinstance(content, str):
        return content
    if isinstance(content, Image | File | TextPart):
        content = [content]
    if not isinstance(content, list | tuple):
        raise UsageError(f"{place}.content is {type(content).__name__}, not text or a list of parts.")
    parts = tuple(read_part(part, f"{place}.content[{number}]") for number, part in enumerate(content))
    if all(isinstance(part, TextPart) for part in parts):
        return "".join(part.text for part in parts if isinstance(part, TextPart))
    return parts


def _read_calls(calls: object, place: str) -> tuple[ToolCall, ...]:
    if not calls:
        return ()
    try:
        found = msgspec.convert(calls, list[_Call], from_attributes=True)
    except msgspec.ValidationError as error:
        raise UsageError(f"{place}.tool_calls is not what OpenAI's API has: {error}.") from None
    return tuple(ToolCall(i, one.id, one.function.name, one.function.arguments) for i, one in enumerate(found))


class _Function(msgspec.Struct):
    name: str
    arguments: str = ""


class _Call(msgspec.Struct):
    function: _Function
    id: str = ""


def format_prompt(messages: Iterable[MessageLike]) -> str:
    """The conversation as one text, for sites that take a prompt: a lone message is its own text; else one
    `Role: text` line per message and a last line `Assistant:`."""
    turns = read_messages(messages)
    if len(turns) == 1:
        return turns[0].text
    lines = [f"{turn.role.capitalize()}: {turn.text}" for turn in turns]
    return "\n".join([*lines, "Assistant:"])


class ChatRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One chat call. None means that the provider's own default is used; `options` are what only that provider
    knows, and go where its protocol puts them. `tools` and `tool_choice` are as OpenAI's API has them."""

    messages: tuple[Message, ...]
    model: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    tools: tuple[dict[str, Any], ...] = ()
    tool_choice: str | dict[str, Any] | None = None
    options: dict[str, Any] = {}

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    def __repr__(self) -> str:
        return f"<ChatRequest model={self.model}: {len(self.messages)} messages>"

    @property
    def needs(self) -> frozenset[str]:
        """What a site has to take for this call besides text; see `Message.needs`."""
        return frozenset({TOOLS} if self.tools else ()).union(*(message.needs for message in self.messages))

    def settings(self, *, temperature: str, max_tokens: str) -> dict[str, Any]:
        """What the caller asked for, under the names that a protocol has for it, with the options on top."""
        named = {temperature: self.temperature, max_tokens: self.max_tokens}
        return {name: value for name, value in named.items() if value is not None} | self.options
