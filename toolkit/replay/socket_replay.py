"""Answers the handshakes of WebSockets, and the polls of engine.io, from recordings, and plays what follows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec
from aiohttp import web
from yarl import URL

from toolkit.errors import ReplayMismatch, redact_url
from toolkit.har.frames import speaks_engine_io
from toolkit.har.model import Entry
from toolkit.replay.body_matching import IncomingRequest
from toolkit.replay.engine_io_merge import OpenPacket, read_open_packet, session_url
from toolkit.replay.engine_io_session import EngineIoSession, cancel, unknown_session
from toolkit.replay.learned_values import LearnedValues
from toolkit.replay.socket_performance import SocketPerformance
from toolkit.replay.socket_script import SocketScript
from toolkit.replay.unrecorded_requests import answer_unrecorded
from toolkit.replay.websocket_channel import WebSocketChannel, offered_protocols, recorded_protocol

SWITCHING = 101
SETTLING_SECONDS = 0.5  # that frames which a client has just sent may take to arrive

Take = Callable[[IncomingRequest], Entry | ReplayMismatch]


class _Session(NamedTuple):
    """A session of engine.io that is being played, and the tasks that do so."""

    channel: EngineIoSession
    tasks: tuple[asyncio.Task[None], asyncio.Task[None]]

    def __repr__(self) -> str:
        return f"<_Session {self.channel.entry!r}>"


class SocketReplay:
    """Plays recorded sockets. `pace` is the factor for recorded gaps, `miss` is called with what was not recorded, and
    `uncompared` are places that are not compared, besides those that the recordings name."""

    def __init__(
        self, pace: float, miss: Callable[[ReplayMismatch], None], uncompared: frozenset[str] = frozenset()
    ) -> None:
        self._pace = pace
        self._miss = miss
        self._uncompared = uncompared
        self._learned = LearnedValues()
        self._scripts: list[SocketScript] = []
        self._sessions: dict[str, _Session] = {}  # by the id that the recorded server gave them
        self._settled = asyncio.Event()

    # --- what was played

    def unsent(self, is_required: Callable[[Entry], bool]) -> Iterator[str]:
        """Yields the recorded frames of clients that were not sent on the sockets that were opened, as differences."""
        for script in self._scripts:
            if not script.failed and is_required(script.entry) and (left := script.unsent()):
                url = redact_url(script.entry.request.url)
                yield f"never sent: {len(left)} frames of {url} ({', '.join(dict.fromkeys(left))})"

    async def settle(self, is_required: Callable[[Entry], bool]) -> None:
        """Waits a moment for frames that are still to be sent, if there are any."""
        end = asyncio.get_running_loop().time() + SETTLING_SECONDS
        while any(self.unsent(is_required)) and (left := end - asyncio.get_running_loop().time()) > 0:
            self._settled.clear()
            try:
                async with asyncio.timeout(left):
                    await self._settled.wait()
            except TimeoutError:
                return

    async def aclose(self) -> None:
        """Ends what is being played."""
        for session in self._sessions.values():
            for task in session.tasks:
                await cancel(task)

    # --- what clients ask

    @staticmethod
    def address(request: web.BaseRequest) -> URL | None:
        """Returns the address of the socket that `request` opens, or polls; None for any other request."""
        url = request.url
        if speaks_engine_io(str(url)) and (is_handshake(request) or url.query.get("transport") == "polling"):
            return session_url(url)
        if is_handshake(request):
            return url.with_scheme("wss" if url.scheme == "https" else "ws")
        return None

    async def answer_session(self, request: web.Request) -> web.StreamResponse | None:
        """Answers a request within a session of engine.io that is being played; None for any other request."""
        if not speaks_engine_io(str(request.url)) or not (sid := request.query.get("sid")):
            return None
        if request.method == "OPTIONS":
            return answer_unrecorded(request, {"GET", "POST"})
        if (session := self._sessions.get(sid)) is None:
            return unknown_session() if any(self._sessions) else None
        if is_handshake(request):
            socket = WebSocketChannel(request, session.channel.entry)
            await socket.open()
            await session.channel.use_socket(socket, opened_by_it=False)
            return socket.response
        return await (session.channel.post(request) if request.method == "POST" else session.channel.poll(request))

    def protocol_difference(self, request: web.Request, entry: Entry) -> ReplayMismatch | None:
        """Returns the error if the handshake does not offer the subprotocol that the recorded server has chosen."""
        chosen = recorded_protocol(entry)
        if not chosen or not is_handshake(request) or chosen in offered_protocols(request):
            return None
        offered = ", ".join(offered_protocols(request)) or "none"
        what = f"the server had chosen the protocol {chosen!r}, and offered are {offered}."
        return ReplayMismatch(f"No recorded exchange answers this WebSocket: {what}", url=entry.request.url)

    async def play(self, request: web.Request, entry: Entry) -> web.StreamResponse:
        """Plays `entry`, a recorded socket that `request` opens. Returns when it has ended, or with the answer to the
        first poll."""
        if speaks_engine_io(entry.request.url):
            messages = (message.payload() for message in entry.messages or () if not message.is_sent)
            return await self._open_session(request, entry, read_open_packet(messages) or OpenPacket("replayed"))
        socket = WebSocketChannel(request, entry)
        await socket.open()
        await self._perform(socket, self._script(entry))
        return socket.response

    async def _open_session(self, request: web.Request, entry: Entry, opening: OpenPacket) -> web.StreamResponse:
        by_socket = is_handshake(request)
        if by_socket:
            opening = msgspec.structs.replace(opening, upgrades=[])
        channel = EngineIoSession(entry, opening)
        loop = asyncio.get_running_loop()
        if not by_socket:
            tasks = (loop.create_task(self._perform(channel, self._script(entry))), loop.create_task(channel.ping()))
            self._sessions[opening.sid] = _Session(channel, tasks)
            return channel.payload(request, [opening.packet()])
        socket = WebSocketChannel(request, entry)
        await socket.open()
        await socket.send(opening.packet())
        tasks = (loop.create_task(channel.use_socket(socket, opened_by_it=True)), loop.create_task(channel.ping()))
        try:
            await self._perform(channel, self._script(entry))
        finally:
            for task in tasks:
                await cancel(task)
        return socket.response

    def _script(self, entry: Entry) -> SocketScript:
        script = SocketScript(entry, self._learned, self._uncompared)
        self._scripts.append(script)
        return script

    async def _perform(self, channel: WebSocketChannel | EngineIoSession, script: SocketScript) -> None:
        try:
            await SocketPerformance(script, channel, self._pace, self._miss).run()
        finally:
            self._settled.set()


def is_handshake(request: web.BaseRequest) -> bool:
    """Decides whether `request` opens a WebSocket (RFC 6455, section 4.1)."""
    return request.method == "GET" and request.headers.get("Upgrade", "").lower() == "websocket"
