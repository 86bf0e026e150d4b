"""The connections of a transport: which way they lead, whom they trust there, and that all are closed in the end."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Mapping
from typing import Any
from weakref import WeakSet

import aiohttp
from yarl import URL

from toolkit.errors import UsageError
from toolkit.faults import FAULTS
from toolkit.route import Route

CLOSING_SECONDS = 0.5


class Connections:
    """Connections on `route`, kept open for the next call. An async context manager.

    `connect` is how long one may take, in seconds, the proxy's answer and TLS included.
    """

    def __init__(self, route: Route, connect: float | None = None) -> None:
        self._route = route
        self._connect = connect
        self._http: aiohttp.ClientSession | None = None
        self._sockets: WeakSet[socket.socket] = WeakSet()

    async def __aenter__(self) -> Connections:
        connect = self._connect
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=_trust(self._route), limit=0, socket_factory=self._socket),
            cookie_jar=aiohttp.DummyCookieJar(),
            # Only connecting is aiohttp's to time, and exactly: by default it rounds up to whole seconds.
            timeout=aiohttp.ClientTimeout(total=None, connect=connect, sock_connect=connect, ceil_threshold=1e9),
        )
        return self

    async def __aexit__(self, *error: object) -> None:
        if self._http is not None:
            await self._http.close()
            await self._sockets_closed()
            self._http = None

    async def request(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes
    ) -> aiohttp.ClientResponse:
        """The answer to one request, its body unread. Raises `FAULTS`, and `UsageError`."""
        if self._http is None:
            raise UsageError("The client is closed.", url=url)
        try:
            return await self._http.request(
                method,
                URL(url, encoded=True),
                data=body or None,
                headers=headers,
                proxy=self._route.proxy,
                allow_redirects=False,
            )
        except FAULTS:  # some are a ValueError too
            raise
        except ValueError:
            raise UsageError("The call has a header or a cookie that cannot be sent.", url=url) from None

    def _socket(self, address: Any) -> socket.socket:
        """A socket for aiohttp to connect."""
        family, kind, protocol, _, _ = address
        made = socket.socket(family, kind, protocol)
        self._sockets.add(made)
        return made

    async def _sockets_closed(self) -> None:
        """Wait for what aiohttp does not: under TLS, a connection that was cancelled says goodbye before it closes."""
        clock = asyncio.get_running_loop().time
        end = clock() + CLOSING_SECONDS
        while any(made.fileno() >= 0 for made in self._sockets) and clock() < end:  # noqa: ASYNC110 - sockets do not tell
            await asyncio.sleep(0.001)


def _trust(route: Route) -> ssl.SSLContext | bool:
    """Whom to trust on a route: the system's roots, which aiohttp has loaded once for all, and the route's own."""
    if route.ca_pem is None:
        return True
    own = route.ca_pem.decode("ascii")
    context = ssl.create_default_context(cadata=own if route.sealed else None)
    if not route.sealed:
        context.load_verify_locations(cadata=own)
    return context
