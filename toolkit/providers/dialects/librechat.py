"""LibreChat (https://www.librechat.ai): its agents' stream, and the snapshots of older versions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from toolkit.chats.events import Piece, Reasoning
from toolkit.providers.dialects.base import Dialect, Head
from toolkit.providers.dialects.frames import Frame
from toolkit.providers.openai.answer import plain_text
from toolkit.providers.text_deltas import TextDeltas


class LibreChat(Dialect):
    """Events that are all named `message`, told apart by their keys. The first repeats the question, the last has the
    whole answer, which counts where there was no delta."""

    name = "librechat"
    title = "LibreChat"

    def __init__(self) -> None:
        super().__init__()
        self._growing = TextDeltas()

    @classmethod
    def matches(cls, head: Head, frames: Sequence[Frame]) -> bool:
        steps = ("on_message_delta", "on_reasoning_delta", "on_run_step")
        return any(
            frame.at("event") in steps or (frame.at("created") is True and isinstance(frame.at("message"), dict))
            for frame in frames
        )

    def read(self, frame: Frame) -> Iterator[Piece]:
        event = frame.text("event")
        if frame.at("final") is not None:
            yield from self._read_final(frame)
        elif frame.at("created") is not None:
            return  # the question
        elif event in ("on_message_delta", "on_reasoning_delta"):
            for part in frame.items("data", "delta", "content"):
                if thought := part.text("think"):
                    yield Reasoning(thought)
                yield part.text("text")
        elif event == "on_token_usage":
            self.count(frame.at("data"))
        elif frame.at("sync") is not None:
            for part in frame.items("resumeState", "aggregatedContent"):
                yield from self.whole(part.text("text"))
        elif not event and (text := frame.text("message", "text") or frame.text("text")):
            yield self._growing.update(text)

    def held(self) -> Iterator[Piece]:
        yield self._growing.flush()

    def _read_final(self, frame: Frame) -> Iterator[Piece]:
        answer = ("responseMessage",)
        text = frame.text(*answer, "text") or "".join(
            plain_text(part.at("text")) for part in frame.items(*answer, "content")
        )
        if frame.at(*answer, "error") is True:
            raise self.fail(text or "the answer failed")
        yield self._growing.flush()
        yield from self.whole(text)
        stopped = frame.at("aborted") is True or frame.at(*answer, "unfinished") is True
        self.end("aborted" if stopped else frame.at(*answer, "finish_reason"))
