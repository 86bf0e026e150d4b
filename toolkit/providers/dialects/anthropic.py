"""Anthropic's Messages, and gateways that pass them on (https://docs.anthropic.com/en/docs/build-with-claude/streaming)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from toolkit.chats.events import Piece, Reasoning, Source, Sources, ToolCall, Usage
from toolkit.providers.dialects.base import Dialect, Head
from toolkit.providers.dialects.frames import Frame


class Anthropic(Dialect):
    """Named events whose data repeats the name as `type`. Text, thoughts and calls of tools are deltas of blocks."""

    name = "anthropic"
    title = "Anthropic Messages"

    def __init__(self) -> None:
        super().__init__()
        self._tools: dict[int, ToolCall] = {}
        self._prompt_tokens: int | None = None

    @classmethod
    def matches(cls, head: Head, frames: Sequence[Frame]) -> bool:
        return any(frame.at("type") == "message_start" for frame in frames[:3])

    def read(self, frame: Frame) -> Iterator[Piece]:
        kind, index = frame.text("type"), frame.at("index")
        if kind == "message_start":
            self._take_usage(frame, "message", "usage")
        elif kind == "content_block_start" and frame.at("content_block", "type") == "tool_use":
            block = ("content_block",)
            self._tools[index] = ToolCall(len(self._tools), frame.text(*block, "id"), frame.text(*block, "name"), "")
        elif kind == "content_block_delta":
            yield from self._read_delta(frame, index)
        elif kind == "content_block_stop" and index in self._tools:
            yield self._tools.pop(index)
        elif kind == "message_delta":
            self.give_reason(frame.at("delta", "stop_reason"))
            self._take_usage(frame, "usage")
        elif kind == "message_stop":
            self.end()
        elif kind == "error" or frame.event == "error":
            raise self.fail(frame.value or frame.data)

    def _read_delta(self, frame: Frame, index: int) -> Iterator[Piece]:
        kind = frame.text("delta", "type")
        if kind == "text_delta":
            yield frame.text("delta", "text")
        elif kind == "thinking_delta":
            yield Reasoning(frame.text("delta", "thinking"))
        elif kind == "input_json_delta" and index in self._tools:
            call = self._tools[index]
            arguments = call.arguments + frame.text("delta", "partial_json")
            self._tools[index] = ToolCall(call.index, call.id, call.name, arguments)
        elif kind == "citations_delta":
            cited = ("delta", "citation")
            title = frame.text(*cited, "title") or frame.text(*cited, "document_title")
            quote = frame.text(*cited, "cited_text")
            yield Sources((Source(title, frame.text(*cited, "url"), quotes=(quote,) if quote else ()),))

    def _take_usage(self, frame: Frame, *path: str) -> None:
        """The prompt's tokens are told at the start, those of the answer at the end."""
        self.count(frame.at(*path))
        if self.usage is not None:
            self._prompt_tokens = self.usage.prompt_tokens or self._prompt_tokens
            self.usage = Usage(self._prompt_tokens, *self.usage[1:])
