"""AG-UI (https://docs.ag-ui.com/concepts/events): CopilotKit, and frameworks for agents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from toolkit.chats.events import Piece, Reasoning, Status, ToolCall
from toolkit.providers.dialects.base import Dialect, Head
from toolkit.providers.dialects.frames import Frame
from toolkit.providers.openai.answer import plain_text

THOUGHTS = ("REASONING_MESSAGE_CONTENT", "REASONING_MESSAGE_CHUNK", "THINKING_TEXT_MESSAGE_CONTENT")


class AGUI(Dialect):
    """Events whose `type` is in capitals, between `RUN_STARTED` and `RUN_FINISHED`. A snapshot of the messages has the
    answer again, which counts where there was no delta."""

    name = "ag-ui"
    title = "AG-UI"

    def __init__(self) -> None:
        super().__init__()
        self._others: set[str] = set()  # messages that are not the assistant's
        self._calls: dict[str, ToolCall] = {}
        self._called = 0
        self._last_call = ""
        self._snapshot = ""

    @classmethod
    def matches(cls, head: Head, frames: Sequence[Frame]) -> bool:
        return any(frame.at("type") == "RUN_STARTED" for frame in frames[:3])

    def read(self, frame: Frame) -> Iterator[Piece]:
        kind, message = frame.text("type"), frame.text("messageId")
        if kind.startswith("TEXT_MESSAGE_"):
            if frame.text("role") not in ("", "assistant"):
                self._others.add(message)
            if message not in self._others:
                yield frame.text("delta")
        elif kind in THOUGHTS:
            yield Reasoning(frame.text("delta"))
        elif kind.startswith("TOOL_CALL_"):
            yield from self._read_call(frame, kind.removeprefix("TOOL_CALL_"))
        elif kind in ("STEP_STARTED", "STEP_FINISHED"):
            yield Status(frame.text("stepName"), kind == "STEP_FINISHED")
        elif kind == "MESSAGES_SNAPSHOT":
            last = frame.at("messages", -1)
            if isinstance(last, dict) and last.get("role") == "assistant":
                self._snapshot = plain_text(last.get("content"))
        elif kind == "RUN_ERROR":
            raise self.fail(frame.value)
        elif kind == "RUN_FINISHED":
            if not self.said:
                yield self._snapshot
            outcome = frame.text("outcome") or frame.text("outcome", "type")
            yield from self._calls.values()
            self._calls.clear()
            self.end("interrupt" if outcome == "interrupt" else "stop")

    def _read_call(self, frame: Frame, what: str) -> Iterator[Piece]:
        name = frame.text("toolCallId") or self._last_call
        if what in ("START", "CHUNK") and name not in self._calls:
            self._calls[name] = ToolCall(self._called, name, frame.text("toolCallName"), "")
            self._called += 1
        self._last_call = name
        if what in ("ARGS", "CHUNK") and name in self._calls:
            call = self._calls[name]
            self._calls[name] = ToolCall(call.index, call.id, call.name, call.arguments + frame.text("delta"))
        elif what == "END" and name in self._calls:
            yield self._calls.pop(name)
