"""Asks a site that answers with given bytes, and gives all that the client made of them."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from toolkit.chats.events import ChatEvent, Text
from toolkit.chats.stream import ChatStream
from toolkit.client.client import Client
from toolkit.errors import ToolkitError
from toolkit.session.browser_session import BrowserSession

EVENTS, DOCUMENT = "text/event-stream", "application/json"


def frame(**chunk: Any) -> bytes:
    """One `data:` of a stream."""
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


def delta(content: Any = None, reason: str | None = None, **more: Any) -> bytes:
    """A chunk with a piece of text, or whatever else `more` puts into the delta."""
    piece = ({} if content is None else {"content": content}) | more
    return frame(choices=[{"index": 0, "delta": piece, "finish_reason": reason}])


STOP, DONE = delta(reason="stop"), b"data: [DONE]\n\n"


class Outcome(NamedTuple):
    """What came of a call: its events, text pieces joined; the error, if there was one; the stream."""

    events: list[ChatEvent]
    error: ToolkitError | None
    stream: ChatStream

    @property
    def text(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, Text))


@asynccontextmanager
async def answering(*parts: bytes, content_type: str = EVENTS) -> AsyncIterator[str]:
    """A site that answers every request with `parts`, and then closes the connection; yields its address."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        sizes = [int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.startswith(b"content-length:")]
        await reader.readexactly(sum(sizes))
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nConnection: close\r\n\r\n".encode())
        for part in parts:
            writer.write(part)
            await writer.drain()
        writer.close()
        await writer.wait_closed()

    listener = socket.create_server(("127.0.0.1", 0))
    async with await asyncio.start_server(serve, sock=listener):
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


async def ask(parts: Iterable[bytes], *, content_type: str = EVENTS, **call: Any) -> Outcome:
    """What a client of CodeLinkAva makes of an answer of these `parts`."""
    async with answering(*parts, content_type=content_type) as url:
        session = BrowserSession(provider="codelinkava", origin=url)
        async with Client("codelinkava", base_url=url, session=session) as client:
            stream, events, error = client.chat("Hi", **call), list[ChatEvent](), None
            try:
                async for event in stream.events():
                    events.append(event)
            except ToolkitError as raised:
                error = raised
    return Outcome(events, error, stream)
