"""Rasa (https://rasa.com/docs): the messages of its REST channel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from toolkit.chats.events import Media, Piece
from toolkit.errors import EmptyAnswer
from toolkit.providers.dialects.base import Dialect, Head
from toolkit.providers.dialects.frames import DocumentFrames, Frame


class Rasa(Dialect):
    """An array of whole messages, or a line for each. An empty array says that the bot failed, or knows no answer."""

    name = "rasa"
    title = "Rasa"
    frames = DocumentFrames
    marks_end = False

    @classmethod
    def matches(cls, head: Head, frames: Sequence[Frame]) -> bool:
        return any(frame.text("recipient_id") for frame in frames)

    def read(self, frame: Frame) -> Iterator[Piece]:
        if reported := frame.at("error"):
            raise self.fail(reported)
        if text := frame.text("text"):
            yield f"\n\n{text}" if self.said else text
        if image := frame.text("image"):
            yield Media(url=self.absolute(image))

    def document(self, value: object) -> Iterator[Piece]:
        if value == []:
            raise EmptyAnswer("The bot has no answer, or failed; its own log has the reason.", url=self.url)
        yield from super().document(value)
