"""Gradio's `/call` (https://www.gradio.app/guides/querying-gradio-apps-with-curl): the events of one call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from toolkit.chats.events import Piece
from toolkit.errors import SiteError, ToolkitError
from toolkit.providers.dialects.base import Dialect, Head
from toolkit.providers.dialects.frames import Frame
from toolkit.providers.gradio.answer import GradioAnswer, error_message

EVENTS = {"generating", "complete", "error", "heartbeat"}


class GradioCall(Dialect):
    """Named events whose data are the outputs of a function. The answer is told anew whenever it has grown: it is the
    output with this number, by default the first that holds text."""

    name = "gradio-call"
    title = "Gradio /call"

    def __init__(self, output: int | None = None) -> None:
        super().__init__()
        self._output = output
        self._answer: GradioAnswer | None = None

    @classmethod
    def matches(cls, head: Head, frames: Sequence[Frame]) -> bool:
        events = {frame.event for frame in frames}
        return bool(events & {"generating", "complete"}) and events <= EVENTS

    def read(self, frame: Frame) -> Iterator[Piece]:
        if frame.event in ("generating", "complete"):
            yield from self.update(frame.value)
        if frame.event == "complete":
            self.end("cancelled" if frame.value is None else None)

    def update(self, outputs: Any) -> Iterator[Piece]:
        """What the next version of the outputs has of the answer."""
        if not isinstance(outputs, list):
            return
        if self._output is None:
            self._output = next((at for at, value in enumerate(outputs) if value not in (None, "", [])), None)
        if self._output is not None and self._output < len(outputs):
            value = outputs[self._output]
            self._answer = self._answer or GradioAnswer(self.url, [] if _is_conversation(value) else None)
            yield from self._answer.update(value)

    def held(self) -> Iterator[Piece]:
        if self._answer is not None:
            yield from self._answer.end()

    def fail(self, reported: object) -> ToolkitError:
        return SiteError(error_message(reported), url=self.url)


def _is_conversation(value: Any) -> bool:
    """Whether an output is that of a chatbot, with the questions in it: messages, or pairs."""
    return isinstance(value, list) and any(
        (isinstance(turn, dict) and "role" in turn) or (isinstance(turn, list) and len(turn) == 2) for turn in value
    )
