"""Makes recorded WebSockets of what the Chrome DevTools Protocol tells of those of a page. Pure.

https://chromedevtools.github.io/devtools-protocol/tot/Network/ tells of the handshake with its headers, of text and
binary frames, and that a socket ended. It tells neither of pings nor of close codes. A socket that is open when its
page is left, or goes on to another document, has no end there.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from toolkit.har.message_builders import make_request, make_response
from toolkit.har.model import Entry, Timings
from toolkit.har.websockets import BINARY, RECEIVED, SENT, TEXT, WebSocketClose, WebSocketMessage
from toolkit.recording.exchange import PAGEREF

# "Error during WebSocket handshake: Unexpected response code: 403", Chromium's words
REFUSED = re.compile(r"response code: ([1-9][0-9]{2})\b")
STATUS_LINE = re.compile(r"\AHTTP/[0-9.]+ [^\r\n]*\r?\n")


class _Socket(msgspec.Struct):
    """What is known of a socket. Times are the browser's own, in seconds: `asked` that of the handshake, `opened` that
    of the 101."""

    url: str
    headers: list[tuple[str, str]] = []
    wall: float = 0.0  # when it was asked for, since the epoch
    asked: float = 0.0
    opened: float | None = None
    status: int = 0
    reason: str = ""
    answered: list[tuple[str, str]] = []
    messages: list[WebSocketMessage] = []
    close: WebSocketClose | UnsetType = UNSET
    error: str | None = None

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    def __repr__(self) -> str:
        return f"<_Socket {self.status}: {len(self.messages)} frames>"

    def at(self, timestamp: float) -> float:
        """Returns the seconds since the epoch at the browser's `timestamp`."""
        return self.wall + timestamp - self.asked


class PageSockets:
    """Collects the sockets of one page, or of a worker or frame in it, from its events. `listeners` are to be called
    with the events of their names.

    Headers that `left_out` names in lower case are not recorded. `on_activity` is called with each event."""

    def __init__(self, left_out: Collection[str], on_activity: Callable[[], None] = lambda: None) -> None:
        self._left_out = frozenset(left_out)
        self._on_activity = on_activity
        self._sockets: dict[str, _Socket] = {}
        self.listeners: dict[str, Callable[[dict[str, Any]], None]] = {
            "Network.webSocketCreated": self._on_created,
            "Network.webSocketWillSendHandshakeRequest": self._on_asked,
            "Network.webSocketHandshakeResponseReceived": self._on_opened,
            "Network.webSocketFrameSent": lambda event: self._on_frame(event, SENT),
            "Network.webSocketFrameReceived": lambda event: self._on_frame(event, RECEIVED),
            "Network.webSocketFrameError": self._on_error,
            "Network.webSocketClosed": self._on_closed,
        }

    @property
    def entries(self) -> dict[str, Entry]:
        """The sockets so far whose handshake was sent, by the browser's ids of them."""
        return {id: _entry(socket) for id, socket in self._sockets.items() if socket.wall}

    def unseen(self, urls: list[str]) -> list[str]:
        """Returns those of `urls`, of all sockets that there are, whose beginning was not seen."""
        return list((Counter(urls) - Counter(socket.url for socket in self._sockets.values())).elements())

    def _on_created(self, event: dict[str, Any]) -> None:
        self._sockets[event["requestId"]] = _Socket(event["url"])

    def _on_asked(self, event: dict[str, Any]) -> None:
        if (socket := self._sockets.get(event["requestId"])) is not None:
            headers = event["request"]["headers"].items()
            socket.headers = [(name, value) for name, value in headers if name.lower() not in self._left_out]
            socket.wall, socket.asked = event["wallTime"], event["timestamp"]

    def _on_opened(self, event: dict[str, Any]) -> None:
        if (socket := self._sockets.get(event["requestId"])) is not None:
            response = event["response"]
            socket.opened, socket.status = event["timestamp"], response["status"]
            socket.reason, socket.answered = response.get("statusText", ""), _headers(response)
            self._on_activity()

    def _on_frame(self, event: dict[str, Any], kind: str) -> None:
        socket, frame = self._sockets.get(event["requestId"]), event["response"]
        if socket is None or socket.opened is None or frame["opcode"] not in (TEXT, BINARY):
            return
        at = event["timestamp"]
        message = WebSocketMessage(
            type=kind,
            time=round(socket.at(at), 6),
            opcode=int(frame["opcode"]),
            data=frame["payloadData"],
            ms=round(max(0.0, at - socket.opened) * 1000, 1),
        )
        socket.messages.append(message)
        self._on_activity()

    def _on_error(self, event: dict[str, Any]) -> None:
        if (socket := self._sockets.get(event["requestId"])) is None:
            return
        if socket.opened is not None:
            socket.close = WebSocketClose("lost", ms=round((event["timestamp"] - socket.opened) * 1000, 1))
        elif refused := REFUSED.search(event.get("errorMessage", "")):
            socket.status = int(refused[1])
        else:
            socket.error = "net::ERR_FAILED"

    def _on_closed(self, event: dict[str, Any]) -> None:
        socket = self._sockets.get(event["requestId"])
        if socket is not None and socket.opened is not None and isinstance(socket.close, UnsetType):
            socket.close = WebSocketClose("unknown", ms=round((event["timestamp"] - socket.opened) * 1000, 1))


def _headers(response: dict[str, Any]) -> list[tuple[str, str]]:
    """Returns the headers of an answer as they came, or as a dictionary has them where the text is not told."""
    if not (text := response.get("headersText")):
        return list(response.get("headers", {}).items())
    pairs = (line.partition(":") for line in STATUS_LINE.sub("", text).splitlines() if ":" in line)
    return [(name.strip(), value.strip()) for name, _, value in pairs]


def _entry(socket: _Socket) -> Entry:
    wait = max(0.0, (socket.opened or socket.asked) - socket.asked) * 1000
    receive = max((message.ms for message in socket.messages if not isinstance(message.ms, UnsetType)), default=0.0)
    return Entry(
        started=datetime.fromtimestamp(socket.wall, UTC),
        request=make_request("GET", socket.url, socket.headers, b""),
        response=make_response(socket.status, socket.reason, socket.answered, b""),
        time=round(wait + receive, 1),
        timings=Timings(wait=round(wait, 1), receive=round(receive, 1)),
        pageref=PAGEREF,
        resource_type="websocket",
        error=socket.error,
        messages=list(socket.messages),
        close=socket.close,
    )
