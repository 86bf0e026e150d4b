"""The site that all peers ask, in a process of its own: `python -m tests.benchmarks.upstream` prints its port.

The path says what to send: `/sse/COUNT/EACH/GAP/...` is COUNT chunks of EACH chat completion frames, GAP ms apart, and
an end marker; `/think/...` the same, with reasoning in all chunks but the last; `/text/COUNT/EACH/GAP/...` is COUNT
chunks of EACH bytes of plain text; `/socket/COUNT/EACH/GAP` is a WebSocket with COUNT times EACH text frames.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

PIECE = " Привет"
FRAME = (
    'data: {"id":"chatcmpl-9x8y7z","object":"chat.completion.chunk","created":1694268190,"model":"gpt-4o-mini",'
    f'"system_fingerprint":"fp_44709d6fcb","choices":[{{"index":0,"delta":{{"content":"{PIECE}"}},"logprobs":null,'
    '"finish_reason":null}]}\n\n'
).encode()
THOUGHT = FRAME.replace(b'"content"', b'"reasoning_content"')
DONE = b"data: [DONE]\n\n"
PROSE = "The quick brown fox jumps over the lazy dog. Съешь же ещё этих мягких французских булок. ".encode()
TOKEN = b'{"id":"3ce7568c-a74e-4717-803e-814450f2ee8a","token":" scatterings.","isSequence":false,"isInput":0}'
TEXT_FRAME = b"\x81%c%b" % (len(TOKEN), TOKEN)
CLOSING = b"\x88\x02\x03\xe8"  # with the code 1000
WS_KEY = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3
SWITCHING = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %b\r\n\r\n"
)
HEADERS = b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nTransfer-Encoding: chunked\r\n\r\n"


def text(count: int, each: int) -> bytes:
    """The whole of a plain text."""
    return (PROSE * (count * each // len(PROSE) + 1))[: count * each]


def http_chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


async def talk(head: str, frames: bytes, count: int, writer: asyncio.StreamWriter) -> None:
    """Open a WebSocket as the request `head` asks for, write `frames` so many times, and close it."""
    key = next(line.partition(": ")[2] for line in head.split("\r\n") if line.lower().startswith("sec-websocket-key"))
    accept = base64.b64encode(hashlib.sha1(key.encode() + WS_KEY, usedforsecurity=False).digest())
    writer.write(SWITCHING % accept)
    for _ in range(count):
        writer.write(frames)
        await writer.drain()
    writer.write(CLOSING)
    await writer.drain()


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Serve one connection until the other side closes it."""
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            kind, count, each, gap = head.split()[1].split("/")[1:5]
            for line in head.lower().split("\r\n"):
                if line.startswith("content-length:"):
                    await reader.readexactly(int(line.partition(":")[2]))
            if kind == "socket":
                await talk(head, TEXT_FRAME * int(each), int(count), writer)
                return
            if kind in ("sse", "think"):
                writer.write(HEADERS % b"text/event-stream")
                chunks = [http_chunk((FRAME if kind == "sse" else THOUGHT) * int(each))] * int(count)
                chunks[-1], end = http_chunk(FRAME * int(each)), http_chunk(DONE)
            else:
                writer.write(HEADERS % b"text/plain; charset=utf-8")
                whole = text(int(count), int(each))
                chunks = [http_chunk(whole[i : i + int(each)]) for i in range(0, len(whole), int(each))]
                end = b""
            for chunk in chunks:
                writer.write(chunk)
                await writer.drain()
                if float(gap):
                    await asyncio.sleep(float(gap) / 1000)
            writer.write(end + b"0\r\n\r\n")
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def serve() -> None:
    """Serve until standard input ends."""
    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()


@asynccontextmanager
async def upstream() -> AsyncIterator[str]:
    """A running upstream; gives its address, `http://...`."""
    command = (sys.executable, "-m", "tests.benchmarks.upstream")
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
    assert process.stdin
    assert process.stdout
    port = int(await process.stdout.readline())
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.stdin.close()
        await process.wait()


if __name__ == "__main__":
    asyncio.run(serve())
