"""What an answer is made of: pieces of text, and events for all else that a site says."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import NamedTuple

import msgspec


class Text(NamedTuple):
    """A piece of the answer."""

    text: str


class Reasoning(NamedTuple):
    """A piece of what the model thinks before it answers; no part of the answer."""

    text: str


class ToolCall(msgspec.Struct, frozen=True):
    """A function that the model asks the caller to run, whole: `arguments` is the JSON text that it gave.

    `index` is its place among the calls of the answer, `id` what a `tool` message names it by ("" where none was told).
    """

    index: int
    id: str
    name: str
    arguments: str


class Source(NamedTuple):
    """Something that the answer rests on: `url` where it is on the web, `file` where it is a file at the site (its name
    or id), "" otherwise; `quotes` are the passages that were used."""

    title: str
    url: str = ""
    file: str = ""
    quotes: tuple[str, ...] = ()


class Sources(NamedTuple):
    """The site has named sources; more can follow."""

    sources: tuple[Source, ...]


class Media(NamedTuple):
    """A picture or another file that belongs to the answer: at `url` (absolute, for the session of the call), or as
    `data`. `mime_type` is "" where the site did not tell."""

    url: str = ""
    data: bytes = b""
    mime_type: str = ""
    name: str = ""

    def __repr__(self) -> str:  # pages of bytes, or a URL with a token in it, help nobody
        return f"<Media {self.name or self.mime_type or 'file'}: {f'{len(self.data)} bytes' if self.data else 'a URL'}>"


class Status(NamedTuple):
    """What the site is doing, in its own words; `done` says that this is over."""

    text: str
    done: bool = False


class Usage(NamedTuple):
    """What the answer cost, in tokens as the site counts them; None where it does not tell. Reasoning tokens are among
    the completion tokens."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    reasoning_tokens: int | None = None


class ModelSelected(NamedTuple):
    """The site has chosen a model itself (an arena, a router); `model` is its id."""

    model: str


class ChatSaved(NamedTuple):
    """The site has the finished turn in the person's history, as its page shows it: `chat_id` names the conversation
    there, so that a later call can go on with it, and `url` is its page."""

    chat_id: str
    url: str


class Queued(NamedTuple):
    """The site has put the call into a queue; position 1 is next. `size` is how many wait."""

    position: int
    size: int


class Finished(NamedTuple):
    """The answer is over. `reason` is `stop` where it is complete; `length`, `content_filter`, `tool_calls`, `refusal`
    or whatever else the site says tell that it is not just that."""

    reason: str


ChatEvent = (
    Text | Reasoning | ToolCall | Sources | Media | Status | Usage | ModelSelected | ChatSaved | Queued | Finished
)


class KeepAlive(NamedTuple):
    """The site has sent bytes that say nothing: a comment, an empty frame. From providers to the stream, which counts
    them as a sign of life; callers never see it."""


KEEP_ALIVE = KeepAlive()

# What a provider yields: text as it is, and events.
Piece = str | ChatEvent | KeepAlive
Pieces = AsyncGenerator[Piece, None]
