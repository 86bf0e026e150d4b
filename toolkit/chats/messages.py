"""The input of a chat call: messages in the OpenAI shape, and the `ChatRequest` that holds them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

import msgspec

from toolkit.errors import UsageError

Role = Literal["system", "user", "assistant"]
ROLES: tuple[str, ...] = get_args(Role)


class Message(msgspec.Struct, frozen=True):
    """One message of the conversation."""

    role: Role
    content: str

    def as_dict(self) -> dict[str, str]:
        return {"role": self.role, "content": self.content}


MessageLike = Message | Mapping[str, Any]


def read_messages(messages: str | Iterable[MessageLike]) -> tuple[Message, ...]:
    """Check `messages` and return them as `Message` values.

    A string is one user message; else each message is a `Message` or a mapping `{"role": ..., "content": ...}`.

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
    """Write the conversation as one text, for sites that take a single prompt.

    The prompt of a single message is its content. The prompt of several has a line `Role: content` for each, and ends
    with a line `Assistant:`. Raises what `read_messages` raises.
    """
    checked = read_messages(messages)
    if len(checked) == 1:
        return checked[0].content
    lines = [f"{message.role.capitalize()}: {message.content}" for message in checked]
    return "\n".join([*lines, "Assistant:"])


class ChatRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What one chat call asks for. None stands for the provider's default.

    `options` are settings that only this provider has; it sends them where its protocol has a place for them.
    """

    messages: tuple[Message, ...]
    model: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    options: dict[str, Any] = {}

    def settings(self, *, temperature: str, max_tokens: str) -> dict[str, Any]:
        """The settings that the caller gave, with the options, as a protocol's JSON object.

        The arguments are the protocol's names of the two settings. An option of the same name replaces a setting.
        """
        named = {temperature: self.temperature, max_tokens: self.max_tokens}
        return {name: value for name, value in named.items() if value is not None} | self.options
