"""OpenAI's chat completions, which nearly all model servers and gateways speak; what the chunks say is read by
`toolkit.providers.openai`, in all the ways in which servers are known to say it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from toolkit.chats.events import Piece
from toolkit.errors import ProtocolError
from toolkit.providers.dialects.base import Dialect, Head
from toolkit.providers.dialects.frames import Frame
from toolkit.providers.openai.answer import OpenAIAnswer
from toolkit.providers.openai.wire import Chunk

DONE = "[DONE]"


class OpenAIChat(Dialect):
    """Chunks with a delta, a reason for the end, and `[DONE]`; or one document in their place."""

    name = "openai-chat"
    title = "OpenAI chat completions"

    def __init__(self) -> None:
        super().__init__()
        self._answer: OpenAIAnswer | None = None

    @classmethod
    def matches(cls, head: Head, frames: Sequence[Frame]) -> bool:
        if any(frame.at("object") == "chat.completion.chunk" for frame in frames):
            return True
        has_delta = any(isinstance(frame.at("choices", 0, "delta"), dict) for frame in frames)
        return has_delta and any(frame.data.strip() == DONE for frame in frames)

    def read(self, frame: Frame) -> Iterator[Piece]:
        if frame.data.strip() == DONE:
            self.end()
        elif frame.is_json:
            yield from self._read_chunk(frame.value)

    def document(self, value: object) -> Iterator[Piece]:
        yield from self._read_chunk(value)
        if not value_has_choices(value):
            raise ProtocolError("The site sent a JSON document in which there is no answer.", url=self.url)

    def last(self) -> Iterator[Piece]:
        yield from self._chunks().end()

    def _read_chunk(self, value: object) -> Iterator[Piece]:
        try:
            chunk = msgspec.convert(value, Chunk)
        except msgspec.ValidationError as error:
            raise ProtocolError(f"The site's answer has another shape than its protocol: {error}.") from None
        answer = self._chunks()
        yield from answer.read(chunk)
        self.reason = answer.reason
        self.ended = self.ended or answer.reason is not None

    def _chunks(self) -> OpenAIAnswer:
        self._answer = self._answer or OpenAIAnswer(self.url)
        return self._answer


def value_has_choices(value: object) -> bool:
    """Whether a document has an answer in it."""
    return isinstance(value, dict) and bool(value.get("choices"))
