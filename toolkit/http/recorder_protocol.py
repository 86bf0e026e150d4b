"""What a transport expects of a recorder of its calls. `toolkit.recording` has one."""

from __future__ import annotations

from typing import Protocol


class Exchange(Protocol):
    """The recorder's side of one request and its answer."""

    def response(self, status: int, reason: str, headers: list[tuple[str, str]]) -> None:
        """The head of the answer has arrived."""

    def chunk(self, data: bytes) -> None:
        """A part of the answer's body has arrived: a chunk, where HTTP has chunks."""

    def message(self, data: str | bytes, *, sent: bool) -> None:
        """A whole message has been sent or received on the WebSocket that the answer has opened: text or binary. Pings,
        pongs and closing frames are none."""

    def closed(self, by: str, code: int | None, reason: str) -> None:
        """The WebSocket is closed: `by` the `client` or the `server`, with the code and the reason of the closing frame
        (1005 for a frame without a code), or it is `lost`, and there is no code."""

    def end(self, error: str | None = None) -> None:
        """The exchange is over; `error` is the class name of a network error that ended it."""


class Recorder(Protocol):
    """Records requests and their answers."""

    def begin(self, method: str, url: str, headers: list[tuple[str, str]], body: bytes) -> Exchange:
        """A request is about to be sent. That of a WebSocket is a GET of a `ws:` or `wss:` URL."""
