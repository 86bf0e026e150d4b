"""A connection that the site closes while nobody looks is not used for the next request."""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import trustme

from tests.http.answering_site import SESSION
from toolkit.http.route import Route
from toolkit.http.transport import Transport

SECONDS = 10


class IdleSite:
    """A site in a thread of its own, which keeps connections open until `close_idle`. `connections` are all so far."""

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._tls = tls
        self.connections: list[socket.socket] = []
        self.origin = f"{'https' if tls else 'http'}://127.0.0.1:{self._listener.getsockname()[1]}"

    def answer_one(self) -> None:
        """Accept a connection, and answer one request on it."""
        self._listener.settimeout(SECONDS)
        connection, _ = self._listener.accept()
        connection.settimeout(SECONDS)
        if self._tls is not None:
            connection = self._tls.wrap_socket(connection, server_side=True)
        self.connections.append(connection)
        seen = b""
        while not seen.endswith(b"{}"):
            seen += connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")

    def close_idle(self) -> None:
        """Close the last connection, and wait until the other side's system knows that (SO_LINGER waits for it)."""
        self.connections[-1].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, SECONDS))
        self.connections[-1].close()

    def close(self) -> None:
        for each in (self._listener, *self.connections):
            each.close()


@contextmanager
def idle_site(*, tls: bool) -> Iterator[tuple[IdleSite, Route]]:
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH) if tls else None
    if context is not None:
        authority.issue_cert("127.0.0.1").configure_cert(context)
    site = IdleSite(context)
    try:
        yield site, Route(ca_pem=authority.cert_pem.bytes())
    finally:
        site.close()


@pytest.mark.parametrize("tls", [False, True])
async def test_a_connection_that_closed_while_the_loop_stood_still_is_not_used(
    tls: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that may not be repeated gets through, as the loop looks at its connections before it takes one."""
    monkeypatch.setattr("toolkit.http.connections.IDLE_SECONDS", 0.0)  # this site does not take its time
    with idle_site(tls=tls) as (site, route), ThreadPoolExecutor(1) as thread:
        async with Transport(SESSION, page=site.origin, route=route, retries=0) as http:
            for number in (1, 2, 3):
                answering = thread.submit(site.answer_one)
                assert await http.json(dict, "POST", site.origin, {}) == {}
                answering.result()
                assert len(site.connections) == number
                site.close_idle()  # which blocks this thread, and so the loop
