"""`Exchange`: one of our own calls, or WebSockets, while it is being recorded."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from msgspec import UNSET, UnsetType

from toolkit import errors
from toolkit.har.message_builders import Headers, make_request, make_response
from toolkit.har.model import Entry, Timings
from toolkit.har.websockets import WebSocketClose, WebSocketMessage, is_socket_url, make_message

PAGEREF = "page_1"  # the same for all: it only says that a page made the exchange, and not our own client
# Exceptions that say that the caller stopped, not the connection.
CALLER_STOPPED = ("CancelledError", "GeneratorExit", "KeyboardInterrupt")


class Exchange:
    """One of our own calls, or one `of_visit`, which counts as the page's. A call of a `ws:` or `wss:` URL is a
    WebSocket. `toolkit.http` calls the methods when the events happen, and the times are taken then."""

    def __init__(self, method: str, url: str, headers: Headers, body: bytes, *, of_visit: bool = False) -> None:
        self.started = datetime.now(UTC)
        self._of_visit = of_visit
        self._request = make_request(method, url, headers, body)
        self._clock = time.perf_counter()
        self._status, self._reason, self._headers = 0, "", list[tuple[str, str]]()
        self._http_version = "HTTP/1.1"
        self._wait = self._length = 0.0
        self._chunks: list[tuple[float, bytes]] = []
        self._error: str | None = None
        self._messages: list[WebSocketMessage] = []
        self._close: WebSocketClose | UnsetType = UNSET

    def response(self, status: int, reason: str, headers: Headers, http_version: str = "HTTP/1.1") -> None:
        """Records that the response has started."""
        self._status, self._reason, self._headers = status, reason, list(headers)
        self._http_version = http_version
        self._wait = self._length = self._now()

    def chunk(self, data: bytes) -> None:
        """Records one chunk of the body, after its Content-Encoding was decoded."""
        self._length = self._now()
        self._chunks.append((self._length - self._wait, data))

    def message(self, data: str | bytes, *, sent: bool) -> None:
        """Records a message of the WebSocket that the response has opened."""
        self._length = self._now()
        at = self.started.timestamp() + self._length / 1000
        self._messages.append(make_message(data, sent=sent, time=at, ms=self._length - self._wait))

    def closed(self, by: str, code: int | None, reason: str) -> None:
        """Records the end of that WebSocket: by a close frame with `code` and `reason`, or `lost`."""
        self._length = self._now()
        ms = round(self._length - self._wait, 1)
        self._close = WebSocketClose(by, UNSET if code is None else code, reason, ms)

    def end(self, error: str | None = None) -> None:
        """Records the end of the exchange. `error` is `Name` or `Name: text` of the exception that ended it, if any.

        Only errors of the connection are recorded. That the caller stopped reading, or that the response reported an
        error, is nothing for a replay to repeat.
        """
        self._length = self._now()
        self._error = error if error and _is_connection_error(error) else None

    def entry(self) -> Entry:
        """Returns the exchange so far."""
        response = make_response(
            self._status, self._reason, self._headers, self._chunks, http_version=self._http_version
        )
        is_socket = is_socket_url(self._request.url)
        return Entry(
            started=self.started,
            request=self._request,
            response=response,
            time=round(self._length, 1),
            timings=Timings(wait=round(self._wait, 1), receive=round(self._length - self._wait, 1)),
            error=self._error,
            pageref=PAGEREF if self._of_visit else UNSET,
            resource_type="websocket" if is_socket else "fetch" if self._of_visit else UNSET,
            messages=list(self._messages) if is_socket else UNSET,
            close=self._close,
        )

    def _now(self) -> float:
        return (time.perf_counter() - self._clock) * 1000


def _is_connection_error(error: str) -> bool:
    name = error.partition(":")[0]
    kind = getattr(errors, name, None)
    if isinstance(kind, type):
        return issubclass(kind, errors.NetworkError)
    return name not in CALLER_STOPPED
