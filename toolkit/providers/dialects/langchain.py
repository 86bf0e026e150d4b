"""LangChain's messages as JSON, which LangServe and LangGraph stream. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from toolkit.chats.events import Piece, Reasoning, ToolCall
from toolkit.providers.dialects.base import Dialect
from toolkit.providers.dialects.frames import value_at
from toolkit.providers.openai.answer import plain_text

WHOLE, DELTA = ("ai", "AIMessage"), ("AIMessageChunk",)
THOUGHTS = ("thinking", "reasoning")  # types of parts, which hold their text under the same name


class MessageReader:
    """Reads messages of the model for `dialect`, which takes note of what they tell besides text."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._calls: dict[int, ToolCall] = {}

    def read(self, message: Any) -> Iterator[Piece]:
        """The thoughts and the text of a message, or of a piece of one."""
        kwargs = value_at(message, "additional_kwargs")
        if thought := thoughts_of(value_at(message, "content")) or plain_text(value_at(kwargs, "reasoning_content")):
            yield Reasoning(thought)
        yield text_of(message)
        for call in value_at(message, "tool_call_chunks") or ():
            self._add_call(call)
        self._dialect.count(value_at(message, "usage_metadata"))
        self._dialect.give_reason(value_at(message, "response_metadata", "finish_reason"))

    def calls(self) -> Iterator[Piece]:
        """The calls of tools, once the answer has ended."""
        yield from (call for _, call in sorted(self._calls.items()))
        self._calls.clear()

    def _add_call(self, raw: Any) -> None:
        index = value_at(raw, "index")
        index = index if isinstance(index, int) else len(self._calls)
        before = self._calls.get(index, ToolCall(index, "", "", ""))
        self._calls[index] = ToolCall(
            index,
            before.id or plain_text(value_at(raw, "id")),
            before.name or plain_text(value_at(raw, "name")),
            before.arguments + plain_text(value_at(raw, "args")),
        )


def text_of(message: Any) -> str:
    """The text of a message, whose content can be a list of parts."""
    content = value_at(message, "content")
    if isinstance(content, list):
        return "".join(plain_text(part) for part in content if value_at(part, "type") in (None, "text"))
    return content if isinstance(content, str) else ""


def thoughts_of(content: Any) -> str:
    """The thoughts among the parts of a content."""
    parts = content if isinstance(content, list) else ()
    return "".join(plain_text(value_at(part, kind)) for part in parts if (kind := value_at(part, "type")) in THOUGHTS)


def is_models(message: Any) -> bool:
    """Whether a message is the model's, and not the person's or a tool's."""
    return value_at(message, "type") in (*WHOLE, *DELTA) or value_at(message, "role") == "assistant"
