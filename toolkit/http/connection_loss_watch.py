"""Tells the reader of a body that the connection is lost, where aiohttp does not.

aiohttp tells the body's stream of every way in which a connection ends but two: where it closes the connection itself
because the chunks of the body make no sense, the reader would wait for ever; and a body that ends with its connection
would be complete also where that was reset.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

import aiohttp


def watch_for_loss(raw: aiohttp.ClientResponse) -> None:
    """From now on, reading the body of `raw` raises `aiohttp.ClientPayloadError` if its connection is closed early."""
    connection, content = raw.connection, raw.content
    if connection is None or connection.protocol is None or (closed := connection.protocol.closed) is None:
        return  # the whole body has arrived, or its stream knows already
    watched = _WatchedBody(closed, content)
    closed.remove_done_callback(_retrieve_exception)  # of an earlier call on this connection
    closed.add_done_callback(_retrieve_exception)
    closed.add_done_callback(watched.fail)
    content.on_eof(watched.complete)


def reset_of_unframed_body(raw: aiohttp.ClientResponse) -> Callable[[], BaseException | None] | None:
    """Return a function that gives the error which the connection of `raw` has ended with, if it has; None where the
    body says itself where it ends, by its length or its chunks (RFC 9112, section 6.3)."""
    framed = "Content-Length" in raw.headers or "chunked" in raw.headers.get("Transfer-Encoding", "").lower()
    connection = raw.connection
    if framed or connection is None or connection.protocol is None or (closed := connection.protocol.closed) is None:
        return None
    return lambda: closed.exception() if closed.done() and not closed.cancelled() else None


class _WatchedBody(NamedTuple):
    """A body, and the future that is done when its connection is closed."""

    closed: asyncio.Future[None]
    content: aiohttp.StreamReader

    def fail(self, _: object) -> None:
        if not self.content.is_eof() and self.content.exception() is None:
            self.content.set_exception(aiohttp.ClientPayloadError("the connection is closed"))

    def complete(self) -> None:
        """The body is read, and the connection serves the next call."""
        self.closed.remove_done_callback(self.fail)


def _retrieve_exception(closed: asyncio.Future[None]) -> None:
    """Take the future's exception, since asyncio logs those that nobody takes."""
    with suppress(asyncio.CancelledError):  # aiohttp cancels the future where its closing is cancelled
        closed.exception()
