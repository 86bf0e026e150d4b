"""What an answer is made of: pieces of text, and events."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import NamedTuple


class Text(NamedTuple):
    """A piece of the answer."""

    text: str


class Queued(NamedTuple):
    """The site has put the call into a queue; position 1 is next. `size` is how many wait."""

    position: int
    size: int


class Finished(NamedTuple):
    """The answer is complete. `reason` is `stop` unless the site says otherwise."""

    reason: str


ChatEvent = Text | Queued | Finished


# What a provider gives: text as it is, and events.
Piece = str | ChatEvent


Pieces = AsyncGenerator[Piece, None]
