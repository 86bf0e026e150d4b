"""Finds the dialect of an answer by its headers and its body. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from toolkit.chats.events import Piece
from toolkit.errors import ToolkitError
from toolkit.providers.dialects.base import Dialect, Head
from toolkit.providers.dialects.frames import Frame
from toolkit.providers.dialects.table import DIALECTS

START_BYTES = 256
PAGE_PARTS = ("text/html", "text/css", "text/javascript", "application/javascript", "application/wasm")


class Recognised(NamedTuple):
    """The dialect of an answer, and what the answer says in it.

    `sure` is whether the end mark was seen as well: many pages copy the frames of a dialect and leave its end out.
    `pieces` is the answer, with the site's own `error` after it if it ends with one.
    """

    dialect: type[Dialect]
    sure: bool
    pieces: tuple[Piece, ...]
    error: ToolkitError | None

    @property
    def text(self) -> str:
        """The text of the answer."""
        return "".join(piece for piece in self.pieces if isinstance(piece, str))


def recognise(headers: Mapping[str, str], body: bytes | Iterable[bytes]) -> Recognised | None:
    """The dialect of an answer with these `headers` and this `body` (whole, or in its chunks); None where it is in none
    of them. Of several that match, the one that reads the most of the answer is taken, a sure one first."""
    chunks = [body] if isinstance(body, bytes) else list(body)
    found = [read_whole(dialect(), chunks) for dialect in matching(headers, chunks)]
    return max(found, key=lambda one: (one.sure, one.error is None, len(one.text)), default=None)


def matching(headers: Mapping[str, str], chunks: list[bytes]) -> list[type[Dialect]]:
    """The dialects whose fingerprints an answer has."""
    head = Head({name.lower(): value for name, value in headers.items()}, b"".join(chunks)[:START_BYTES])
    if head.content_type in PAGE_PARTS or head.content_type.startswith(("image/", "font/", "audio/", "video/")):
        return []
    cut = {dialect.frames: _frames(dialect, chunks) for dialect in DIALECTS.values()}
    return [dialect for dialect in DIALECTS.values() if dialect.matches(head, cut[dialect.frames])]


def _frames(dialect: type[Dialect], chunks: list[bytes]) -> list[Frame]:
    """The frames of the body, up to where it cannot be cut."""
    frames, decoder = list[Frame](), dialect.frames()
    try:
        for chunk in chunks:
            frames += decoder.feed(chunk)
        frames += decoder.flush()
    except ToolkitError:
        pass
    return frames


def read_whole(dialect: Dialect, chunks: Iterable[bytes]) -> Recognised:
    """What `dialect`, which is new, reads in the `chunks` of a body."""
    pieces: list[Piece] = []
    error = None
    try:
        for chunk in chunks:
            for piece in dialect.feed(chunk):
                pieces.append(piece)  # one by one: those before an error count
        for piece in dialect.finish():
            pieces.append(piece)
    except ToolkitError as raised:
        error = raised
    return Recognised(type(dialect), dialect.ended, tuple(pieces), error)
