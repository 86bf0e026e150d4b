"""What goes into a chat call: messages in the OpenAI shape, and the request around them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

import msgspec

from toolkit.errors import UsageError

Role = Literal["system", "user", "assistant"]
ROLES: tuple[str, ...] = get_args(Role)


class Message(msgspec.Struct, frozen=True):
    """One turn of the conversation."""

    role: Role
    content: str

    def as_dict(self) -> dict[str, str]:
        return {"role": self.role, "content": self.content}


MessageLike = Message | Mapping[str, Any]


def read_messages(messages: str | Iterable[MessageLike]) -> tuple[Message, ...]:
    """`messages` checked: a string is one user message; the rest are `{"role": ..., "content": ...}`.

    Raises `UsageError` for an empty conversation, an unknown role, or content that is not text.
    """
    if isinstance(messages, str):
        messages = [Message("user", messages)]
    if isinstance(messages, Mapping) or not isinstance(messages, Iterable):
        raise UsageError(
            f"`messages` is a list of messages, not {type(messages).__name__}.",
            hint='Write [{"role": "user", "content": "Hi"}].',
        )
    checked = tuple(_read_message(index, message) for index, message in enumerate(messages))
    if not checked:
        raise UsageError("There are no messages to send.", hint='Write [{"role": "user", "content": "Hi"}].')
    if not any(message.content.strip() for message in checked):
        raise UsageError("The messages are all empty; there is nothing to send.")
    return checked


def _read_message(index: int, message: object) -> Message:
    if isinstance(message, Message):
        message = message.as_dict()
    if not isinstance(message, Mapping):
        raise UsageError(f"messages[{index}] is {type(message).__name__}, not a mapping of role and content.")
    role, content = message.get("role"), message.get("content")
    if role not in ROLES:
        raise UsageError(f"messages[{index}].role is {role!r}; it is one of {', '.join(ROLES)}.")
    if not isinstance(content, str):
        raise UsageError(f"messages[{index}].content is {type(content).__name__}, not text.")
    return Message(role, content)


def format_prompt(messages: Iterable[MessageLike]) -> str:
    """The conversation as one text, for sites that take a prompt: a lone message is its own content; else one
    `Role: content` line per message and a last line `Assistant:`."""
    turns = read_messages(messages)
    if len(turns) == 1:
        return turns[0].content
    lines = [f"{turn.role.capitalize()}: {turn.content}" for turn in turns]
    return "\n".join([*lines, "Assistant:"])


class ChatRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One chat call. None means that the provider's own default is used; `options` are what only that provider
    knows, and go where its protocol puts them."""

    messages: tuple[Message, ...]
    model: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    options: dict[str, Any] = {}

    def settings(self, *, temperature: str, max_tokens: str) -> dict[str, Any]:
        """What the caller asked for, under the names that a protocol has for it, with the options on top."""
        named = {temperature: self.temperature, max_tokens: self.max_tokens}
        return {name: value for name, value in named.items() if value is not None} | self.options
