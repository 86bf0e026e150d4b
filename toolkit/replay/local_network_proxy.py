"""The proxy of a local network: listens on loopback, checks who asks and for which host, and ends TLS for that host."""

from __future__ import annotations

import asyncio
import base64

from yarl import URL

from toolkit.replay.certificate_authority import CertificateAuthority
from toolkit.replay.proxy_connection import Accepted, ProxyConnection, Refusal, RequestHead
from toolkit.replay.site_server import SiteServer


class ProxyServer:
    """Leads its clients to `sites`, with TLS under certificates of `authority`.

    `credentials` are the user and password that it asks for, None for nothing. `plain_http` are the hosts and ports
    inside whose tunnels no TLS is spoken; port 80 is plain everywhere.
    """

    def __init__(
        self,
        sites: SiteServer,
        authority: CertificateAuthority,
        *,
        credentials: tuple[str, str] | None,
        plain_http: frozenset[tuple[str, int]],
    ) -> None:
        self._sites = sites
        self._authority = authority
        self._credentials = credentials
        self._plain_http = plain_http
        self._connections: set[ProxyConnection] = set()
        self._server: asyncio.Server

    async def listen(self) -> int:
        """Begin to accept connections. Returns the port."""
        self._server = await asyncio.get_running_loop().create_server(self._create_connection, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def abort_connections(self) -> None:
        """Accept nothing more, and close every connection at once."""
        self._server.close()
        while self._connections:  # one that was just being accepted turns up in a later round
            for connection in self._connections:
                connection.abort()
            await asyncio.wait([connection.closed for connection in self._connections])

    async def wait_closed(self) -> None:
        await self._server.wait_closed()

    def _create_connection(self) -> ProxyConnection:
        connection = ProxyConnection(self._admit, self._sites.create_protocol)
        self._connections.add(connection)
        connection.closed.add_done_callback(lambda _: self._connections.discard(connection))
        return connection

    def _admit(self, head: RequestHead) -> Accepted | Refusal:
        """Decide about the first request of a connection."""
        if not self._is_authorized(head):
            return Refusal(407, "Proxy Authentication Required", ('Proxy-Authenticate: Basic realm="toolkit"',))
        if head.method != "CONNECT":
            return Accepted()
        try:
            target = URL(f"//{head.target}")
            host, port = target.host or "", target.port or 443
        except ValueError:
            return Refusal(400, "Bad Request")
        if not self._sites.serves(host, port):
            return Refusal(502, self._sites.refuse(host, port))
        plain = port == 80 or (host, port) in self._plain_http
        return Accepted(None if plain else self._authority.server_context(host))

    def _is_authorized(self, head: RequestHead) -> bool:
        if self._credentials is None:
            return True
        scheme, _, encoded = head.headers.get("proxy-authorization", "").partition(" ")
        expected = base64.b64encode(":".join(self._credentials).encode()).decode("ascii")
        return scheme.lower() == "basic" and encoded.strip() == expected
