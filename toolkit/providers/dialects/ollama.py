"""Ollama's own protocol (https://github.com/ollama/ollama/blob/main/docs/api.md): `/api/chat` and `/api/generate`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from toolkit.chats.events import Piece, Reasoning, ToolCall
from toolkit.providers.dialects.base import Dialect, Head
from toolkit.providers.dialects.frames import Frame, LineFrames


class Ollama(Dialect):
    """JSON lines with a delta each; the last has `done`. A line with `error` ends the answer without it."""

    name = "ollama"
    title = "Ollama"
    frames = LineFrames

    def __init__(self) -> None:
        super().__init__()
        self._calls = 0

    @classmethod
    def matches(cls, head: Head, frames: Sequence[Frame]) -> bool:
        return any(frame.text("created_at") != "" and isinstance(frame.at("done"), bool) for frame in frames[:2])

    def read(self, frame: Frame) -> Iterator[Piece]:
        if reported := frame.at("error"):
            raise self.fail(reported)
        if thought := frame.text("message", "thinking") or frame.text("thinking"):
            yield Reasoning(thought)
        yield frame.text("message", "content") or frame.text("response")
        for call in frame.items("message", "tool_calls"):
            arguments = msgspec.json.encode(call.at("function", "arguments")).decode()
            yield ToolCall(self._calls, call.text("id"), call.text("function", "name"), arguments)
            self._calls += 1
        if frame.at("done") is True:
            counts = {"prompt_tokens": "prompt_eval_count", "completion_tokens": "eval_count"}
            self.count({ours: frame.at(theirs) for ours, theirs in counts.items()})
            self.end(frame.at("done_reason"))
