"""AnythingLLM (https://docs.anythingllm.com): the chats of its workspaces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from toolkit.chats.events import Piece, Source, Sources, Status
from toolkit.errors import SiteError
from toolkit.providers.dialects.base import Dialect, Head
from toolkit.providers.dialects.frames import Frame
from toolkit.providers.think_tags import ThinkTags

CHUNKS = ("textResponseChunk", "finalizeResponseStream", "agentInitWebsocketConnection")
OTHERS = ("textResponse", "abort", "statusResponse")


class AnythingLLM(Dialect):
    """Events told apart by `type`; thoughts are between tags in the text. The answer of an agent comes over a websocket
    instead."""

    name = "anythingllm"
    title = "AnythingLLM"

    def __init__(self) -> None:
        super().__init__()
        self._tags = ThinkTags()

    @classmethod
    def matches(cls, head: Head, frames: Sequence[Frame]) -> bool:
        return any(
            frame.at("type") in CHUNKS or (frame.at("type") in OTHERS and "textResponse" in frame.value)
            for frame in frames
        )

    def read(self, frame: Frame) -> Iterator[Piece]:
        kind = frame.text("type")
        if reported := frame.at("error"):
            raise self.fail(reported)
        if kind in ("textResponseChunk", "textResponse"):
            yield from self._tags.feed(frame.text("textResponse"))
            if sources := tuple(map(_source, frame.items("sources"))):
                yield Sources(sources)
        elif kind == "statusResponse":
            yield Status(frame.text("textResponse"))
        elif kind == "abort":
            raise self.fail(frame.at("error") or "the answer was stopped")
        elif kind == "agentInitWebsocketConnection":
            what = "The site hands the question to an agent, whose answer comes over a websocket."
            raise SiteError(what, url=self.url, hint="Ask without `@agent`, or in a workspace without agents.")
        if frame.at("close") is True and kind != "statusResponse":
            self.count(frame.at("metrics"))
            self.end(done=kind == "finalizeResponseStream")

    def held(self) -> Iterator[Piece]:
        yield from self._tags.flush()


def _source(source: Frame) -> Source:
    quote, link = source.text("text"), source.text("url") or source.text("link")
    url = link if link.startswith(("http://", "https://")) else ""
    return Source(source.text("title"), url, "" if url else source.text("id"), (quote,) if quote else ())
