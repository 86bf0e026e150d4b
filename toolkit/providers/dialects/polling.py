"""Reads an answer that a page asks for again and again until it is complete."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from toolkit.chats.events import Pieces
from toolkit.errors import StreamInterrupted
from toolkit.providers.dialects.base import Dialect
from toolkit.providers.dialects.reading import read_answer

if TYPE_CHECKING:
    from toolkit.http.response import Response


async def poll_answer(
    call: Callable[[], AbstractAsyncContextManager[Response]], dialect: Callable[[], Dialect], seconds: float
) -> Pieces:
    """Makes `call` every so many seconds, until its answer, read by a new `dialect`, has come to its end. Yields the
    pieces of that one.

    It is the deadline of the stream that ends it where the site never completes the answer. Raises what `read_answer`
    raises but for `StreamInterrupted`, by which a dialect says that there was no end yet.
    """
    while True:
        try:
            async with call() as response:
                pieces = [piece async for piece in read_answer(response, dialect())]
        except StreamInterrupted:
            await asyncio.sleep(seconds)
        else:
            for piece in pieces:
                yield piece
            return
