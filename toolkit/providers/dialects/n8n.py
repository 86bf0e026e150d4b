"""n8n's chat trigger (https://docs.n8n.io/integrations/builtin/core-nodes/n8n-nodes-langchain.chattrigger/)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from toolkit.chats.events import Piece
from toolkit.providers.dialects.base import Dialect, Head
from toolkit.providers.dialects.frames import Frame, LineFrames


class N8n(Dialect):
    """JSON lines; each node and run has a beginning and an end of its own. A line that is no JSON is text."""

    name = "n8n"
    title = "n8n chat"
    frames = LineFrames
    reads_plain = True

    def __init__(self) -> None:
        super().__init__()
        self._open = 0

    @classmethod
    def matches(cls, head: Head, frames: Sequence[Frame]) -> bool:
        return frames[:1] != [] and frames[0].at("type") == "begin"

    def read(self, frame: Frame) -> Iterator[Piece]:
        kind = frame.text("type")
        if not frame.is_json:
            yield frame.data
        elif kind == "begin":
            self._open += 1
            self.ended = False
        elif kind == "item":
            yield frame.text("content")
        elif kind == "end":
            self._open -= 1
            if self._open <= 0:
                self.end(done=False)
        elif kind == "error":
            raise self.fail(frame.at("content"))
        elif not kind:
            yield from self.document(frame.value)

    def document(self, value: object) -> Iterator[Piece]:
        """A workflow that does not stream answers with one document."""
        fields = value if isinstance(value, dict) else {}
        text = fields.get("output") or fields.get("text")
        if isinstance(text, str):
            yield text
            self.end(done=False)
        else:
            yield from super().document(value)
