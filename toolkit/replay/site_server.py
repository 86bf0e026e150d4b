"""Serves the sites of a local network: finds the application of the host that a request names, and logs the request.

Speaks HTTP over connections that somebody else has accepted and decrypted (`toolkit.replay.local_network_proxy`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any

import msgspec
from aiohttp import web
from yarl import URL

from toolkit.errors import redact_url
from toolkit.replay.replay_app import ReplayApp

log = logging.getLogger("toolkit")

CLOSING_SECONDS = 5.0
HEADER_LIMIT = 64 * 1024  # bytes; session cookies are longer than aiohttp's own limit


class LoggedRequest(msgspec.Struct):
    """One request that reached a site. `status` is None until the answer begins."""

    method: str
    url: str
    status: int | None = None

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    def __repr__(self) -> str:
        return f"<LoggedRequest {self.method} {redact_url(self.url)} {self.status}>"


class SiteServer:
    """Answers requests to the hosts of `apps` (by `host` or `host:port`, in any scheme), then to those of `replay`.

    `log` lists the requests that reached a site, `refused` the hosts (as `host:port`) that are not known here.
    """

    def __init__(self, apps: Mapping[str, web.Application], replay: ReplayApp) -> None:
        self.log: list[LoggedRequest] = []
        self.refused: list[str] = []
        self._replay = replay
        self._apps = {_as_in_urls(host): app for host, app in apps.items()}
        self._servers: dict[int, web.Server] = {}  # the running server of each application, by the application's id
        self._handlers: dict[asyncio.Task[Any], LoggedRequest] = {}
        self._dispatcher: web.Server

    @property
    def answering(self) -> list[LoggedRequest]:
        """The requests that are being answered now; one whose client has gone is none of them."""
        return list(self._handlers.values())

    async def start(self, stack: AsyncExitStack) -> None:
        """Start every application; `stack` stops them."""
        for app in {id(app): app for app in (*self._apps.values(), self._replay.app)}.values():
            await self._start_app(app, stack)
        self._dispatcher = web.Server(
            self._handle,
            request_factory=self._make_request,
            handler_cancellation=True,  # a site's handler ends when its client has gone
            access_log=None,
            max_line_size=HEADER_LIMIT,
            max_field_size=HEADER_LIMIT,
        )

    async def _start_app(self, app: web.Application, stack: AsyncExitStack) -> None:
        if not app.on_response_prepare.frozen:
            app.on_response_prepare.append(self._log_status)
        runner = web.AppRunner(app, access_log=None)
        stack.push_async_callback(runner.cleanup)
        await runner.setup()
        assert runner.server is not None
        self._servers[id(app)] = runner.server

    def create_protocol(self) -> asyncio.Protocol:
        """A protocol that reads the requests of one connection and answers them."""
        return self._dispatcher()

    async def cancel_handlers(self) -> None:
        """Cancel what is being answered, and wait for its end for at most `CLOSING_SECONDS`."""
        for task in (handlers := list(self._handlers)):
            task.cancel()
        if handlers:
            await asyncio.wait(handlers, timeout=CLOSING_SECONDS)

    async def wait_for_connections(self) -> None:
        """Wait until aiohttp has forgotten the connections that were closed, for at most `CLOSING_SECONDS`."""
        # It forgets a connection when its task has ended, and offers nothing to wait for that with.
        end = asyncio.get_running_loop().time() + CLOSING_SECONDS
        while self._dispatcher.connections and asyncio.get_running_loop().time() < end:  # noqa: ASYNC110
            await asyncio.sleep(0)

    def serves(self, host: str, port: int) -> bool:
        """Whether `host` is part of this network at `port`."""
        return self._app_for(host, port) is not None

    def is_replayed(self, url: URL) -> bool:
        """Whether a recording answers for the host of `url`, and not one of the applications."""
        return self._app_for(url.host or "", url.port or 0) is self._replay.app

    def refuse(self, host: str, port: int) -> str:
        """Note a request to an unknown host. Returns the reason to answer with."""
        self.refused.append(f"{host}:{port}")
        log.debug("the local network refused %s:%d: it has no application or recording of that host", host, port)
        return f"{host}:{port} is not part of this local network"

    def _app_for(self, host: str, port: int) -> web.Application | None:
        for key in (f"{host}:{port}", host):
            if key in self._apps:
                return self._apps[key]
        return self._replay.app if (host, port) in self._replay.playback.schemes else None

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
        factory = self._servers[id(app)].request_factory if app is not None else _make_base_request
        return factory(message, payload, protocol, writer, task)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        host, port = request.url.host or "", request.url.port or 0
        app = self._app_for(host, port)
        if app is None:
            # Inside a tunnel: another host than the one that the tunnel is for (RFC 9110, 15.5.20).
            status = 421 if request.secure else 502
            return web.Response(status=status, reason=self.refuse(host, port))
        task = asyncio.current_task()
        assert task is not None
        logged = self._handlers[task] = LoggedRequest(request.method, str(request.url))
        self.log.append(logged)
        task.add_done_callback(self._handlers.pop)
        try:
            response = await self._servers[id(app)].request_handler(request)
        except ConnectionResetError:  # the client left before the head of its answer, which is no fault of the app
            if request.transport is not None and not request.transport.is_closing():
                raise
            return web.Response()
        logged.status = response.status
        return response

    async def _log_status(self, _: web.BaseRequest, response: web.StreamResponse) -> None:
        if (task := asyncio.current_task()) in self._handlers:
            self._handlers[task].status = response.status


def _as_in_urls(host: str) -> str:
    """`host` or `host:port` as yarl has it in URLs: in lower case, and an international name in its letters."""
    try:
        url = URL(f"//{host.lower()}")
    except ValueError:  # an IPv6 address without brackets, or no valid name
        return host.lower()
    return (url.host or "") + (f":{url.explicit_port}" if url.explicit_port is not None else "")


def _make_base_request(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
    return web.BaseRequest(message, payload, protocol, writer, task, asyncio.get_running_loop())
