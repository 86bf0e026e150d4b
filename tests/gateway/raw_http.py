"""Speaks to the server by bytes, as no client's library would."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, NamedTuple

import msgspec

from tests.gateway.conftest import KEY
from tests.sites.asking import SECONDS
from tests.sites.scripted import ScriptedSite
from tests.sites.serving import serve
from toolkit.gateway import app
from toolkit.gateway.listening import Listener, bind
from toolkit.session.browser_session import BrowserSession
from toolkit.stores.base import Key
from toolkit.stores.memory import MemoryStore

QUESTION = b'{"model": "codelinkava", "messages": [{"role": "user", "content": "a-question-to-hide"}]}'
STREAMED = QUESTION[:-1] + b', "stream": true}'
SHOWN = b"Authorization: Bearer %b\r\n" % KEY.encode()
JSON = b"Content-Type: application/json\r\n"


class RawAnswer(NamedTuple):
    """One answer of the server: the status, the headers with their names in small letters, and the body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str | None:
        """Of the error in OpenAI's shape."""
        told: Any = msgspec.json.decode(self.body)
        return str(told["error"]["code"])


class RawServer:
    """A server of `toolkit serve` at `port`, in front of `site`."""

    def __init__(self, port: int, site: ScriptedSite) -> None:
        self.port, self.site = port, site
        self.host = b"Host: 127.0.0.1:%d\r\n" % port

    def request(self, line: bytes, headers: bytes = b"", body: bytes = b"") -> bytes:
        """A request with the right Host, and with the length of `body` where there is one."""
        length = b"Content-Length: %d\r\n" % len(body) if body else b""
        return line + b" HTTP/1.1\r\n" + self.host + headers + length + b"\r\n" + body

    def chat(self, body: bytes = QUESTION, headers: bytes = SHOWN + JSON) -> bytes:
        """A call that is in order."""
        return self.request(b"POST /v1/chat/completions", headers, body)

    @property
    def last(self) -> bytes:
        """A request after which the server closes the connection."""
        return self.request(b"GET /healthz", b"Connection: close\r\n")

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def ask(self, sent: bytes) -> list[RawAnswer]:
        """All answers to `sent`, after which the server has closed the connection."""
        reader, writer = await self.connect()
        received = b""
        try:
            async with asyncio.timeout(SECONDS):
                with suppress(ConnectionError):  # the server may close before it has read all
                    writer.write(sent)
                    await writer.drain()
                with suppress(ConnectionError):
                    while chunk := await reader.read(65536):
                        received += chunk
        finally:
            writer.close()
        return _answers(received)


def _answers(received: bytes) -> list[RawAnswer]:
    """The answers in `received`, which has nothing besides."""
    found: list[RawAnswer] = []
    while received:
        head, end, received = received.partition(b"\r\n\r\n")
        line, *fields = head.decode().split("\r\n")
        assert (line[:7], end) == ("HTTP/1.", b"\r\n\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
        if "chunked" in headers.get("transfer-encoding", ""):
            body, end, received = received.partition(b"\r\n0\r\n\r\n")
            assert end
        else:
            length = int(headers.get("content-length", 0))
            if not headers.get("content-length"):  # an answer to HTTP/1.0 ends with the connection
                length = len(received) if headers.get("content-type", "").startswith("text/event-stream") else 0
            body, received = received[:length], received[length:]
            assert len(body) == length
        found.append(RawAnswer(int(line.split()[1]), headers, body))
    return [answer for answer in found if answer.status >= 200]  # `100 Continue` is none


@asynccontextmanager
async def raw_server(site: ScriptedSite, **options: Any) -> AsyncIterator[RawServer]:
    """A server that listens as that of the command does; `options` are arguments of `app`."""
    store = MemoryStore()
    async with serve(site.app()) as site_origin:
        session = BrowserSession(provider="codelinkava", origin=site_origin, headers={"user-agent": "Kept/1"})
        await store.save(Key("codelinkava", site_origin), session)
        bound, ready = bind("127.0.0.1", 0), asyncio.Event()
        port = bound.getsockname()[1]
        application = app(key=KEY, hosts=[f"127.0.0.1:{port}", f"localhost:{port}"], store=store, **options)
        running = asyncio.create_task(Listener(application, bound).run(ready.set))
        try:
            await ready.wait()
            yield RawServer(port, site)
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
