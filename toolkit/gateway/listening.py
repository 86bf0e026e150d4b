"""Listens for connections, and ends in order: what runs may finish, what is new is sent away.

aiohttp's server waits for the head of a request as long as it likes. Here a connection that does not complete one in
time is closed, the first time and after each answer (https://en.wikipedia.org/wiki/Slowloris_(cyber_attack)).
"""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from aiohttp import web

from toolkit.errors import UsageError
from toolkit.gateway.connection import Connection
from toolkit.gateway.error_answers import GatewayError, Refused

HEAD_SECONDS = 10.0  # for the head of the first request of a connection
IDLE_SECONDS = 75.0  # ... of each further one
DRAIN_SECONDS = 30.0  # for the answers that run when the server is to end
CANCEL_SECONDS = 1.0  # ... and for what is cancelled then
BACKLOG = 512
SIGNALS = (signal.SIGTERM, signal.SIGINT)


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """What makes the event loop of a server: uvloop's, where that is installed, and else Python's own."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def bind(host: str, port: int) -> socket.socket:
    """A socket at that address; `port` 0 is a free one. Raises `UsageError` where that cannot be."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        hint = "`--port 0` takes a free one." if isinstance(error, OSError) else None
        raise UsageError(f"The server cannot listen at {host}, port {port}: {reason}.", hint=hint) from None


class Listener:
    """Runs an application at a bound socket."""

    def __init__(self, application: web.Application, bound: socket.socket) -> None:
        application.middlewares.insert(1, self._watch)
        self._runner = web.AppRunner(
            application, handler_cancellation=True, access_log=None, shutdown_timeout=CANCEL_SECONDS
        )
        self._bound = bound
        self._timers: dict[Any, asyncio.TimerHandle] = {}  # of connections that have to complete a head
        self._running = 0  # requests
        self._ending = False
        self._idle = asyncio.Event()

    async def run(self, on_ready: Callable[[], None]) -> None:
        """Serve until a signal comes to end, then let the requests that run finish. A second signal ends them."""
        loop = asyncio.get_running_loop()
        stop, hurry = asyncio.Event(), asyncio.Event()

        def on_signal() -> None:
            (hurry if stop.is_set() else stop).set()

        await self._runner.setup()
        server = await loop.create_server(self._connect, sock=self._bound)
        for number in SIGNALS:
            with suppress(NotImplementedError):  # Windows
                loop.add_signal_handler(number, on_signal)
        try:
            on_ready()
            await stop.wait()
            self._ending = True
            server.close()
            await self._drain(hurry)
        finally:
            server.close()
            for number in SIGNALS:
                with suppress(NotImplementedError):
                    loop.remove_signal_handler(number)
            for timer in self._timers.values():
                timer.cancel()
            await self._runner.cleanup()

    async def _drain(self, hurry: asyncio.Event) -> None:
        if not self._running:
            return
        self._idle.clear()
        waits = [asyncio.ensure_future(one.wait()) for one in (self._idle, hurry)]
        await asyncio.wait(waits, timeout=DRAIN_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

    def _connect(self) -> asyncio.Protocol:
        assert self._runner.server is not None
        connection = Connection(self._runner.server, self._disarm)
        self._arm(connection, HEAD_SECONDS)
        return connection

    def _arm(self, connection: Any, seconds: float) -> None:
        self._timers[connection] = asyncio.get_running_loop().call_later(seconds, self._close, connection)

    def _disarm(self, connection: Any) -> None:
        if (timer := self._timers.pop(connection, None)) is not None:
            timer.cancel()

    def _close(self, connection: Any) -> None:
        self._timers.pop(connection, None)
        if connection.transport is not None:
            connection.transport.abort()

    @web.middleware
    async def _watch(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if self._ending:
            what = "The server is ending."
            raise Refused(GatewayError(503, "server_error", "shutting_down", what, retry_after=1.0, may_retry=True))
        self._disarm(request.protocol)
        self._running += 1
        try:
            return await handler(request)
        finally:
            self._running -= 1
            if not self._running:
                self._idle.set()
            if request.transport is not None:
                self._arm(request.protocol, IDLE_SECONDS)
