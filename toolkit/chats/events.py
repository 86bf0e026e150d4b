"""The events of an answer, and the types of what providers yield."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import NamedTuple


class Text(NamedTuple):
    """A piece of the answer's text."""

    text: str


class Queued(NamedTuple):
    """The site has put the call into a queue of `size` calls. The one at `position` 1 is next."""

    position: int
    size: int


class Finished(NamedTuple):
    """The answer is complete. `reason` is `stop` unless the site says otherwise."""

    reason: str


ChatEvent = Text | Queued | Finished

# What a provider yields: text as a plain `str`, or an event.
Piece = str | ChatEvent

# A provider's answer to one attempt.
Pieces = AsyncGenerator[Piece, None]
