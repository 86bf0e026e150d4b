"""A network of one's own on loopback, which answers for the real host names: from recordings, or from small apps.

Its clients reach it as a proxy. TLS ends here, under a certificate authority made for the run, so that addresses,
redirects, domains and Secure cookies are what they are outside. A host that is not known is refused: nothing is ever
forwarded to the real network.
"""

from __future__ import annotations

import asyncio
import base64
import os
import ssl
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import TCPConnector, web
from yarl import URL

from toolkit.errors import ReplayMismatch, UsageError, redact_url
from toolkit.har.model import Recording
from toolkit.http.route import PROXY_VARIABLE, ROOT_VARIABLE, SPKI_VARIABLE, Route
from toolkit.replay.certificate_authority import CertificateAuthority
from toolkit.replay.playback import ALL_PARTS, MatchPart
from toolkit.replay.proxy_connection import Accepted, ProxyConnection, Refusal, RequestHead
from toolkit.replay.replay_app import Replay
from toolkit.replay.sibling_context import sibling_state

CLOSING_SECONDS = 5.0
LISTED = 20
HEADER_LIMIT = 64 * 1024  # session cookies outgrow aiohttp's own limit


class LoggedRequest(msgspec.Struct):
    """One request that reached a site. `status` is None until the answer begins."""

    method: str
    url: str
    status: int | None = None

    def __repr__(self) -> str:
        return f"<LoggedRequest {self.method} {redact_url(self.url)} {self.status}>"


class LocalNetwork:
    """An async context manager; everything that it opened is gone at its end.

    `apps` are stand-in sites by `host` or `host:port`, in any scheme; they come before `recording`. `pace` is the
    factor for recorded gaps, `match` says on what recorded requests are matched (see `toolkit.replay.playback`).
    `strict` verifies at the end that what was asked is what was recorded (see `verify`), unless the body of the `async
    with` raised by itself. `proxy_auth` is the user and password that the proxy asks for.

    `session` is the one that the recording's own calls began with, if it tells: a client that visits no page starts
    from it, and a context may. `log` are the requests that reached a site, `refused` the hosts (as `host:port`) that
    are not known here, `misses` what no recorded exchange answers.
    """

    def __init__(
        self,
        *,
        apps: Mapping[str, web.Application] | None = None,
        recording: Recording | Sequence[Recording] | None = None,
        pace: float = 0.0,
        match: Sequence[MatchPart] = ALL_PARTS,
        strict: bool = False,
        proxy_auth: tuple[str, str] | None = None,
    ) -> None:
        recordings = [recording] if isinstance(recording, Recording) else list(recording or ())
        self.replay = Replay(recordings, pace=pace, match=match)
        self.session = next((one.session.to_session() for one in recordings if one.session is not None), None)
        self.log: list[LoggedRequest] = []
        self.refused: list[str] = []
        self._apps = {host.lower(): app for host, app in (apps or {}).items()}
        self._strict = strict
        self._proxy_auth = proxy_auth
        self._servers: dict[int, web.Server] = {}
        self._connections: set[ProxyConnection] = set()
        self._handling: dict[asyncio.Task[Any], LoggedRequest] = {}
        self._stack: AsyncExitStack | None = None
        self._authority: CertificateAuthority
        self._front: web.Server
        self._port = 0

    @property
    def misses(self) -> list[ReplayMismatch]:
        return self.replay.misses

    @property
    def answering(self) -> list[LoggedRequest]:
        """The requests whose answers are under way. Where a client has gone, its are not."""
        return list(self._handling.values())

    # --- opening and closing

    async def __aenter__(self) -> LocalNetwork:
        async with AsyncExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="toolkit-network-"))
            self._authority = CertificateAuthority(Path(folder))
            for app in {id(app): app for app in (*self._apps.values(), self.replay.app)}.values():
                await self._set_up(app, stack)
            self._front = web.Server(
                self._handle,
                request_factory=self._make_request,
                handler_cancellation=True,  # a site's handler ends when its client has gone
                access_log=None,
                max_line_size=HEADER_LIMIT,
                max_field_size=HEADER_LIMIT,
            )
            server = await asyncio.get_running_loop().create_server(self._connection, "127.0.0.1", 0)
            stack.push_async_callback(self._close, server)
            self._port = server.sockets[0].getsockname()[1]
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._stack is not None:
            stack, self._stack = self._stack, None
            await stack.aclose()
        if self._strict and kind is None:
            self.verify()

    def verify(self) -> None:
        """Raise `ReplayMismatch` with everything in which this replay differs from its recordings so far: requests
        that none of them answers, hosts that were refused, and exchanges that had to be played and were not (see
        `toolkit.replay.playback` for which these are)."""
        found = [str(miss) for miss in self.misses]
        found += [f"{host} was refused: nothing of it is recorded." for host in dict.fromkeys(self.refused)]
        found += [
            f"never played: {entry.request.method} {redact_url(entry.request.url)}"
            for entry in self.replay.playback.still_required()
            if self._is_replayed(URL(entry.request.url))
        ]
        if found:
            shown = [*found[:LISTED], *([f"and {len(found) - LISTED} more"] if len(found) > LISTED else ())]
            text = "\n".join(f"  - {one}" for one in shown)
            error = ReplayMismatch(f"What was asked differs from the recording:\n{text}")
            error.differences = tuple(found)
            raise error

    async def _set_up(self, app: web.Application, stack: AsyncExitStack) -> None:
        if not app.on_response_prepare.frozen:
            app.on_response_prepare.append(self._note_status)
        runner = web.AppRunner(app, access_log=None)
        stack.push_async_callback(runner.cleanup)
        await runner.setup()
        assert runner.server is not None
        self._servers[id(app)] = runner.server

    async def _close(self, server: asyncio.Server) -> None:
        server.close()
        while self._connections:  # one that was just being accepted turns up in a later round
            for connection in self._connections:
                connection.abort()
            await asyncio.wait([connection.closed for connection in self._connections])
        for task in (handling := list(self._handling)):
            task.cancel()
        if handling:
            await asyncio.wait(handling, timeout=CLOSING_SECONDS)
        await server.wait_closed()
        # aiohttp forgets a connection when its task has ended, and has nothing to wait for that with.
        end = asyncio.get_running_loop().time() + CLOSING_SECONDS
        while self._front.connections and asyncio.get_running_loop().time() < end:  # noqa: ASYNC110
            await asyncio.sleep(0)

    # --- what clients need to know

    @property
    def address(self) -> str:
        """The proxy's URL, without user and password."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def route(self) -> Route:
        """The route into this network."""
        return Route(proxy=self._proxy_url(), ca_pem=self._authority.root_pem, spki=self._authority.spki, sealed=True)

    def launch_args(self) -> list[str]:
        """Arguments for Chromium, so that it takes this network's certificates."""
        return [f"--ignore-certificate-errors-spki-list={self._authority.spki}"]

    def context_options(self, *, trusted: bool = True) -> dict[str, Any]:
        """Arguments for Playwright's `browser.new_context()`: the proxy, also for hosts on loopback.

        `trusted` says that the browser takes this network's certificates, by `launch_args()`. Where it does not, the
        context takes any. Chromium then still runs no service worker of such a host (see `trusted_by`).
        """
        proxy: dict[str, str] = {"server": self.address, "bypass": "<-loopback>"}
        if self._proxy_auth:
            proxy |= {"username": self._proxy_auth[0], "password": self._proxy_auth[1]}
        return {"proxy": proxy} if trusted else {"proxy": proxy, "ignore_https_errors": True}

    def sibling_options(self, state: Mapping[str, Any], *, trusted: bool = False) -> dict[str, Any]:
        """Arguments for a context in this network that has what an open one has, where `state` is its storage state:

            context.browser.new_context(**network.sibling_options(context.storage_state()))

        Either API of Playwright. What the recording knows under a placeholder, it has under the placeholder (see
        `toolkit.replay.sibling_context`). Nothing else is taken over, such as the user agent. `trusted` is that of
        `context_options`.
        """
        began = self.session.to_storage_state() if self.session is not None else {}
        state = sibling_state(state, began, self.replay.playback.http_only_cookies)
        return self.context_options(trusted=trusted) | {"storage_state": state}

    async def sibling(self, context: Any, *, trusted: bool = False) -> Any:
        """A new context in this network beside `context`, a `BrowserContext` of Playwright's async API that is open
        outside, in the same browser and with the same cookies and storage (see `sibling_options`). Whoever asked for it
        closes it; it ends with the browser. `context` stays as it is.

        Raises `UsageError` where `context` has no browser that can open another.
        """
        if context.browser is None:
            raise UsageError(
                "This context has no browser of its own that could open a sibling.",
                hint="Open one in another browser, with `network.sibling_options(await context.storage_state())`.",
            )
        options = self.sibling_options(await context.storage_state(), trusted=trusted)
        return await context.browser.new_context(**options)

    @asynccontextmanager
    async def trusted_by(self, browser: Any) -> AsyncIterator[None]:
        """Have `browser`, a running Chromium of Playwright's async API, take this network's certificates everywhere,
        service workers included. For one that was launched without `launch_args()`.

        Meanwhile it takes **any** certificate, in its other contexts too: not for a browser that somebody uses.
        """
        session = await browser.new_browser_cdp_session()
        try:
            await session.send("Security.setIgnoreCertificateErrors", {"ignore": True})
            yield
        finally:
            if browser.is_connected():
                await session.detach()

    def ssl_context(self) -> ssl.SSLContext:
        """The client side of TLS that trusts this network, and nobody else."""
        return ssl.create_default_context(cadata=self._authority.root_pem.decode("ascii"))

    def session_options(self) -> dict[str, Any]:
        """Arguments for one `aiohttp.ClientSession()`; the session owns and closes the connector in it."""
        return {"connector": TCPConnector(ssl=self.ssl_context()), "proxy": self._proxy_url()}

    def environ(self) -> dict[str, str]:
        """Environment variables that lead another program here, as far as it reads them. The file of the root
        certificate lives as long as this network."""
        proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), self._proxy_url())
        proxies["NO_PROXY"] = ""
        case = str.upper if os.name == "nt" else str.lower  # there a name has no case
        roots = ("SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", ROOT_VARIABLE)
        return (
            proxies
            | {case(name): value for name, value in proxies.items()}  # curl reads `http_proxy` in lower case only
            | dict.fromkeys(roots, str(self._authority.root_file))
            | {"NODE_USE_ENV_PROXY": "1", PROXY_VARIABLE: self._proxy_url(), SPKI_VARIABLE: self._authority.spki}
        )

    def _proxy_url(self) -> str:
        url = URL(self.address)
        return str(url.with_user(self._proxy_auth[0]).with_password(self._proxy_auth[1]) if self._proxy_auth else url)

    # --- the proxy

    def _connection(self) -> ProxyConnection:
        connection = ProxyConnection(self._admit, self._front)
        self._connections.add(connection)
        connection.closed.add_done_callback(lambda _: self._connections.discard(connection))
        return connection

    def _admit(self, head: RequestHead) -> Accepted | Refusal:
        if self._proxy_auth is not None:
            scheme, _, told = head.headers.get("proxy-authorization", "").partition(" ")
            due = base64.b64encode(":".join(self._proxy_auth).encode()).decode("ascii")
            if scheme.lower() != "basic" or told.strip() != due:
                return Refusal(407, "Proxy Authentication Required", ('Proxy-Authenticate: Basic realm="toolkit"',))
        if head.method != "CONNECT":
            return Accepted()
        try:
            target = URL(f"//{head.target}")
            host, port = target.host or "", target.port or 443
        except ValueError:
            return Refusal(400, "Bad Request")
        if self._app_for(host, port) is None:
            return Refusal(502, self._unknown(host, port))
        plain = port == 80 or self.replay.playback.schemes.get((host, port)) == "http"
        return Accepted(None if plain else self._authority.server_context(host))

    def _unknown(self, host: str, port: int) -> str:
        self.refused.append(f"{host}:{port}")
        return f"{host}:{port} is not part of this local network"

    # --- the sites

    def _app_for(self, host: str, port: int) -> web.Application | None:
        for key in (f"{host}:{port}", host):
            if key in self._apps:
                return self._apps[key]
        return self.replay.app if (host, port) in self.replay.playback.schemes else None

    def _is_replayed(self, url: URL) -> bool:
        return self._app_for(url.host or "", url.port or 0) is self.replay.app

    def _make_request(self, message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
        """aiohttp's request factory; the types are those of its internals."""
        url: URL = message.url
        if url.absolute:  # to a proxy; a site gets the path, and the authority in Host (RFC 9112, 3.2.2)
            path = URL.build(path=url.raw_path or "/", query_string=url.raw_query_string, encoded=True)
            message = message._replace(url=path)
        else:
            scheme = "https" if protocol.ssl_context else "http"
            url = URL.build(scheme=scheme, authority=message.headers.get("Host", ""))
        app = self._app_for(url.host or "", url.port or 0)
        factory = self._servers[id(app)].request_factory if app is not None else _plain_request
        return factory(message, payload, protocol, writer, task)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        host, port = request.url.host or "", request.url.port or 0
        app = self._app_for(host, port)
        if app is None:
            # Inside a tunnel: another host than the one that the tunnel is for (RFC 9110, 15.5.20).
            status = 421 if request.secure else 502
            return web.Response(status=status, reason=self._unknown(host, port))
        task = asyncio.current_task()
        assert task is not None
        logged = self._handling[task] = LoggedRequest(request.method, str(request.url))
        self.log.append(logged)
        task.add_done_callback(self._handling.pop)
        response = await self._servers[id(app)].request_handler(request)
        logged.status = response.status
        return response

    async def _note_status(self, _: web.BaseRequest, response: web.StreamResponse) -> None:
        if (task := asyncio.current_task()) in self._handling:
            self._handling[task].status = response.status


def _plain_request(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
    return web.BaseRequest(message, payload, protocol, writer, task, asyncio.get_running_loop())
