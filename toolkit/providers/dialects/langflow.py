"""Langflow (https://docs.langflow.org): the events of a build, of a run, and of a workflow of its second API."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from toolkit.chats.events import Piece
from toolkit.providers.dialects.base import Dialect, Head
from toolkit.providers.dialects.frames import EventOrLineFrames, Frame

SIGNS = ("vertices_sorted", "build_start", "add_message")
RESULT = ("data", "build_data", "data", "results", "message", "text")  # of the last component


class Langflow(Dialect):
    """JSON objects, an empty line between them, or events with the same objects. The messages are told as wholes too:
    first the question, last the answer, which counts where there was no token."""

    name = "langflow"
    title = "Langflow"
    frames = EventOrLineFrames

    def __init__(self) -> None:
        super().__init__()
        self._message = self._result = ""

    @classmethod
    def matches(cls, head: Head, frames: Sequence[Frame]) -> bool:
        return any(frame.at("event") in SIGNS and isinstance(frame.at("data"), dict) for frame in frames)

    def read(self, frame: Frame) -> Iterator[Piece]:
        event = frame.text("event")
        if event == "token":
            yield frame.text("data", "chunk")
        elif event == "add_message":
            yield from self._read_message(frame)
        elif event == "end_vertex":
            self._result = frame.text(*RESULT) or self._result
        elif event == "error":
            raise self.fail(frame.at("data", "error") or frame.at("data", "text") or frame.at("data"))
        elif event in ("end", "cancelled"):
            if not self.said:
                yield self._message or self._result
            self.end("cancelled" if event == "cancelled" else None)
        elif not event:
            yield from self.document(frame.value)

    def _read_message(self, frame: Frame) -> Iterator[Piece]:
        if frame.text("data", "sender") == "User":
            return
        if frame.at("data", "error") is True:
            raise self.fail(frame.text("data", "text") or "the flow failed")
        self._message = frame.text("data", "text")
        yield from ()
