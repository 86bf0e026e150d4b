"""Reads answers from the messages of a WebSocket, each of which is JSON."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from toolkit.chats.events import KEEP_ALIVE, Pieces
from toolkit.errors import ProtocolError, ToolkitError, redact_url
from toolkit.providers.dialects.base import Dialect
from toolkit.providers.dialects.by_form import At
from toolkit.providers.dialects.frames import Frame, make_frame

if TYPE_CHECKING:
    from toolkit.http.websocket import WebSocket


async def read_socket_answer(socket: WebSocket, dialect: Dialect) -> Pieces:
    """The pieces of the answer that comes in the next messages of `socket`, as they arrive; the last is `Finished`.
    `dialect` is a new instance, whose frames are lines or documents.

    Raises the error that the site reports inside the answer, `ProtocolError` for what is not of the dialect, what
    `socket.receive` raises, and `StreamInterrupted` where the site closes the socket before the answer has ended.
    """
    dialect.url = socket.url
    try:
        async for message in socket:
            silent = True
            for piece in dialect.feed(_line(message, socket.url)):
                silent = False
                yield piece
            if dialect.ended:
                break
            if silent:
                yield KEEP_ALIVE
        for piece in dialect.finish():
            yield piece
    except ToolkitError as error:
        error.url = error.url or redact_url(socket.url)
        raise


async def next_frame(socket: WebSocket, place: At) -> Any:
    """The next message of `socket` that has something at `place`, as JSON; those before it are passed over. Raises what
    `socket.receive` raises, and `ProtocolError` where the site closes the socket first, or sends binary messages."""
    async with aclosing(_frames(socket)) as frames:
        async for frame in frames:
            if frame.is_json and place.value(frame) is not None:
                return frame.value
    raise ProtocolError("The site closed its socket before it sent what the page waits for.", url=socket.url)


async def _frames(socket: WebSocket) -> AsyncGenerator[Frame, None]:
    async for message in socket:
        yield make_frame("", _line(message, socket.url))


def _line(message: str | bytes, url: str) -> bytes:
    """A message as a line. JSON has line breaks between its values alone."""
    if isinstance(message, bytes):
        raise ProtocolError("The site sent a binary message.", url=url)
    return message.replace("\r", " ").replace("\n", " ").encode("utf-8", "replace") + b"\n"
