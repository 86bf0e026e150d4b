"""Dify (https://docs.dify.ai): its chat apps, agents and workflows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from toolkit.chats.events import Media, Piece, Reasoning, Source, Sources, Status
from toolkit.providers.dialects.base import Dialect, Head
from toolkit.providers.dialects.frames import Frame


class Dify(Dialect):
    """Events whose name is in the data. A workflow ends before the message does that it makes; an answer that is
    moderated comes again as another whole text."""

    name = "dify"
    title = "Dify"

    def __init__(self) -> None:
        super().__init__()
        self._thoughts: dict[str, str] = {}  # each is told again, as a whole, when more is known of it

    @classmethod
    def matches(cls, head: Head, frames: Sequence[Frame]) -> bool:
        return any(frame.text("event") and frame.text("task_id") for frame in frames)

    def read(self, frame: Frame) -> Iterator[Piece]:
        if not frame.is_json:
            return  # a ping, whose event is a field
        event = frame.text("event")
        if event in ("message", "agent_message"):
            yield frame.text("answer")
        elif event == "text_chunk":
            yield frame.text("data", "text")
        elif event in ("message_replace", "text_replace"):
            yield from self.replace(frame.text("answer") or frame.text("data", "text"))
        elif event == "agent_thought":
            yield from self._read_thought(frame)
        elif event == "message_file":
            yield Media(url=self.absolute(frame.text("url")), mime_type=frame.text("mime_type"))
        elif event in ("node_started", "node_finished"):
            yield Status(frame.text("data", "title"), event == "node_finished")
        elif event in ("message_end", "workflow_finished"):
            yield from self._read_end(frame, event)
        elif event == "error" or not event or frame.at("status") == 400:
            raise self.fail(frame.value)

    def _read_thought(self, frame: Frame) -> Iterator[Piece]:
        number, thought = frame.text("id"), frame.text("thought")
        before = self._thoughts.get(number, "")
        if thought.startswith(before):
            self._thoughts[number] = thought
            yield Reasoning(thought[len(before) :])
        if tool := frame.text("tool"):
            yield Status(tool, done=bool(frame.text("observation")))

    def _read_end(self, frame: Frame, event: str) -> Iterator[Piece]:
        if event == "workflow_finished":
            if reported := frame.at("data", "error"):
                raise self.fail(reported)
            outputs = frame.at("data", "outputs")
            texts = [value for value in outputs.values() if isinstance(value, str)] if isinstance(outputs, dict) else []
            if not self.said and len(texts) == 1:
                yield texts[0]
            self.end(done=False)
            return
        found = frame.items("metadata", "retriever_resources")
        if sources := tuple(_source(resource) for resource in found):
            yield Sources(sources)
        self.count(frame.at("metadata", "usage"))
        self.end()


def _source(resource: Frame) -> Source:
    quote = resource.text("content")
    return Source(resource.text("document_name"), file=resource.text("document_id"), quotes=(quote,) if quote else ())
