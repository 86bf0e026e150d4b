"""LobeChat (https://github.com/lobehub/lobe-chat): the stream of its model runtime."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from toolkit.chats.contents import read_data_url
from toolkit.chats.events import Media, Piece, Reasoning, Source, Sources, ToolCall
from toolkit.providers.dialects.base import Dialect, Head
from toolkit.providers.dialects.frames import Frame

TOTALS = {
    "prompt_tokens": "totalInputTokens",
    "completion_tokens": "totalOutputTokens",
    "reasoning_tokens": "outputReasoningTokens",
}


class LobeChat(Dialect):
    """Named events whose data are JSON texts. What it cost may follow the end."""

    name = "lobechat"
    title = "LobeChat"

    def __init__(self) -> None:
        super().__init__()
        self._calls: dict[int, ToolCall] = {}

    @classmethod
    def matches(cls, head: Head, frames: Sequence[Frame]) -> bool:
        return any(frame.event in ("text", "reasoning") and isinstance(frame.value, str) for frame in frames)

    def read(self, frame: Frame) -> Iterator[Piece]:
        event = frame.event
        if event == "text":
            yield frame.text()
        elif event == "reasoning":
            yield Reasoning(frame.text())
        elif event == "grounding":
            cited = frame.items("citations")
            if sources := tuple(Source(source.text("title"), source.text("url")) for source in cited):
                yield Sources(sources)
        elif event == "base64_image" and (held := read_data_url(frame.text())) is not None:
            yield Media(data=held[0], mime_type=held[1])
        elif event == "tool_calls":
            for call in frame.items():
                self._add_call(call)
        elif event == "usage":
            self.count({ours: frame.at(theirs) for ours, theirs in TOTALS.items()})
            self.end(done=False)
        elif event == "stop":
            self.end(None if frame.text() == "message_stop" else frame.text(), done=False)

    def last(self) -> Iterator[Piece]:
        yield from (call for _, call in sorted(self._calls.items()))
        yield from super().last()

    def _add_call(self, call: Frame) -> None:
        index = call.at("index")
        index = index if isinstance(index, int) else 0
        before = self._calls.get(index, ToolCall(index, "", "", ""))
        name, arguments = call.text("function", "name"), call.text("function", "arguments")
        self._calls[index] = ToolCall(
            index, before.id or call.text("id"), before.name or name, before.arguments + arguments
        )
