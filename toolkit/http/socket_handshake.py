"""The opening handshake of a WebSocket over aiohttp (RFC 6455, section 4.1): sent as a browser sends it, and answered
by a socket or by anything else, which is then read like any other answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from toolkit.errors import ProtocolError

SWITCHING = 101  # RFC 9110, section 15.2.2
DEFLATE = "permessage-deflate"
DEFLATE_WINDOW = 15  # bits, the largest: `permessage-deflate; client_max_window_bits`, as browsers offer it (RFC 7692)
GOODBYE_SECONDS = 0.5  # that the site has to answer our closing frame

# The order in which Chromium sends the headers of a handshake; others follow.
ORDER = (
    "host",
    "connection",
    "pragma",
    "cache-control",
    "user-agent",
    "upgrade",
    "origin",
    "sec-websocket-version",
    "accept-encoding",
    "cookie",
    "sec-websocket-key",
    "sec-websocket-extensions",
    "sec-websocket-protocol",
)
NOT_SENT = ("Accept", "Content-Type")  # by a browser, though aiohttp would add them

RawSocket = aiohttp.ClientWebSocketResponse[bool]


class HandshakeAnswer(NamedTuple):
    """What the site has answered: `raw` is the answer, its body unread; `socket` is None where it opens none."""

    raw: aiohttp.ClientResponse
    socket: RawSocket | None


class _Refused(Exception):
    """Takes an answer that is no socket past aiohttp, which would follow it, or drop what it says."""


class Handshake:
    """One handshake with `headers`, which offers the subprotocols `protocols`. A message of more than `max_message`
    bytes ends the socket."""

    def __init__(self, headers: Mapping[str, str], protocols: Iterable[str], max_message: int) -> None:
        self._headers = headers
        self._protocols = tuple(protocols)
        self._max_message = max_message
        self._answer: aiohttp.ClientResponse

    async def send(self, http: aiohttp.ClientSession, url: URL, *, proxy: str | None, ssl: Any) -> HandshakeAnswer:
        """Send it over the connector of `http`. Raises one of aiohttp's errors where no answer comes, and
        `ProtocolError` for an answer that says that it opens a socket, and does not.

        aiohttp takes what sees the answer as an argument of a session, so the handshake has a session of its own.
        """
        async with aiohttp.ClientSession(
            connector=http.connector,
            connector_owner=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=http.timeout,
            skip_auto_headers=NOT_SENT,
            middlewares=(self._see_answer,),
        ) as own:
            try:
                socket = await own.ws_connect(
                    url,
                    headers=self._headers,
                    protocols=self._protocols,
                    proxy=proxy,
                    ssl=ssl,
                    compress=DEFLATE_WINDOW,
                    max_msg_size=self._max_message,
                    decode_text=False,
                    timeout=aiohttp.ClientWSTimeout(ws_close=GOODBYE_SECONDS),
                )
            except _Refused:
                return HandshakeAnswer(self._answer, None)
            except aiohttp.WSServerHandshakeError:  # its text can hold the site's headers
                raise ProtocolError("The site's WebSocket handshake breaks its protocol.", url=str(url)) from None
            return HandshakeAnswer(self._answer, socket)

    async def _see_answer(
        self, request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """A middleware of aiohttp: puts the headers of `request` in order, and keeps the answer."""
        headers = sorted(request.headers.items(), key=_place)
        request.headers.clear()
        request.headers.extend(CIMultiDict(headers))
        if self._protocols:
            request.headers["Sec-WebSocket-Protocol"] = ", ".join(self._protocols)
        self._answer = await send(request)
        if self._answer.status != SWITCHING:
            raise _Refused
        self._raise_for_choice()
        return self._answer

    def _raise_for_choice(self) -> None:
        """Raise `ProtocolError` where the site has chosen a subprotocol or an extension that was not offered, which
        ends a browser's handshake (RFC 6455, section 4.1)."""
        url, headers = str(self._answer.url), self._answer.headers
        for name in headers.getall("Sec-WebSocket-Protocol", []):
            if name.strip() not in self._protocols:
                self._answer.close()
                raise ProtocolError("The site has chosen a subprotocol of WebSockets that was not offered.", url=url)
        extensions = [name for line in headers.getall("Sec-WebSocket-Extensions", []) for name in line.split(",")]
        if any(name.partition(";")[0].strip() != DEFLATE for name in extensions) or len(extensions) > 1:
            self._answer.close()
            raise ProtocolError("The site has chosen an extension of WebSockets that was not offered.", url=url)


def _place(header: tuple[str, str]) -> int:
    name = header[0].lower()
    return ORDER.index(name) if name in ORDER else len(ORDER)
