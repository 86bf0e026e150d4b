"""A small SOCKS5 proxy on loopback, which resolves the names that it is told to (RFC 1928, RFC 1929)."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from urllib.parse import quote

ADDRESS, NAME, ADDRESS_6 = 1, 3, 4
ANYBODY, LOGIN, NOBODY = 0, 2, 255
GRANTED, HOST_UNREACHABLE = 0, 4


class SocksProxy:
    """Leads a name of `hosts` to its address and port, and an address to itself. `login` is user and password.

    `reply` is what it answers to each request, in place of what comes of it; `hangs` has it take connections and say
    nothing. `asked` are the requests: kind of address, host and port.
    """

    def __init__(
        self,
        hosts: Mapping[str, tuple[str, int]] | None = None,
        *,
        login: tuple[str, str] | None = None,
        reply: bytes | None = None,
        hangs: bool = False,
    ) -> None:
        self.asked: list[tuple[int, str, int]] = []
        self.arrived = asyncio.Event()
        self.address = ("", 0)
        self._hosts = hosts or {}
        self._login = login
        self._reply = reply
        self._hangs = hangs
        self._tasks: set[asyncio.Task[None]] = set()

    def url(self, scheme: str = "socks5", login: tuple[str, str] | None = None) -> str:
        host, port = self.address
        told = "".join(quote(part, safe="") + end for part, end in zip(login, ":@", strict=True)) if login else ""
        return f"{scheme}://{told}{f'[{host}]' if ':' in host else host}:{port}"

    @asynccontextmanager
    async def listening(self, host: str = "127.0.0.1") -> AsyncIterator[SocksProxy]:
        server = await asyncio.start_server(self._serve, host, 0)
        self.address = server.sockets[0].getsockname()[:2]
        try:
            yield self
        finally:
            server.close()
            for task in list(self._tasks):
                task.cancel()
            while self._tasks:
                await asyncio.wait(set(self._tasks))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._converse(reader, writer)
        finally:
            writer.transport.abort()
            self._tasks.discard(task)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, count = await reader.readexactly(2)
        methods = await reader.readexactly(count)
        self.arrived.set()
        if self._hangs:
            await reader.read()
            return
        method = ANYBODY if self._login is None else LOGIN
        writer.write(bytes([5, method if method in methods else NOBODY]))
        if method not in methods or (method == LOGIN and not await self._knows(reader, writer)):
            await writer.drain()
            writer.close()
            await writer.wait_closed()
            return
        _, _, _, kind = await reader.readexactly(4)
        if kind == NAME:
            host = (await reader.readexactly((await reader.readexactly(1))[0])).decode("ascii")
        else:
            host = str(ipaddress.ip_address(await reader.readexactly(4 if kind == ADDRESS else 16)))
        port = int.from_bytes(await reader.readexactly(2), "big")
        self.asked.append((kind, host, port))
        if self._reply is not None:
            writer.write(self._reply)
            await writer.drain()
            writer.close()
            await writer.wait_closed()
            return
        target = self._hosts.get(host) if kind == NAME else (host, port)
        if target is None:
            writer.write(answer(HOST_UNREACHABLE))
            await writer.drain()
            return
        site_reader, site_writer = await asyncio.open_connection(*target)
        try:
            writer.write(answer(GRANTED))
            await asyncio.gather(_pass(reader, site_writer), _pass(site_reader, writer))
        finally:
            site_writer.transport.abort()

    async def _knows(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        await reader.readexactly(1)
        user, password = [(await reader.readexactly((await reader.readexactly(1))[0])).decode() for _ in range(2)]
        writer.write(bytes([1, (user, password) != self._login]))
        return (user, password) == self._login


def answer(code: int) -> bytes:
    """The answer to a request: what came of it, and an address that says nothing."""
    return bytes([5, code, 0, ADDRESS, 0, 0, 0, 0, 0, 0])


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(64 * 1024):
        writer.write(data)
        await writer.drain()
    writer.close()
