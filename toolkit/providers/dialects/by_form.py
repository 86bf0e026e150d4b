"""Answers in no known dialect: a subclass says where in the frames of one site the text is, and what ends it. Pure."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

import msgspec

from toolkit.chats.events import Piece, Reasoning
from toolkit.errors import ProtocolError
from toolkit.providers.dialects.base import Dialect, Head
from toolkit.providers.dialects.frames import Frame
from toolkit.providers.text_deltas import TextDeltas

BREAKS = re.compile(r"<br\s*/?>|</(?:p|div|li|h\d)>", re.IGNORECASE)
TAGS = re.compile(r"</?[a-zA-Z][^<>]*>")


class At(msgspec.Struct, frozen=True):
    """Which frames are meant, and where in them something stands.

    `path` are names and indexes with dots between them, `choices.0.delta.content`; without one it is the whole data of
    the frame. `event` is the frame's name (an SSE's `event`), `where` what stands elsewhere in it, by paths:
    `{"type": "token"}`, and `data` its whole text: `[DONE]`.
    """

    path: str = ""
    event: str = ""
    where: Mapping[str, Any] = {}
    data: str = ""

    def means(self, frame: Frame) -> bool:
        """Whether `frame` is one of these."""
        return (
            (not self.event or frame.event == self.event)
            and (not self.data or frame.data.strip() == self.data)
            and all(_value(frame, path) == value for path, value in self.where.items())
        )

    def value(self, frame: Frame) -> Any:
        """What stands there in `frame`; None where it is another frame, or has nothing there."""
        if not self.means(frame):
            return None
        return _value(frame, self.path) if self.path else frame.value if frame.is_json else frame.data

    def text(self, frame: Frame) -> str:
        """The text that stands there; "" where there is none."""
        value = self.value(frame)
        return value if isinstance(value, str) else frame.data if value is not None and not self.path else ""


class ByForm(Dialect):
    """An answer that is read by its form. A subclass says, besides `frames` and `marks_end` of a dialect:

    - `text`: where the pieces of the text are; with `snapshots`, each is the whole text so far.
    - `total`: where the whole text comes once more. It is the answer where there was no piece.
    - `final`: the frames of which the first ends the answer.
    - `failures`: where the site reports a failure. Where the page was never seen to get one, it is the usual place.
    - `thought`: where pieces of the reasoning are.
    - `cost`: where the numbers of tokens are.
    - `written`: how the text is written: as it is, as `base64`, or as `html` (with `snapshots` only).
    """

    name: ClassVar[str] = "by-form"
    title: ClassVar[str] = "read by its form"
    text: ClassVar[At] = At()
    snapshots: ClassVar[bool] = False
    total: ClassVar[At | None] = None
    final: ClassVar[At | None] = None
    failures: ClassVar[tuple[At, ...]] = (At("error"),)
    thought: ClassVar[At | None] = None
    cost: ClassVar[At | None] = None
    written: ClassVar[Literal["", "base64", "html"]] = ""

    def __init__(self) -> None:
        super().__init__()
        self._deltas = TextDeltas()

    @classmethod
    def matches(cls, head: Head, frames: Sequence[Frame]) -> bool:
        return False  # it belongs to one provider, and is looked for nowhere else

    def read(self, frame: Frame) -> Iterator[Piece]:
        for failure in self.failures if frame.is_json else ():
            if reported := failure.value(frame):
                raise self.fail(reported)
        if self.thought is not None and (thought := self.thought.text(frame)):
            yield Reasoning(thought)
        if text := self.text.text(frame):
            yield self._deltas.update(self._plain(text)) if self.snapshots else self._plain(text)
        if self.total is not None and (total := self.total.text(frame)):
            yield from [self._deltas.finish(self._plain(total))] if self.snapshots else self.whole(self._plain(total))
        if self.cost is not None:
            self.count(self.cost.value(frame))
        if self.final is not None and self.final.means(frame) and self.final.value(frame) is not None:
            self.end()

    def held(self) -> Iterator[Piece]:
        yield self._deltas.flush()

    def _plain(self, text: str) -> str:
        """The text that `text` writes. Raises `ProtocolError` where it is not base64."""
        if self.written == "base64":
            try:
                return base64.b64decode(text, validate=True).decode("utf-8", "replace")
            except ValueError:
                raise ProtocolError("The site sent text that is not base64.") from None
        return plain_text(text) if self.written == "html" else text


def plain_text(markup: str) -> str:
    """The text of a fragment of HTML, without its tags."""
    return html.unescape(TAGS.sub("", BREAKS.sub("\n", markup))).strip()


def _value(frame: Frame, path: str) -> Any:
    """What stands at `path` of the frame's value; None where there is nothing."""
    return frame.at(*(int(key) if key.lstrip("-").isdecimal() else key for key in path.split(".")))
