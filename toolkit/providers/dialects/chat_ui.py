"""Hugging Face's chat-ui (https://github.com/huggingface/chat-ui)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from toolkit.chats.events import ModelSelected, Piece, Reasoning, Status
from toolkit.providers.dialects.base import Dialect, Head
from toolkit.providers.dialects.frames import DocumentFrames, Frame


class ChatUI(Dialect):
    """JSON documents: tokens, filled up with NULs against guessing from their length; the whole answer, with spaces
    after it; a status at the end."""

    name = "chat-ui"
    title = "Hugging Face chat-ui"
    frames = DocumentFrames  # the spaces after the whole answer may end no line

    @classmethod
    def matches(cls, head: Head, frames: Sequence[Frame]) -> bool:
        if head.content_type == "application/jsonl":
            return any(frame.at("type") == "status" for frame in frames[:3])
        return any(frame.at("type") == "stream" and isinstance(frame.at("token"), str) for frame in frames)

    def read(self, frame: Frame) -> Iterator[Piece]:
        kind, token = frame.text("type"), frame.text("token").replace("\0", "")
        if kind == "stream":
            yield token
        elif kind == "reasoning":
            yield Reasoning(token) if frame.at("subtype") == "stream" else Status(frame.text("status"))
        elif kind == "tool" and frame.at("subtype") == "call":
            yield Status(frame.text("call", "name"))
        elif kind == "routerMetadata" and (model := frame.text("model")):
            yield ModelSelected(model)
        elif kind == "finalAnswer":
            yield from self.whole(frame.text("text"))
            self.give_reason("interrupted" if frame.at("interrupted") is True else "stop")
        elif kind == "status" and frame.at("status") == "error":
            raise self.fail({"message": frame.text("message"), "code": frame.at("statusCode")})
        elif kind == "status" and frame.at("status") == "finished":
            self.end()
        elif not kind:
            yield from self.document(frame.value)
