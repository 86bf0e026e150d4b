"""Reads an answer in a dialect from a response, as it arrives."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing, nullcontext
from typing import TYPE_CHECKING

from toolkit.chats.events import KEEP_ALIVE, Pieces
from toolkit.errors import ToolkitError, redact_url
from toolkit.providers.dialects.base import Dialect
from toolkit.providers.dialects.openai_chat import OpenAIChat
from toolkit.providers.openai.stream import read_openai_stream

if TYPE_CHECKING:
    from toolkit.http.response import Response

log = logging.getLogger("toolkit")

LINGER_SECONDS = 5.0  # for what may follow an end mark: some servers send nothing more, and stay


async def read_answer(response: Response, dialect: Dialect) -> Pieces:
    """The pieces of the answer that `response` is, as they arrive; the last is `Finished`, with the reason for the end.
    `dialect` is a new instance, which reads this one answer.

    Raises the error that the site reports inside the answer, `ProtocolError` for what is not of the dialect, and
    `StreamInterrupted` where the body ends before the answer does.
    """
    if isinstance(dialect, OpenAIChat):  # whose reader is quicker, as most answers are in it
        async with aclosing(read_openai_stream(nullcontext(response))) as pieces:
            async for piece in pieces:
                yield piece
        return
    await response.raise_for_page("a stream")
    dialect.url = response.url
    try:
        with response.chunk_reader() as read:
            linger_end: float | None = None  # by the loop's clock
            while not dialect.done and (
                data := await (read() if linger_end is None else _read_until(linger_end, read))
            ):
                silent = True
                for piece in dialect.feed(data):
                    silent = False
                    yield piece
                if silent:
                    yield KEEP_ALIVE
                if dialect.ended and linger_end is None:
                    linger_end = asyncio.get_running_loop().time() + LINGER_SECONDS
            for piece in dialect.finish():
                yield piece
    except ToolkitError as error:
        error.url = error.url or redact_url(response.url)
        raise


async def _read_until(end: float, read: Callable[[], Awaitable[bytes]]) -> bytes:
    """The next bytes after an end mark; none where none come until `end`, by the loop's clock."""
    try:
        async with asyncio.timeout_at(end):
            return await read()
    except TimeoutError:
        log.debug("an end mark was seen, and nothing followed within %g s", LINGER_SECONDS)
        return b""
