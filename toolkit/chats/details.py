"""What an answer holds besides its text, as it is collected while the stream is read."""

from __future__ import annotations

from toolkit.chats.events import (
    ChatEvent,
    ChatSaved,
    Media,
    ModelSelected,
    Reasoning,
    Source,
    Sources,
    ToolCall,
    Usage,
)


class AnswerDetails:
    """Collects the events of one answer that are no text."""

    __slots__ = ("_reasoning", "chat_id", "media", "model", "sources", "tool_calls", "usage")

    def __init__(self) -> None:
        self.usage: Usage | None = None
        self.model: str | None = None
        self.chat_id: str | None = None
        self.tool_calls: tuple[ToolCall, ...] = ()  # there are few, mostly none
        self.sources: tuple[Source, ...] = ()
        self.media: tuple[Media, ...] = ()
        self._reasoning: list[str] = []

    @property
    def reasoning(self) -> str:
        """All of the model's reasoning, as one text."""
        return "".join(self._reasoning)

    def add(self, event: ChatEvent) -> None:
        """Take in an event; one that says nothing of the answer itself (`Status`) is left out."""
        if isinstance(event, Reasoning):
            self._reasoning.append(event.text)
        elif isinstance(event, ToolCall):
            self.tool_calls += (event,)
        elif isinstance(event, Sources):
            self.sources += event.sources
        elif isinstance(event, Media):
            self.media += (event,)
        elif isinstance(event, Usage):
            self.usage = event
        elif isinstance(event, ModelSelected):
            self.model = event.model
        elif isinstance(event, ChatSaved):
            self.chat_id = event.chat_id

    def describe(self) -> str:
        """What there is, in words: part of a sentence, "" for nothing."""
        parts = []
        if self.reasoning:
            parts.append(f"{_count(len(self.reasoning), 'character')} of reasoning")
        if self.tool_calls:
            names = ", ".join(f"`{call.name or '?'}`" for call in self.tool_calls)
            parts.append(f"{_count(len(self.tool_calls), 'tool call')} ({names})")
        if self.sources:
            parts.append(_count(len(self.sources), "source"))
        return " and ".join(parts)


def _count(number: int, name: str) -> str:
    return f"{number} {name}{'' if number == 1 else 's'}"
