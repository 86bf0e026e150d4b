"""Clients that are slow, or leave in the middle: each is let go after a while, and none holds up another."""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from tests.gateway.raw_http import JSON, QUESTION, SHOWN, STREAMED, RawServer, raw_server
from tests.sites.asking import SECONDS, until
from tests.sites.scripted import ScriptedSite
from toolkit.gateway import connection, endpoints, listening

RESET = struct.pack("ii", 1, 0)  # closes with RST: `SO_LINGER` of no seconds


@pytest.fixture
async def server() -> AsyncIterator[RawServer]:
    site = ScriptedSite()
    site.says("blue", " sky")
    async with raw_server(site) as found:
        yield found


async def trickle(server: RawServer, begin: bytes, byte: bytes) -> bytes:
    """What comes back where `byte` follows `begin` over and over, until the server closes the connection."""
    reader, writer = await server.connect()
    received = b""

    async def read() -> None:
        nonlocal received
        with suppress(ConnectionError):
            while chunk := await reader.read(4096):
                received += chunk

    writer.write(begin)
    reading = asyncio.create_task(read())
    async with asyncio.timeout(SECONDS):
        while not reading.done():
            writer.write(byte)
            await asyncio.sleep(0.005)
    writer.close()
    return received


async def test_a_head_byte_by_byte(server: RawServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time is for the whole head: no byte of it gives more."""
    monkeypatch.setattr(listening, "HEAD_SECONDS", 0.1)
    assert await trickle(server, server.request(b"GET /healthz")[:-2] + b"X: ", b"y") == b""


@pytest.mark.parametrize("path", [b"/v1/chat/completions", b"/v1/messages/count_tokens", b"/api/login"])
async def test_a_body_byte_by_byte(server: RawServer, monkeypatch: pytest.MonkeyPatch, path: bytes) -> None:
    """Likewise; the client is told, and a call has not been made."""
    monkeypatch.setattr(endpoints, "BODY_SECONDS", 0.1)
    monkeypatch.setattr(connection, "LINGER_SECONDS", 0.1)
    head = server.request(b"POST " + path, SHOWN + JSON + b"Content-Length: 100000\r\n")
    answer = await trickle(server, head, b" ")
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert answer.count(b"HTTP/1.1") == 1
    assert server.site.requests == []


async def test_a_body_that_is_too_large(server: RawServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is refused as soon as its length is told, or what has come of it is too much."""
    monkeypatch.setattr(connection, "LINGER_SECONDS", 0.1)
    for headers, body in (
        (b"Content-Length: 9999999999\r\n", b""),
        (b"Transfer-Encoding: chunked\r\n", b"ffffffff\r\n" + b" " * 9_000_000),
    ):
        answers = await server.ask(server.request(b"POST /v1/chat/completions", SHOWN + JSON + headers) + body)
        assert [(answer.status, answer.code) for answer in answers] == [(413, "request_too_large")]
    assert server.site.requests == []


async def test_many_that_say_nothing(server: RawServer) -> None:
    """They do not keep a call from being made."""
    idle = [await server.connect() for _ in range(200)]
    for number, (_, writer) in enumerate(idle):
        writer.write(server.chat()[:number])
    answers = await server.ask(server.chat() + server.last)
    assert [answer.status for answer in answers] == [200, 200]
    for _, writer in idle:
        writer.close()
    assert len(server.site.asked) == 1


async def test_a_client_that_reads_no_document(server: RawServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its connection is closed after a while, however much there is to be read."""
    monkeypatch.setattr(listening, "IDLE_SECONDS", 0.1)
    server.site.says(*["x" * 1_000_000] * 20)
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(server.chat())
        client.setblocking(False)

        def is_closed() -> bool:
            try:
                client.send(b"\r\n")
            except BlockingIOError:
                return False
            except ConnectionError:
                return True
            return False

        await until(is_closed)


@pytest.mark.parametrize("body", [QUESTION, STREAMED])
@pytest.mark.parametrize("leaves", ["half", "whole", "reset"])
async def test_a_client_that_leaves(
    server: RawServer, caplog: pytest.LogCaptureFixture, body: bytes, leaves: str
) -> None:
    """Be it that it only sends no more: the call at the site ends, there is no answer, and nothing to complain of."""
    server.site.ending = "hang"
    reader, writer = await server.connect()
    writer.write(server.chat(body))
    await until(lambda: len(server.site.asked) == 1)
    if leaves == "half":
        writer.write_eof()
    else:
        if leaves == "reset":
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        writer.close()
    await until(lambda: server.site.left == 1)
    if leaves == "half":
        with suppress(ConnectionError):
            assert (await reader.read()).count(b"HTTP/1.1") <= 1
        writer.close()
    assert not [record for record in caplog.records if record.levelno > logging.INFO]


@pytest.mark.parametrize("share", [0.2, 0.9, 0.999])
async def test_a_client_that_leaves_before_it_has_asked(server: RawServer, share: float) -> None:
    """Half a request is none."""
    sent = server.chat()
    reader, writer = await server.connect()
    writer.write(sent[: int(len(sent) * share)])
    writer.write_eof()
    async with asyncio.timeout(SECONDS):
        assert await reader.read() == b""
    writer.close()
    assert server.site.requests == []


async def test_http_1_0(server: RawServer) -> None:
    """One answer, whose end is that of the connection, also of a stream."""
    for body in (QUESTION, STREAMED):
        (answer,) = await server.ask(server.chat(body).replace(b"HTTP/1.1", b"HTTP/1.0"))
        assert answer.status == 200
    assert answer.body.endswith(b"data: [DONE]\n\n")
    assert "transfer-encoding" not in answer.headers
    answers = await server.ask(server.chat().replace(b"HTTP/1.1", b"HTTP/1.0").replace(SHOWN, b""))
    assert [answer.status for answer in answers] == [401]


@pytest.mark.parametrize("protocol", [b"h2c", b"websocket", b"cats"])
async def test_another_protocol(server: RawServer, protocol: bytes) -> None:
    """Nobody speaks it, so that it is HTTP/1.1 as before: clients of Java ask for HTTP/2 with each request."""
    headers = SHOWN + JSON + b"Connection: Upgrade\r\nUpgrade: " + protocol + b"\r\n"
    reader, writer = await server.connect()
    for number in range(1, 3):
        writer.write(server.chat(headers=headers))
        async with asyncio.timeout(SECONDS):
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].split()[0])
            assert b"blue sky" in await reader.readexactly(length)
        assert len(server.site.asked) == number
    writer.close()
