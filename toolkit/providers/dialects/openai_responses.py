"""OpenAI's Responses, and what imitates them (https://platform.openai.com/docs/api-reference/responses-streaming)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from toolkit.chats.events import Piece, Reasoning, Sources, ToolCall
from toolkit.providers.dialects.base import Dialect, Head
from toolkit.providers.dialects.frames import Frame
from toolkit.providers.openai.answer import annotated_sources

THOUGHTS = ("response.reasoning_text.delta", "response.reasoning_summary_text.delta")


class OpenAIResponses(Dialect):
    """Named events that begin with `response.`. After the deltas the whole text comes four more times, which counts
    where there was no delta."""

    name = "openai-responses"
    title = "OpenAI Responses"

    def __init__(self) -> None:
        super().__init__()
        self._parts: set[tuple[object, object]] = set()  # which parts of the answer came as deltas
        self._calls = 0

    @classmethod
    def matches(cls, head: Head, frames: Sequence[Frame]) -> bool:
        return any(frame.text("type").startswith("response.") for frame in frames[:3])

    def read(self, frame: Frame) -> Iterator[Piece]:
        kind = frame.text("type") or frame.event
        part = frame.at("item_id"), frame.at("content_index")
        if kind in ("response.output_text.delta", "response.refusal.delta"):
            self._parts.add(part)
            if kind == "response.refusal.delta":
                self.reason = "refusal"
            yield frame.text("delta")
        elif kind == "response.output_text.done" and part not in self._parts:
            self._parts.add(part)
            yield frame.text("text")
        elif kind in THOUGHTS:
            yield Reasoning(frame.text("delta"))
        elif kind == "response.output_text.annotation.added":
            if sources := tuple(annotated_sources([frame.at("annotation")])):
                yield Sources(sources)
        elif kind == "response.output_item.done" and frame.at("item", "type") == "function_call":
            name, arguments = frame.text("item", "name"), frame.text("item", "arguments")
            yield ToolCall(self._calls, frame.text("item", "call_id"), name, arguments)
            self._calls += 1
        elif kind in ("response.completed", "response.incomplete"):
            if not self._parts:
                yield from self._read_output(frame)
            self.count(frame.at("response", "usage"))
            self.end(self.reason or frame.at("response", "incomplete_details", "reason"))
        elif kind in ("response.failed", "error"):
            raise self.fail(frame.at("response", "error") or frame.value)

    def _read_output(self, frame: Frame) -> Iterator[Piece]:
        for item in frame.items("response", "output"):
            for content in item.items("content"):
                if content.at("type") == "output_text":
                    yield content.text("text")
