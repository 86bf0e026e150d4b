"""What a client asks, whichever protocol it speaks. Pure."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from toolkit.chats.messages import TOOLS, Message
from toolkit.gateway.error_answers import Refused, unsupported
from toolkit.providers.base import CALL_OPTIONS, Provider

JSON_HINT = "Ask for JSON in the prompt instead."
NO_FUNCTION = "There is no function among `tools` that could be called."
# Which are no option of a site, also where it has one of that name: how a site is read is not the client's to say.
OWN_OPTIONS = {"temperature", "max_tokens", "stream", "stream_options", "tools", "tool_choice", *CALL_OPTIONS}


class Question(msgspec.Struct, frozen=True):
    """What to ask a site, whichever it is: the arguments of `Client.chat`."""

    messages: tuple[Message, ...]
    stream: bool
    include_usage: bool
    temperature: float | None
    max_tokens: int | None
    tools: tuple[dict[str, Any], ...]
    tool_choice: str | dict[str, Any] | None
    fields: dict[str, Any]  # of the request besides its messages, for the options of a site
    field: str = "messages"  # what the request calls its messages

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    def __repr__(self) -> str:
        return f"<Question of {len(self.messages)} messages>"

    def arguments(self, provider: type[Provider]) -> dict[str, Any]:
        """The arguments of `Client.chat` for `provider`, besides the messages and the model. Of the fields of the
        request that are not OpenAI's own, those that are an option of this site. Raises `Refused` for what the site
        cannot keep to."""
        needs = frozenset[str]().union(*(message.needs for message in self.messages))
        if refused := sorted(needs - provider.accepts):
            raise Refused(unsupported(self.field, f"{provider.name} takes no {' and no '.join(refused)}."))
        arguments: dict[str, Any] = {"temperature": self.temperature, "max_tokens": self.max_tokens}
        arguments |= {name: self.fields[name] for name in provider.options if name in self.fields.keys() - OWN_OPTIONS}
        if TOOLS in provider.accepts:
            return arguments | {"tools": self.tools, "tool_choice": self.tool_choice}
        if self.tools and self.tool_choice not in (None, "auto", "none"):
            what = f"{provider.name} has no tools, so it cannot be made to call one. {JSON_HINT}"
            raise Refused(unsupported("tool_choice", what))
        return arguments


class AnswerHead(NamedTuple):
    """What is known of an answer before it comes: its `id`, when it was asked for (seconds since 1970), the name by
    which the client called the model, and the question."""

    id: str
    created: int
    model: str
    question: Question

    @property
    def suffix(self) -> str:
        """The part of the id that no other answer has, for the ids of what is in this one."""
        return self.id.rpartition("_")[2].rpartition("-")[2]
