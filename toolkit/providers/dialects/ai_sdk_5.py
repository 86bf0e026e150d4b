"""The UI message stream of Vercel's AI SDK 5, 6 and 7 (https://ai-sdk.dev/docs/ai-sdk-ui/stream-protocol)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from toolkit.chats.events import Media, Piece, Reasoning, Source, Sources, Status, ToolCall
from toolkit.providers.dialects.base import Dialect, Head
from toolkit.providers.dialects.frames import Frame


class AISDK5(Dialect):
    """JSON in server-sent events, told apart by `type`, then `[DONE]`. After an error the stream ends all the same."""

    name = "ai-sdk-5"
    title = "Vercel AI SDK 5, 6, 7"

    def __init__(self) -> None:
        super().__init__()
        self._calls = 0

    @classmethod
    def matches(cls, head: Head, frames: Sequence[Frame]) -> bool:
        if "x-vercel-ai-ui-message-stream" in head.headers:
            return True
        kinds = {frame.at("type") for frame in frames}
        return frames[:1] != [] and frames[0].at("type") == "start" and bool(kinds & {"text-delta", "text-start"})

    def read(self, frame: Frame) -> Iterator[Piece]:
        kind = frame.text("type")
        if frame.data.strip() == "[DONE]":
            self.end()
        elif kind == "text-delta":
            yield frame.text("delta")
        elif kind == "reasoning-delta":
            yield Reasoning(frame.text("delta"))
        elif kind == "source-url":
            yield Sources((Source(frame.text("title"), frame.text("url")),))
        elif kind == "source-document":
            yield Sources((Source(frame.text("title"), file=frame.text("filename")),))
        elif kind == "file":
            yield Media(url=frame.text("url"), mime_type=frame.text("mediaType"))
        elif kind == "tool-input-available":
            arguments = msgspec.json.encode(frame.at("input")).decode()
            yield ToolCall(self._calls, frame.text("toolCallId"), frame.text("toolName"), arguments)
            self._calls += 1
        elif kind.startswith("data-") and isinstance(frame.at("data"), str):
            yield Status(frame.text("data"))
        elif kind == "message-metadata":
            self.count(frame.at("messageMetadata", "usage"))
        elif kind == "error":
            raise self.fail(frame.at("errorText") or frame.value)
        elif kind == "abort":
            self.end("aborted", done=False)
        elif kind == "finish":
            self.end(frame.at("finishReason"), done=False)
