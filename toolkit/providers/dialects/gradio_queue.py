"""Gradio's queue, which its page uses (`/queue/data`): one stream for all calls of a session."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any

from toolkit.chats.events import Piece, Queued
from toolkit.errors import ProtocolError
from toolkit.providers.dialects.base import Head
from toolkit.providers.dialects.frames import Frame
from toolkit.providers.dialects.gradio_call import GradioCall

MESSAGES = ("estimation", "process_starts", "process_generating", "process_completed")


class GradioQueue(GradioCall):
    """Events told apart by `msg`. The answer comes first as a value, then as edits of it, then whole.

    `event_id` is what the call was answered with: calls of one session come interleaved. Without one, those of the
    first call of the stream are read. `output` is as in `GradioCall`.
    """

    name = "gradio-queue"
    title = "Gradio queue"

    def __init__(self, event_id: str | None = None, output: int | None = None) -> None:
        super().__init__(output)
        self._event_id = event_id
        self._outputs: list[Any] | None = None

    @classmethod
    def matches(cls, head: Head, frames: Sequence[Frame]) -> bool:
        return any(frame.at("msg") in MESSAGES for frame in frames)

    def read(self, frame: Frame) -> Iterator[Piece]:
        kind, event_id = frame.text("msg"), frame.at("event_id")
        if isinstance(event_id, str) and kind in MESSAGES:
            self._event_id = self._event_id or event_id
        if event_id not in (None, self._event_id):
            return  # another call's
        if kind == "estimation" and isinstance(rank := frame.at("rank"), int):
            size = frame.at("queue_size")
            yield Queued(rank + 1, size if isinstance(size, int) else rank + 1)
        elif kind == "process_generating" and frame.at("success") is not False:
            yield from self.update(self._edited(frame.at("output", "data")))
        elif kind in ("process_completed", "process_generating"):
            if frame.at("success") is False:
                raise self.fail(frame.at("output"))
            yield from self.update(frame.at("output", "data"))
            self.end()
        elif kind in ("unexpected_error", "queue_full"):
            raise self.fail(frame.at("message") or "the queue is full")

    def _edited(self, data: Any) -> Any:
        """The outputs after the edits that `data` is; the first data are the outputs themselves."""
        if self._outputs is None or not isinstance(data, list):
            self._outputs = data if isinstance(data, list) else None
            return data
        outputs = self._outputs + [None] * (len(data) - len(self._outputs))
        self._outputs = [_apply(value, edits) for value, edits in zip(outputs, data, strict=False)]
        return self._outputs


def _apply(value: Any, edits: Any) -> Any:
    """`value` with the edits of one output: (what to do, path, value) each. Raises `ProtocolError`."""
    holder = [copy.deepcopy(value)]  # so that the value itself has a place too
    try:
        for action, path, new in edits:
            at, *below = reversed([0, *path])
            target: Any = holder
            for key in reversed(below):
                target = target[key]
            if action == "append":
                target[at] += new
            elif action == "delete":
                del target[at]
            elif action == "add" and isinstance(target, list):
                target.insert(at, new)
            elif action in ("add", "replace"):
                target[at] = new
            else:
                raise ProtocolError(f"The app edits its answer in a way that is not known: {action!r:.40}.")
    except (TypeError, ValueError, LookupError):
        raise ProtocolError("The app's edits do not fit the answer that it has sent.") from None
    return holder[0]
