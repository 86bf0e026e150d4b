"""Listens for connections, and ends in order: what runs may finish, what is new is sent away.

aiohttp's server waits for the head of a request as long as it likes. Here a connection that does not complete one in
time is closed, the first time and after each answer (https://en.wikipedia.org/wiki/Slowloris_(cyber_attack)). Where
there are as many as there may be, the one that has been silent for longest makes room for a new one.
"""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from aiohttp import web

from toolkit.errors import UsageError
from toolkit.gateway.connection import Connection
from toolkit.gateway.connection_limit import MAX_CONNECTIONS
from toolkit.gateway.ending import ENDING, ENDING_NOW, Ending, unavailable
from toolkit.gateway.error_answers import Refused, openai_error

HEAD_SECONDS = 10.0  # for the head of the first request of a connection
IDLE_SECONDS = 75.0  # ... of each further one
LATE_SECONDS = 0.1  # by which a server that has too much to do is behind its timers
DRAIN_SECONDS = 30.0  # for the answers that run when the server is to end
SEND_AWAY_SECONDS = 0.1  # between two looks for calls that wait for their turn meanwhile
CANCEL_SECONDS = 1.0  # ... and for what is cancelled then
BACKLOG = 512
OTHER_HOST = "`--host 127.0.0.1` is this machine alone, `--host 0.0.0.0` all of its addresses."
BIND_HINTS: dict[int | None, str] = {
    errno.EADDRINUSE: "`--port 0` takes a free one.",
    errno.EACCES: "Ports from 1024 on are for everybody.",
}
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
        number = error.errno if isinstance(error, OSError) and not isinstance(error, socket.gaierror) else None
        # The system's words: those of the error repeat the address.
        reason = os.strerror(number) if number is not None else getattr(error, "strerror", None) or error
        hint = BIND_HINTS.get(number, OTHER_HOST)
        raise UsageError(f"The server cannot listen at {host}, port {port}: {reason}.", hint=hint) from None


class _Refusing(asyncio.Protocol):
    """Sends a client away whom there is no room for."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        body = openai_error(unavailable("too_many_connections", "This server has all the connections that it can."))
        lines = (
            b"HTTP/1.1 503 Service Unavailable",
            b"Content-Type: application/json",
            b"Content-Length: %d" % len(body),
            b"Retry-After: 1",
            b"Connection: close",
        )
        transport.write(b"\r\n".join((*lines, b"", body)))
        transport.close()


class Listener:
    """Runs an application at a bound socket, with at most `limit` connections at once."""

    def __init__(self, application: web.Application, bound: socket.socket, limit: int = MAX_CONNECTIONS) -> None:
        application.middlewares.insert(1, self._watch)
        if ENDING not in application:
            application[ENDING] = Ending()
        self._end = application[ENDING]
        self._runner = web.AppRunner(
            application, handler_cancellation=True, access_log=None, shutdown_timeout=CANCEL_SECONDS
        )
        self._bound, self._limit = bound, limit
        self._timers: dict[Any, asyncio.TimerHandle] = {}  # of connections that have to complete a head
        self._requests: set[asyncio.Task[Any]] = set()  # that run
        self._idle = asyncio.Event()

    async def run(self, on_ready: Callable[[], None], on_ending: Callable[[], None] = lambda: None) -> None:
        """Serve until a signal comes to end, then let the requests that run finish; new ones, and those that wait for
        their turn, get the status 503. A second signal ends them, each with an error."""
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
            on_ending()
            self._end.begin()
            await self._drain(hurry)
            await self._cut_off()
        finally:
            server.close()
            for number in SIGNALS:
                with suppress(NotImplementedError):
                    loop.remove_signal_handler(number)
            for timer in self._timers.values():
                timer.cancel()
            await self._runner.cleanup()

    async def _drain(self, hurry: asyncio.Event) -> None:
        if not self._requests:
            return
        self._idle.clear()
        waits = [asyncio.ensure_future(one.wait()) for one in (self._idle, hurry)]
        loop = asyncio.get_running_loop()
        end, done = loop.time() + DRAIN_SECONDS, set[asyncio.Future[Any]]()
        while not done and (left := end - loop.time()) > 0:
            self._end.send_away()  # again and again: some come to wait for their turn only now
            seconds = min(left, SEND_AWAY_SECONDS)
            done, _ = await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

    async def _cut_off(self) -> None:
        """End what still runs, each with an error that says so."""
        if not self._requests:
            return
        self._idle.clear()
        self._end.cut_off(self._requests)
        with suppress(TimeoutError):
            async with asyncio.timeout(CANCEL_SECONDS):
                await self._idle.wait()

    def _connect(self) -> asyncio.Protocol:
        assert self._runner.server is not None
        if not self._has_room():
            return _Refusing()
        connection = Connection(self._runner.server, self._disarm)
        self._arm(connection, HEAD_SECONDS)
        return connection

    def _has_room(self) -> bool:
        """Whether there may be another connection. Where there are enough, one that is silent is closed for it."""
        if len(self._timers) + len(self._requests) < self._limit:
            return True
        oldest = next(iter(self._timers), None)
        if oldest is None:
            return False
        self._close(oldest)
        return True

    def _arm(self, connection: Any, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time() + seconds
        self._timers[connection] = loop.call_at(due, self._on_silence, connection, due)

    def _on_silence(self, connection: Any, due: float) -> None:
        """Close `connection`, unless this comes late: then there was no time to read what it may have sent."""
        if asyncio.get_running_loop().time() - due > LATE_SECONDS:
            self._arm(connection, LATE_SECONDS)
        else:
            self._close(connection)

    def _disarm(self, connection: Any) -> None:
        if (timer := self._timers.pop(connection, None)) is not None:
            timer.cancel()

    def _close(self, connection: Any) -> None:
        self._disarm(connection)
        if connection.transport is not None:
            connection.transport.abort()

    @web.middleware
    async def _watch(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if self._end.begun:
            raise Refused(ENDING_NOW)
        self._disarm(request.protocol)
        task = asyncio.current_task()
        assert task is not None
        self._requests.add(task)
        try:
            return await handler(request)
        except asyncio.CancelledError:
            if request.transport is None or (error := self._end.take()) is None:
                raise
            raise Refused(error) from None
        finally:
            self._requests.discard(task)
            if not self._requests:
                self._idle.set()
            if request.transport is not None:
                self._arm(request.protocol, IDLE_SECONDS)
