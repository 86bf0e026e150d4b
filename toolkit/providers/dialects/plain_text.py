"""A body that is the answer itself, such as the text stream of Vercel's AI SDK."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from toolkit.chats.events import Piece
from toolkit.providers.dialects.base import Dialect, Head
from toolkit.providers.dialects.frames import Frame, TextFrames

FRAMED = re.compile(rb"\s*(?:[{\[<]|(?:data|event|id|retry|message)?:|[0-9a-z]:)")  # how frames, and pages, begin


class PlainText(Dialect):
    """Known by exclusion alone: `text/plain` without a frame. It has no end mark, and no way to report an error."""

    name = "plain-text"
    title = "plain text, Vercel AI SDK's text stream"
    frames = TextFrames
    marks_end = False
    reads_plain = True

    @classmethod
    def matches(cls, head: Head, frames: Sequence[Frame]) -> bool:
        return head.content_type == "text/plain" and bool(head.start.strip()) and not FRAMED.match(head.start)

    def read(self, frame: Frame) -> Iterator[Piece]:
        yield frame.data
