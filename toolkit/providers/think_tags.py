"""Tells reasoning from the answer where a model writes it into the text, between `<think>` and `</think>`."""

from __future__ import annotations

from contextlib import aclosing

from toolkit.chats.events import Finished, Piece, Pieces, Reasoning, Text
from toolkit.errors import ToolkitError

OPEN, CLOSE = "<think>", "</think>"


class ThinkTags:
    """Splits text at the tags, wherever its pieces are cut. Pure. Blank lines after the end of the thought belong to
    neither."""

    def __init__(self) -> None:
        self._thinking = False
        self._held = ""
        self._after_thought = False

    def feed(self, text: str) -> list[str | Reasoning]:
        """The parts that `text` completes: the answer's as `str`."""
        parts: list[str | Reasoning] = []
        text = self._held + text
        self._held = ""
        while text:
            tag = CLOSE if self._thinking else OPEN
            before, found, rest = text.partition(tag)
            if not found:
                keep = next((n for n in range(len(tag) - 1, 0, -1) if text.endswith(tag[:n])), 0)
                before, self._held = text[: len(text) - keep], text[len(text) - keep :]
            self._add(before, parts)
            if not found:
                break
            self._thinking, self._after_thought = not self._thinking, self._thinking
            text = rest
        return parts

    def flush(self) -> list[str | Reasoning]:
        """What was held because it could have begun a tag."""
        parts: list[str | Reasoning] = []
        held, self._held = self._held, ""
        self._add(held, parts)
        return parts

    def _add(self, text: str, parts: list[str | Reasoning]) -> None:
        if self._after_thought and not self._thinking:
            text = text.lstrip()
            self._after_thought = not text
        if text:
            parts.append(Reasoning(text) if self._thinking else text)


async def split_think_tags(pieces: Pieces) -> Pieces:
    """`pieces`, with the text between the tags as `Reasoning`. What was held comes before the end, or the error."""
    tags, failure = ThinkTags(), None
    async with aclosing(pieces):
        try:
            async for piece in pieces:
                given: list[Piece] = [piece]
                if isinstance(piece, Text):
                    piece = piece.text
                if isinstance(piece, str):
                    given = [*tags.feed(piece)]
                elif isinstance(piece, Finished):
                    given = [*tags.flush(), piece]
                for part in given:
                    yield part
        except ToolkitError as error:
            failure = error
        for part in tags.flush():
            yield part
        if failure is not None:
            raise failure
