"""The protocol of an OpenAI chat-completions endpoint, which several sites speak: its stream, its list of models.

The stream is server-sent events with a JSON chunk each, and `[DONE]` at the end.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from toolkit.errors import SiteError, StreamInterrupted
from toolkit.providers.base import Finished, Pieces
from toolkit.streams.json_events import JSONEventsDecoder

if TYPE_CHECKING:
    from toolkit.http.response import Response


class OpenAIDelta(Struct, gc=False):
    """The part of the answer that a chunk adds."""

    content: str | None = None


class OpenAIChoice(Struct, gc=False):
    """One of the answers that an endpoint can give at once; only the first is read."""

    delta: OpenAIDelta | None = None
    finish_reason: str | None = None


class OpenAIChunk(Struct, gc=False):
    """One chunk of the stream. A chunk with only the usage of tokens has no choice."""

    choices: list[OpenAIChoice] = []
    error: Any = None

    @property
    def error_message(self) -> str:
        """The text in `error`."""
        if not isinstance(self.error, dict):
            return str(self.error)
        return str(self.error.get("message") or self.error.get("detail") or self.error)


class OpenAIModel(Struct):
    """One model of an endpoint."""

    id: str


class OpenAIModels(Struct):
    """The list of models of an endpoint."""

    data: list[OpenAIModel]


async def read_openai_stream(call: AbstractAsyncContextManager[Response], *, single_page: bool = False) -> Pieces:
    """Read the answer to `call`: yields its text as it arrives, then `Finished` with the site's reason.

    `single_page` says that the site answers every unknown path with its page. Raises `SiteError` for an error inside
    the stream, and `StreamInterrupted` if the end marker is missing.
    """
    decoder = JSONEventsDecoder(OpenAIChunk, end="[DONE]")
    empty, reason = True, "stop"
    async with call as response:
        await response.raise_for_page("a stream", single_page=single_page)
        with response.chunk_reader() as read:
            while data := await read():
                for chunk in decoder.feed(data):
                    if chunk is None:
                        yield Finished(reason)
                        return
                    if chunk.error is not None:
                        raise SiteError(f"The site reported: {chunk.error_message}", url=response.url)
                    empty = False
                    if not chunk.choices:
                        continue
                    choice = chunk.choices[0]
                    reason = choice.finish_reason or reason
                    if choice.delta is not None and choice.delta.content:
                        yield choice.delta.content
            decoder.flush()
        if empty:
            raise response.empty_body_error()
        raise StreamInterrupted("The stream ended without its end marker.", url=response.url)
