"""LangGraph Platform and `langgraph dev` (https://docs.langchain.com/langgraph-platform/streaming)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from toolkit.chats.events import Piece
from toolkit.providers.dialects.base import Dialect, Head
from toolkit.providers.dialects.frames import Frame, value_at
from toolkit.providers.dialects.langchain import WHOLE, MessageReader, is_models, text_of
from toolkit.providers.text_deltas import TextDeltas


class LangGraph(Dialect):
    """Named events, by the modes that the request asked for: pieces of messages, messages that grow, or the whole
    state. Where several tell the answer, the first of these is taken. The end of the body is the end."""

    name = "langgraph"
    title = "LangGraph"
    marks_end = False

    def __init__(self) -> None:
        super().__init__()
        self._messages = MessageReader(self)
        self._growing: dict[str, TextDeltas] = {}  # by the id of the message
        self._in_pieces: set[str] = set()
        self._whole = ""

    @classmethod
    def matches(cls, head: Head, frames: Sequence[Frame]) -> bool:
        if not any(frame.event == "metadata" and frame.text("run_id") for frame in frames[:2]):
            return False
        return "/runs/" in head.headers.get("content-location", "") or frames[0].at("attempt") is not None

    def read(self, frame: Frame) -> Iterator[Piece]:
        event = frame.event.partition("|")[0]  # what follows names the graph within the graph
        if event == "messages":
            yield from self._read_piece(frame.at(0))
        elif event == "messages/partial":
            yield from self._read_growing(frame.at(0))
        elif event == "values":
            self._keep(frame.at("messages"))
        elif event == "updates" and isinstance(frame.value, dict):
            for node in frame.value.values():
                self._keep(value_at(node, "messages"))
        elif event == "end":
            self.end()

    def held(self) -> Iterator[Piece]:
        for growing in self._growing.values():
            yield growing.flush()
        self._growing.clear()

    def last(self) -> Iterator[Piece]:
        if not self.said:
            yield self._whole
        yield from self._messages.calls()
        yield from super().last()

    def _read_piece(self, message: Any) -> Iterator[Piece]:
        if not is_models(message):
            return
        number = str(value_at(message, "id"))
        if value_at(message, "type") in WHOLE and number in self._in_pieces:
            return  # a message that came in pieces comes again as a whole
        self._in_pieces.add(number)
        yield from self._messages.read(message)

    def _read_growing(self, message: Any) -> Iterator[Piece]:
        if is_models(message) and not self._in_pieces:
            number = str(value_at(message, "id"))
            if number not in self._growing:
                yield from self.held()
            yield self._growing.setdefault(number, TextDeltas()).update(text_of(message))

    def _keep(self, messages: Any) -> None:
        """Keep the last message of a state, which counts where nothing else has told it."""
        last = messages[-1] if isinstance(messages, list) and messages else messages
        if is_models(last):
            self._whole = text_of(last)
