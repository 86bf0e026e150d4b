"""LangServe (https://github.com/langchain-ai/langserve): `/stream`, `/stream_events` and `/stream_log`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from toolkit.chats.events import Piece
from toolkit.providers.dialects.base import Dialect, Head
from toolkit.providers.dialects.frames import Frame, value_at
from toolkit.providers.dialects.langchain import MessageReader

FIELDS = ("answer", "output", "text", "result")  # where a chain that gives an object has its text, by custom


class LangServe(Dialect):
    """Named events: `metadata`, `data` with any value, and `end`, which has no data."""

    name = "langserve"
    title = "LangServe /stream"

    def __init__(self) -> None:
        super().__init__()
        self._messages = MessageReader(self)

    @classmethod
    def matches(cls, head: Head, frames: Sequence[Frame]) -> bool:
        if any(isinstance(frame.at("ops"), list) for frame in frames) or "content-location" in head.headers:
            return False
        first = frames[0] if frames else Frame("", "")
        if first.event == "metadata" and "run_id" in (first.value or {}) and first.at("attempt") is None:
            return {frame.event for frame in frames[1:]} <= {"data", "end", "error"}
        return first.event == "data" and first.text("event").startswith("on_")

    def read(self, frame: Frame) -> Iterator[Piece]:
        if frame.event == "end":
            yield from self._messages.calls()
            self.end()
        elif frame.event == "data" and isinstance(kind := frame.at("event"), str):
            if kind == "on_chat_model_stream":
                yield from self._read_value(frame.at("data", "chunk"))
        elif frame.event == "data":
            yield from self._read_value(frame.value)

    def _read_value(self, value: Any) -> Iterator[Piece]:
        if isinstance(value, str):
            yield value
        elif value_at(value, "content") is not None:
            yield from self._messages.read(value)
        else:
            found = (value_at(value, name) for name in FIELDS)
            yield next((text for text in found if isinstance(text, str)), "")


class LangServeLog(LangServe):
    """Events with JSON patches, of which one list is the answer; the others tell the same again."""

    name = "langserve-log"
    title = "LangServe /stream_log"

    def __init__(self) -> None:
        super().__init__()
        self._final: Any = None

    @classmethod
    def matches(cls, head: Head, frames: Sequence[Frame]) -> bool:
        return any(isinstance(frame.at("ops"), list) for frame in frames[:3])

    def read(self, frame: Frame) -> Iterator[Piece]:
        for op in frame.items("ops"):
            if op.at("path") == "/streamed_output/-":
                yield from self._read_value(op.at("value"))
            elif op.at("path") == "/final_output":
                self._final = op.at("value")
        if frame.event == "end":
            if not self.said:
                yield from self._read_value(self._final)
            yield from self._messages.calls()
            self.end()
