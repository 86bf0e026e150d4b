"""Reads the answer of an OpenAI-style endpoint as it arrives: server-sent events, or a document in their place."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from toolkit.chats.events import KEEP_ALIVE, Pieces, Reasoning
from toolkit.errors import ProtocolError, StreamInterrupted
from toolkit.http.response import DOCUMENT_LIMIT
from toolkit.providers.openai.answer import OpenAIAnswer
from toolkit.providers.openai.wire import Chunk, PlainChunk
from toolkit.providers.think_tags import split_think_tags
from toolkit.streams.base import Data
from toolkit.streams.json_decoding import decode_json
from toolkit.streams.json_lines import JSONLinesDecoder
from toolkit.streams.sse_json import JSONEventsDecoder

if TYPE_CHECKING:
    from toolkit.http.response import Response

log = logging.getLogger("toolkit")

DONE = "[DONE]"
ERROR_EVENTS = (b'data: {"error": {"message": "overloaded", "type": "server_error"}}\n\n',)
LINGER_SECONDS = 5.0  # for the end marker, once the reason for the end was told: some servers leave it out, and stay
BLANK = b" \t\r\n\xef\xbb\xbf"


_Decoder = JSONEventsDecoder[PlainChunk | Chunk]


def read_openai_stream(
    call: AbstractAsyncContextManager[Response], *, single_page: bool = False, think_tags: bool = False
) -> Pieces:
    """The pieces of the answer to `call` as they arrive; the last is `Finished`, with the site's reason for the end.

    `single_page` is for sites that answer with their page where they know no path. `think_tags` says that what stands
    between `<think>` and `</think>` is reasoning.

    Raises the error that is reported inside the stream (see `reported_error`), `ProtocolError` for what is no answer,
    and `StreamInterrupted` where the stream ends before an end was told.
    """
    pieces = _read(call, single_page)
    return split_think_tags(pieces) if think_tags else pieces


async def _read(call: AbstractAsyncContextManager[Response], single_page: bool) -> Pieces:
    decoder: _Decoder = JSONEventsDecoder(PlainChunk, otherwise=Chunk, end=DONE, named=_named_event)
    async with call as response:
        await response.raise_for_page("a stream", single_page=single_page)
        answer = OpenAIAnswer(response.url)
        event_seen = text_seen = done = False
        plain: type[PlainChunk] | None = PlainChunk  # None once the short way would lose something
        linger_end: float | None = None  # when an end marker is waited for no longer, by the loop's clock
        with response.chunk_reader() as read:
            data = await read()
            while data and not data.strip(BLANK):  # gateways send blank lines, to keep the connection
                yield KEEP_ALIVE
                data = await read()
            data = first = data.lstrip(BLANK)
            if data.startswith((b"{", b"[")):  # no line of an event stream begins so
                for document in _documents(await _rest(read, data)):
                    for piece in answer.read(document):
                        yield piece
                done, data = True, b""
            while data and not done:
                chunks = decoder.feed(data)
                if chunks:
                    event_seen = True
                else:
                    yield KEEP_ALIVE
                for chunk in chunks:
                    if type(chunk) is plain:  # nearly all of them: the short way
                        delta = chunk.choices[0].delta
                        if thought := delta.reasoning_content or delta.reasoning:
                            yield Reasoning(thought)
                        if text := delta.content:
                            text_seen = True
                            yield text
                        elif not thought:
                            yield KEEP_ALIVE
                    elif chunk is not None:
                        if decoder.irregular:  # the half of a character may be completed by a plain chunk
                            plain = None
                        answer.has_deltas |= text_seen
                        yield KEEP_ALIVE  # for it may hold no piece
                        for piece in answer.read(chunk):
                            yield piece
                    else:
                        done = True
                        break
                else:
                    if answer.reason is None:
                        data = await read()
                    else:
                        linger_end = linger_end or asyncio.get_running_loop().time() + LINGER_SECONDS
                        data = await _read_until(linger_end, read)
            for last in () if done else decoder.flush():
                if last is None:
                    done = True
                else:
                    event_seen = True
                    answer.has_deltas |= text_seen
                    for piece in answer.read(last):
                        yield piece
        if done or answer.reason is not None:
            for piece in answer.end():
                yield piece
        elif event_seen:
            raise StreamInterrupted("The stream ended without its end marker.", url=response.url)
        elif first:
            raise ProtocolError("The site sent something in which there is no event of a stream.", url=response.url)
        else:
            raise response.empty_body_error()


async def _read_until(end: float, read: Callable[[], Awaitable[bytes]]) -> bytes:
    """The next bytes after the reason for the end was told; none where none come until `end`, by the loop's clock."""
    try:
        async with asyncio.timeout_at(end):
            return await read()
    except TimeoutError:
        log.debug("the reason for the end was told, and no end marker came within %g s", LINGER_SECONDS)
        return b""


async def _rest(read: Callable[[], Awaitable[bytes]], data: bytes) -> bytes:
    body = bytearray(data)
    while data := await read():
        body += data
        if len(body) > DOCUMENT_LIMIT:
            raise ProtocolError(f"The site sent a document of more than {DOCUMENT_LIMIT} bytes.")
    return bytes(body)


def _documents(body: bytes) -> Iterator[Chunk]:
    """The answer in a body that is no event stream: one JSON document, or one a line. Raises `ProtocolError`."""
    try:
        chunks = [decode_json(body, Chunk)]
    except ProtocolError:
        decoder = JSONLinesDecoder(Chunk)
        try:
            chunks = [*decoder.feed(body), *decoder.flush()]
        except ProtocolError:
            chunks = []
        if not chunks:
            raise
    yield from chunks
    if not any(chunk.choices for chunk in chunks):
        raise ProtocolError("The site sent a JSON document in which there is no answer.")


def _named_event(name: str, data: Data) -> Chunk | None:
    """An event that has a name: `error` reports one, whatever its data; of others, those without the shape of a chunk
    (`ping`, `heartbeat`) only keep the connection."""
    text = bytes(data)
    if name == "error":
        try:
            reported: object = decode_json(text)
            return Chunk(error=reported or "an error without a word")
        except ProtocolError:
            return Chunk(error=text.decode("utf-8", "replace"))
    if text.strip() == DONE.encode():
        return None
    try:
        return decode_json(text, Chunk)
    except ProtocolError:
        log.debug("an event named %r is passed over", name)
        return Chunk()
