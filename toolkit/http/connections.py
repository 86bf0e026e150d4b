"""The connections of a transport: which way they lead, whom they trust there, and that all are closed in the end."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any, NamedTuple
from weakref import WeakSet

import aiohttp
from yarl import URL

from toolkit.errors import ProxyFailed, ToolkitError, UsageError
from toolkit.http.error_mapping import CHECK_PROXY, FAULTS
from toolkit.http.route import Route

CLOSING_SECONDS = 0.5


class Connections:
    """Connections on `route`, kept open for the next call. An async context manager.

    `connect` is how long one may take, in seconds, the proxy's answer and TLS included.
    """

    def __init__(self, route: Route, connect: float | None = None) -> None:
        self._route = route
        # Only connecting is aiohttp's to time, and exactly: by default it rounds up to whole seconds.
        self._timeout = aiohttp.ClientTimeout(total=None, connect=connect, sock_connect=connect, ceil_threshold=1e9)
        self._http: aiohttp.ClientSession | None = None
        self._tunnelled: aiohttp.ClientSession | None = None  # through a SOCKS proxy
        self._sockets: WeakSet[socket.socket] = WeakSet()

    async def __aenter__(self) -> Connections:
        trust = _trust(self._route)
        self._http = self._session(aiohttp.TCPConnector(ssl=trust, limit=0, socket_factory=self._socket))
        if self._route.is_socks:
            from toolkit.http import socks  # with an extra

            self._tunnelled = self._session(socks.connector(self._route.proxy or "", trust))
        return self

    def _session(self, connector: aiohttp.BaseConnector) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), timeout=self._timeout)

    async def __aexit__(self, *error: object) -> None:
        opened = [http for http in (self._http, self._tunnelled) if http is not None]
        self._http = self._tunnelled = None
        for http in opened:
            await http.close()
        await self._sockets_closed()

    async def request(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes
    ) -> aiohttp.ClientResponse:
        """The answer to one request, its body unread. Raises `FAULTS`, and errors of ours."""
        proxy = self._route.proxy_for(url)
        http = self._http
        way: AbstractContextManager[None] = nullcontext()
        if self._tunnelled is not None and proxy is not None:
            from toolkit.http.socks import map_socks_errors

            http, proxy, way = self._tunnelled, None, map_socks_errors(url)
        if http is None:
            raise UsageError("The client is closed.", url=url)
        try:
            with way:
                raw = await http.request(
                    method,
                    URL(url, encoded=True),
                    data=body or None,
                    headers=headers,
                    proxy=proxy,
                    allow_redirects=False,
                )
        except aiohttp.ClientConnectorDNSError:
            if proxy is None:
                raise
            raise ProxyFailed("The proxy's host name is not known.", url=url, hint=CHECK_PROXY) from None
        except (*FAULTS, ToolkitError):  # some are a ValueError too
            raise
        except ValueError:
            raise UsageError("The call has a header or a cookie that cannot be sent.", url=url) from None
        _tell_of_a_lost_connection(raw)
        return raw

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


def _tell_of_a_lost_connection(raw: aiohttp.ClientResponse) -> None:
    """Have a body know that its connection is gone. aiohttp tells it of every end but its own: it closes the connection
    on which chunks make no sense, and lets the reader wait."""
    connection, content = raw.connection, raw.content
    if connection is None or connection.protocol is None or (closed := connection.protocol.closed) is None:
        return  # the body is there already, or it has been told
    body = _Body(closed, content)
    closed.remove_done_callback(_heard)  # of a call before
    closed.add_done_callback(_heard)
    closed.add_done_callback(body.lost)
    content.on_eof(body.complete)


class _Body(NamedTuple):
    """A body, and what tells that its connection is closed."""

    closed: asyncio.Future[None]
    content: aiohttp.StreamReader

    def lost(self, _: object) -> None:
        if not self.content.is_eof() and self.content.exception() is None:
            self.content.set_exception(aiohttp.ClientPayloadError("the connection is closed"))

    def complete(self) -> None:
        """The connection lives on."""
        self.closed.remove_done_callback(self.lost)


def _heard(closed: asyncio.Future[None]) -> None:
    """asyncio complains of a failure that nobody asked for."""
    with suppress(asyncio.CancelledError):  # aiohttp does that where its closing is cancelled
        closed.exception()


def _trust(route: Route) -> ssl.SSLContext | bool:
    """Whom to trust on a route: the system's roots, which aiohttp has loaded once for all, and the route's own."""
    if route.ca_pem is None:
        return True
    own = route.ca_pem.decode("ascii")
    context = ssl.create_default_context(cadata=own if route.sealed else None)
    if not route.sealed:
        context.load_verify_locations(cadata=own)
    return context
