"""How long to wait for an answer, and keeping to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import msgspec

from toolkit.chat_stream import ChatEvent, Text
from toolkit.errors import StreamTimeout


class Deadlines(msgspec.Struct, frozen=True, kw_only=True):
    """How long to wait, in seconds; None is for ever.

    `turn` is for other calls on an account that takes one at a time; `connect` for a connection, TLS and proxy
    included; `first_piece` for the answer's first text, the site's queue included; `between_pieces` for each next one;
    `total` for the whole call; `cleanup` for what a provider tidies up. Only text counts as a piece: a site that sends
    signs of life and no answer runs into a deadline all the same.
    """

    turn: float | None = 600.0
    connect: float | None = 15.0
    first_piece: float | None = 300.0
    between_pieces: float | None = 60.0
    total: float | None = None
    cleanup: float = 10.0

    def patience(self, most: float) -> float:
        """The longest wait before a request is made again, in seconds: `most`, and less than a deadline allows."""
        return min([most, *(limit / 2 for limit in (self.first_piece, self.total) if limit is not None)])


async def keep(events: AsyncGenerator[ChatEvent, None], deadlines: Deadlines) -> AsyncGenerator[ChatEvent, None]:
    """`events` as they come. Raises `StreamTimeout` where a deadline passes; time that the reader takes does not count,
    but in the total. The caller closes `events`."""
    clock = asyncio.get_running_loop().time
    start, waited = clock(), 0.0
    name, limit = "first_piece", deadlines.first_piece
    while True:
        now = clock()
        ends = [] if limit is None else [(now + limit - waited, name, limit)]
        if deadlines.total is not None:
            ends.append((start + deadlines.total, "total", deadlines.total))
        when, passed, seconds = min(ends, default=(None, "", 0.0))
        try:
            async with asyncio.timeout_at(when) as timer:
                event = await anext(events)
        except StopAsyncIteration:
            return
        except TimeoutError:
            if not timer.expired():
                raise
            text = f"The site sent no more of its answer within {seconds:g} s (deadline `{passed}`)."
            raise StreamTimeout(text, deadline=passed, seconds=seconds) from None
        waited += clock() - now
        if isinstance(event, Text):
            name, limit, waited = "between_pieces", deadlines.between_pieces, 0.0
        yield event
