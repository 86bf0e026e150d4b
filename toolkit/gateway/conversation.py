"""Puts a conversation together from the pieces in which protocols tell it: what is said, functions called, results.

OpenAI's chat completions, which is what sites are asked in, has the calls of a turn in that turn, and takes nothing but
text as a result and as what the assistant has said. Pictures and files of these are shown in the user's next turn.
Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from toolkit.chats.contents import Part, TextPart, read_part
from toolkit.chats.events import ToolCall
from toolkit.chats.messages import Message, MessageLike, Role, read_messages
from toolkit.errors import UsageError
from toolkit.gateway.error_answers import Refused, invalid


class Conversation:
    """The turns so far. `field` is what the request calls them, for the errors about all of them."""

    def __init__(self, field: str) -> None:
        self._field = field
        self._messages: list[Message] = []
        self._shown: list[Part] = []  # with the user's next turn

    def say(self, role: Role, parts: Iterable[Part]) -> None:
        """A turn of `role`; an empty one is none."""
        given = list(parts)
        if role == "user" and given:
            given = [*self._take_shown(), *given]
        if role == "assistant":
            self._shown += [part for part in given if not isinstance(part, TextPart)]
            given = [part for part in given if isinstance(part, TextPart)]
        if given:
            self._messages.append(Message(role, tuple(given)))

    def call(self, call_id: str, name: str, arguments: str) -> None:
        """A function that the assistant has called, in the turn that it is in."""
        last = self._messages[-1] if self._messages else None
        if last is None or last.role != "assistant":
            last = Message("assistant", "")
        else:
            self._messages.pop()
        calls = (*last.tool_calls, ToolCall(len(last.tool_calls), call_id, name, arguments))
        self._messages.append(Message("assistant", last.content, calls))

    def result(self, call_id: str, parts: Iterable[Part]) -> None:
        """What the function of the call `call_id` has given."""
        given = list(parts)
        text = "".join(part.text for part in given if isinstance(part, TextPart))
        self._shown += [part for part in given if not isinstance(part, TextPart)]
        self._messages.append(Message("tool", text, tool_call_id=call_id))

    def _take_shown(self) -> list[Part]:
        shown, self._shown = self._shown, []
        return shown

    def messages(self) -> tuple[Message, ...]:
        """All turns, checked. Raises `Refused` where there is nothing to ask."""
        self.say("user", self._take_shown())
        return check_messages(self._messages, self._field)


def check_messages(messages: Iterable[MessageLike], field: str) -> tuple[Message, ...]:
    """`messages` checked (`toolkit.chats.messages.read_messages`). Raises `Refused`, which names the `field`."""
    try:
        return read_messages(messages)
    except UsageError as error:
        raise Refused(invalid(field, error.what)) from None


def read_given_part(part: object, place: str) -> Part:
    """A part in OpenAI's shapes (`toolkit.chats.contents.read_part`). Raises `Refused`, which names the `place`."""
    try:
        return read_part(part, place)
    except UsageError as error:
        raise Refused(invalid(place, error.what)) from None


def required(mapping: Mapping[str, Any], name: str, place: str) -> str:
    """The text in the field `name` of what stands at `place`. Raises `Refused` where there is none."""
    value = mapping.get(name)
    if isinstance(value, str):
        return value
    raise Refused(invalid(f"{place}.{name}", f"`{place}.{name}` has to be a text."))


def read_parts(content: object, place: str) -> list[Part]:
    """The parts of `content`, which is a text or a list, in OpenAI's shapes. Raises `Refused`."""
    if isinstance(content, str):
        return [TextPart(content)] if content else []
    if not isinstance(content, list):
        raise Refused(invalid(place, f"`{place}` is neither a text nor a list of parts."))
    return [read_given_part(part, f"{place}[{index}]") for index, part in enumerate(content)]
