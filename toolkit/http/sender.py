"""`Sender`: sends one request with a session's headers and cookies, and records it. `Transport` does the rest."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache
from typing import NamedTuple, TypeVar

from multidict import CIMultiDict, istr

from toolkit.http.aiohttp_errors import HTTP_ERRORS, map_error
from toolkit.http.connections import Connections
from toolkit.http.gate import Gate, is_behind_gate
from toolkit.http.recorder_protocol import Exchange, Recorder
from toolkit.http.request import Request, socket_url
from toolkit.http.response import Response
from toolkit.http.socket_handshake import Handshake, RawSocket
from toolkit.session.browser_headers import fetch_headers, handshake_headers
from toolkit.session.browser_session import BrowserSession
from toolkit.session.cookie_sending import cookie_header
from toolkit.streams.base import FRAME_LIMIT

T = TypeVar("T")

Credentials = Callable[[BrowserSession, str], Mapping[str, str]]


class SocketAnswer(NamedTuple):
    """The answer to the handshake of a WebSocket, recorded by `exchange`; `socket` is None where it opens none."""

    response: Response
    socket: RawSocket | None
    exchange: Exchange | None


class Sender:
    """Sends single requests over `connections`, as `page` would send them.

    `hosts` are all hosts of the provider, the page's included; `gate` is what stands in front of them. `connect` is the
    deadline for opening a connection, in seconds, which the connections enforce. `recorder` records each exchange.
    `credentials` gives the headers that a request to a URL carries besides, with the session's token.
    """

    def __init__(
        self,
        connections: Connections,
        *,
        page: str,
        hosts: tuple[str | None, ...],
        gate: Gate,
        connect: float | None,
        recorder: Recorder | None,
        credentials: Credentials | None = None,
    ) -> None:
        self._connections = connections
        self._page = page
        self._hosts = hosts
        self._gate_headers = gate.request_headers
        self._connect = connect
        self._recorder = recorder
        self._credentials = credentials

    async def send(self, request: Request, session: BrowserSession) -> Response:
        """Send `request` with the headers of `session`, wait for the head of the answer, and record both."""
        credentials = self._credentials(session, request.url) if self._credentials is not None else {}
        headers, exchange = self._headers(request, session, credentials), None
        if self._recorder is not None:
            own = [(name, value) for name, value in _pairs(headers) if name.lower() not in self._gate_headers]
            exchange = self._recorder.begin(request.method, request.url, own, request.body)
        sending = self._connections.request(request.method, request.url, headers=headers, body=request.body)
        raw = await self._await(sending, request.url, exchange)
        if exchange is not None:
            exchange.response(raw.status, raw.reason or "", _pairs(raw.headers))
        return Response(raw, request.url, exchange, signed_in=bool(session.cookies or credentials))

    async def open_socket(self, request: Request, session: BrowserSession, protocols: tuple[str, ...]) -> SocketAnswer:
        """Send the handshake of a WebSocket, with the cookies of `session`, wait for its answer, and record both."""
        gate = self._gate_headers if is_behind_gate(request.url, self._page, self._hosts) else {}
        headers = CIMultiDict(handshake_headers(session.headers, self._page, gate))
        headers.update(request.headers)
        if (cookies := cookie_header(session.cookies, request.url, page=self._page, now=time.time())) is not None:
            headers["Cookie"] = cookies
        exchange = None
        if self._recorder is not None:
            own = [(name, value) for name, value in _pairs(headers) if name.lower() not in self._gate_headers]
            own += [("Sec-WebSocket-Protocol", ", ".join(protocols))] if protocols else []
            exchange = self._recorder.begin("GET", socket_url(request.url), own, b"")
        handshake = Handshake(headers, protocols, FRAME_LIMIT)
        raw, socket = await self._await(self._connections.websocket(request.url, handshake), request.url, exchange)
        if exchange is not None:
            exchange.response(raw.status, raw.reason or "", _pairs(raw.headers))
        return SocketAnswer(Response(raw, request.url, exchange, signed_in=bool(session.cookies)), socket, exchange)

    def _headers(self, request: Request, session: BrowserSession, credentials: Mapping[str, str]) -> CIMultiDict[str]:
        """The headers that the page would send, `credentials`, the request's own, and the cookies that belong to its
        URL."""
        url, page = request.url, self._page
        fetch = fetch_headers(session.headers, request.method, url, page=page, hosts=self._hosts)
        headers = CIMultiDict([(_name(name), value) for name, value in fetch.items()])
        headers.update(credentials)
        if self._gate_headers and is_behind_gate(url, page, self._hosts):
            headers.update(self._gate_headers)
        headers.update(request.headers)
        if (cookies := cookie_header(session.cookies, url, page=page, now=time.time())) is not None:
            headers["cookie"] = cookies
        return headers

    async def _await(self, sending: Awaitable[T], url: str, exchange: Exchange | None) -> T:
        """Await the answer to a request of `url` that is being sent. Where none comes, `exchange` is ended.

        Raises errors of `toolkit.errors` without aiohttp's text, which can hold a proxy's password or a site's header.
        """
        try:
            return await sending
        except HTTP_ERRORS as error:
            failed = map_error(error, url, connect=self._connect)
            if exchange is not None:
                exchange.end(type(failed).__name__)
            raise failed from None
        except BaseException:  # also for a cancellation
            if exchange is not None:
                exchange.end()
            raise


@lru_cache(maxsize=1024)
def _name(name: str) -> istr:
    """The name of a header as multidicts keep it. Each makes its own otherwise, and keeps it as long as an answer
    takes."""
    return istr(name)


def _pairs(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    """All headers, repeated ones included, with plain strings as names."""
    return [(str(name), value) for name, value in headers.items()]
