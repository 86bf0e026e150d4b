"""Google's Gemini (https://ai.google.dev/api/generate-content): `streamGenerateContent`, as events or as an array."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence

import msgspec

from toolkit.chats.events import Media, Piece, Reasoning, Source, Sources, ToolCall, Usage
from toolkit.providers.dialects.base import Dialect, Head
from toolkit.providers.dialects.frames import EventOrDocumentFrames, Frame


class Gemini(Dialect):
    """Candidates whose parts are deltas; the last has a `finishReason`, and nothing marks the end of the stream."""

    name = "gemini"
    title = "Google Gemini"
    frames = EventOrDocumentFrames

    def __init__(self) -> None:
        super().__init__()
        self._calls = 0

    @classmethod
    def matches(cls, head: Head, frames: Sequence[Frame]) -> bool:
        return any(
            isinstance(frame.at("candidates", 0, "content", "parts"), list) or frame.at("promptFeedback", "blockReason")
            for frame in frames
        )

    def read(self, frame: Frame) -> Iterator[Piece]:
        if reported := frame.at("error"):
            raise self.fail(reported)
        for part in frame.items("candidates", 0, "content", "parts"):
            yield from self._read_part(part)
        chunks = frame.items("candidates", 0, "groundingMetadata", "groundingChunks")
        if sources := tuple(Source(chunk.text("web", "title"), chunk.text("web", "uri")) for chunk in chunks):
            yield Sources(sources)
        if counts := frame.at("usageMetadata"):
            names = ("promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount")
            found = [count if isinstance(count, int) else None for count in map(counts.get, names)]
            self.usage = Usage(*found)
        if reason := frame.at("candidates", 0, "finishReason"):
            self.end(reason, done=False)
        if frame.at("promptFeedback", "blockReason"):
            self.end("content_filter", done=False)

    def _read_part(self, part: Frame) -> Iterator[Piece]:
        if text := part.text("text"):
            yield Reasoning(text) if part.at("thought") is True else text
        elif name := part.text("functionCall", "name"):
            arguments = msgspec.json.encode(part.at("functionCall", "args") or {}).decode()
            yield ToolCall(self._calls, part.text("functionCall", "id"), name, arguments)
            self._calls += 1
        elif data := part.text("inlineData", "data"):
            yield Media(data=base64.b64decode(data + "=="), mime_type=part.text("inlineData", "mimeType"))
