"""The connections of a transport: opened along a route, with the roots that it trusts, and all closed in the end."""

from __future__ import annotations

import asyncio
import math
import socket
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from io import BytesIO
from typing import Any, TypeVar
from weakref import WeakSet

import aiohttp
from yarl import URL

from toolkit.errors import ProxyFailed, ToolkitError, UsageError
from toolkit.http.aiohttp_errors import CHECK_PROXY, HTTP_ERRORS, MAX_HEAD_LINE
from toolkit.http.connection_loss_watch import watch_for_loss
from toolkit.http.request import socket_url
from toolkit.http.route import Route
from toolkit.http.socket_handshake import Handshake, HandshakeAnswer
from toolkit.http.tls_trust import TLSChoice, route_trust

T = TypeVar("T")

CLOSING_SECONDS = 0.5  # for TLS to close the connections
IDLE_SECONDS = 0.5  # since the last request: no server closes a connection sooner
LARGE_BODY = 512 * 1024  # bytes; aiohttp sends what is larger in pieces, or else warns that it holds up the loop
MAX_HEADERS = 512  # of an answer; each of the 180 cookies that a browser keeps of a site comes in one of its own
TURNS_OF_THE_LOOP = 3  # it asks the system what has come, acts on that, and then has TLS act on it


class Connections:
    """Connections along `route`, kept open for the next call. An async context manager.

    `connect` is how long opening one may take, in seconds, with the proxy's answer and the TLS handshake. `tls`
    chooses the TLS context for a URL; True stands for the one of the route.
    """

    def __init__(self, route: Route, connect: float | None = None, tls: TLSChoice | None = None) -> None:
        self._route = route
        self._tls = tls
        # aiohttp times only the connecting, and exactly: by default it rounds long timeouts up to whole seconds.
        self._timeout = aiohttp.ClientTimeout(total=None, connect=connect, sock_connect=connect, ceil_threshold=1e9)
        self._http: aiohttp.ClientSession | None = None
        self._socks_http: aiohttp.ClientSession | None = None  # for calls through a SOCKS proxy
        self._sockets: WeakSet[socket.socket] = WeakSet()
        self._last_request = math.inf  # when the last one was answered, by the loop's clock

    async def __aenter__(self) -> Connections:
        trust = route_trust(self._route)
        self._http = self._session(aiohttp.TCPConnector(ssl=trust, limit=0, socket_factory=self._new_socket))
        if self._route.is_socks:
            from toolkit.http.socks import socks_connector  # needs an extra

            self._socks_http = self._session(socks_connector(self._route.proxy or "", trust))
        return self

    def _session(self, connector: aiohttp.BaseConnector) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=self._timeout,
            max_line_size=MAX_HEAD_LINE,
            max_field_size=MAX_HEAD_LINE,
            max_headers=MAX_HEADERS,
        )

    async def __aexit__(self, *error: object) -> None:
        opened = [http for http in (self._http, self._socks_http) if http is not None]
        self._http = self._socks_http = None
        for http in opened:
            await http.close()
        await self._wait_for_sockets()

    async def request(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes
    ) -> aiohttp.ClientResponse:
        """Send one request and return the answer, its body unread. Raises one of `HTTP_ERRORS`, or an error of ours."""

        async def send(http: aiohttp.ClientSession, proxy: str | None) -> aiohttp.ClientResponse:
            return await http.request(
                method,
                URL(url, encoded=True),
                data=BytesIO(body) if len(body) > LARGE_BODY else body or None,
                headers=headers,
                proxy=proxy,
                allow_redirects=False,
                ssl=self._trust(url),
            )

        raw = await self._send(url, send)
        watch_for_loss(raw)
        return raw

    async def websocket(self, url: str, handshake: Handshake) -> HandshakeAnswer:
        """Ask for a WebSocket at `url`, which has the scheme of a page, and return what the site has answered. Raises
        as `request` does."""

        async def send(http: aiohttp.ClientSession, proxy: str | None) -> HandshakeAnswer:
            return await handshake.send(http, URL(socket_url(url), encoded=True), proxy=proxy, ssl=self._trust(url))

        return await self._send(url, send)

    def _trust(self, url: str) -> Any:
        return True if self._tls is None else self._tls(url)

    async def _send(self, url: str, send: Callable[[aiohttp.ClientSession, str | None], Awaitable[T]]) -> T:
        """Await `send`, which gets the HTTP session for `url`, and the proxy that it has to name to it."""
        proxy = self._route.proxy_for(url)
        http = self._http
        mapping_errors: AbstractContextManager[None] = nullcontext()
        if self._socks_http is not None and proxy is not None:
            from toolkit.http.socks import map_socks_errors

            http, proxy, mapping_errors = self._socks_http, None, map_socks_errors(url)
        if http is None:
            raise UsageError("The client is closed.", url=url)
        clock = asyncio.get_running_loop().time
        if clock() - self._last_request > IDLE_SECONDS:
            await _notice_closings()
        try:
            with mapping_errors:
                answer = await send(http, proxy)
        except aiohttp.ClientConnectorDNSError:
            if proxy is None:
                raise
            raise ProxyFailed("The proxy's host name is not known.", url=url, hint=CHECK_PROXY) from None
        except (*HTTP_ERRORS, ToolkitError):  # some of them are a ValueError too
            raise
        except ValueError:
            raise UsageError("The call has a header or a cookie that cannot be sent.", url=url) from None
        self._last_request = clock()
        return answer

    def _new_socket(self, address: Any) -> socket.socket:
        """A socket for aiohttp to connect, which we remember."""
        family, kind, protocol, _, _ = address
        created = socket.socket(family, kind, protocol)
        self._sockets.add(created)
        return created

    async def _wait_for_sockets(self) -> None:
        """Wait until all sockets are closed, for which aiohttp does not wait: under TLS, a connection whose call was
        cancelled sends its closing message first."""
        clock = asyncio.get_running_loop().time
        end = clock() + CLOSING_SECONDS
        while any(each.fileno() >= 0 for each in self._sockets) and clock() < end:  # noqa: ASYNC110 - no event for it
            await asyncio.sleep(0.001)


async def _notice_closings() -> None:
    """Have the loop see which connections the site has closed, so that no request is sent on one of them.

    A loop that has stood still, as while a person types, knows of nothing that came meanwhile (RFC 9112, section 9.6: a
    client should watch for a closing, and servers close a connection that is idle for a few seconds).
    """
    for _ in range(TURNS_OF_THE_LOOP):
        await asyncio.sleep(0)
