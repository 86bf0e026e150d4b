"""Flowise (https://docs.flowiseai.com): its prediction endpoint."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from toolkit.chats.events import Piece, Reasoning, Source, Sources, Status
from toolkit.providers.dialects.base import Dialect, Head
from toolkit.providers.dialects.frames import Frame, value_at
from toolkit.providers.openai.answer import plain_text

STARTS = (b"message:\ndata:", b"message\ndata:")  # a line that is no field of an event stream


class Flowise(Dialect):
    """Events whose name is in the data. After an error there is an end as well."""

    name = "flowise"
    title = "Flowise"

    @classmethod
    def matches(cls, head: Head, frames: Sequence[Frame]) -> bool:
        if head.start.startswith(STARTS):
            return True
        first = frames[0].value if frames else None
        return isinstance(first, dict) and first.keys() == {"event", "data"} and first["event"] in ("start", "token")

    def read(self, frame: Frame) -> Iterator[Piece]:
        event, data = frame.text("event"), frame.at("data")
        if event == "token":
            yield plain_text(data)
        elif event == "thinking":
            yield Reasoning(plain_text(data))
        elif event == "sourceDocuments":
            yield Sources(tuple(map(_source, frame.items("data"))))
        elif event == "usedTools":
            yield from (Status(tool.text("tool"), done=True) for tool in frame.items("data"))
        elif event == "nextAgent":
            yield Status(plain_text(data))
        elif event == "usageMetadata":
            self.count(data)
        elif event == "error":
            raise self.fail(data)
        elif event == "abort":
            self.end("aborted")
        elif event == "end":
            self.end()

    def document(self, value: object) -> Iterator[Piece]:
        """A flow that cannot stream answers with one document."""
        if isinstance(text := value_at(value, "text"), str):
            yield text
        else:
            yield from super().document(value)


def _source(document: Frame) -> Source:
    quote, place = document.text("pageContent"), document.text("metadata", "source")
    url = place if place.startswith(("http://", "https://")) else ""
    return Source(document.text("metadata", "title") or place, url, "" if url else place, (quote,) if quote else ())
