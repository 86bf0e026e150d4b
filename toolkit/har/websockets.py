"""The frames of a WebSocket in a HAR entry, as Chrome's developer tools write them, and how the socket ended.

HAR 1.2 knows no WebSockets. Browsers, Playwright and mitmproxy write an entry whose `_webSocketMessages` lists the
frames; two of our own fields tell what these do not: `_ms` of a message, and `_webSocketClose` of the entry. Control
frames (RFC 6455, section 5.5: close, ping, pong) are no messages.

`time` is in seconds since the epoch. Playwright writes milliseconds, so a time above 1e11 is taken for these.
"""

from __future__ import annotations

import base64
import binascii

from msgspec import UNSET, Struct, UnsetType, field

TEXT, BINARY = 1, 2  # opcodes (RFC 6455, section 5.2)
MILLISECONDS = 1e11  # as seconds, this is the year 5138
SENT, RECEIVED = "send", "receive"


class WebSocketMessage(Struct):
    """A text or binary frame. `type` is `send` for one of the client, `receive` for one of the server. `data` is its
    text, or base64 of a binary one. `ms` are milliseconds since the server's 101."""

    type: str
    time: int | float = 0
    opcode: int = TEXT
    data: str = ""
    ms: float | UnsetType = field(name="_ms", default=UNSET)

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    def __repr__(self) -> str:
        return f"<WebSocketMessage {self.type}: {len(self.data)} characters>"

    @property
    def is_sent(self) -> bool:
        """Whether the client sent it."""
        return self.type == SENT

    @property
    def seconds(self) -> float:
        """When it came, in seconds since the epoch; 0 where that is not known."""
        return self.time / 1000 if self.time > MILLISECONDS else float(self.time)

    def payload(self) -> str | bytes:
        """Returns what was sent. Raises `ValueError` for a binary frame whose `data` is not base64."""
        if self.opcode != BINARY:
            return self.data
        try:
            return base64.b64decode(self.data, validate=True)
        except binascii.Error as error:
            raise ValueError(str(error)) from None


class WebSocketClose(Struct, omit_defaults=True):
    """How a socket ended: by a close frame of the `client` or the `server`, or `lost` without one. CDP does not tell,
    so the end of a page's socket is `unknown` unless the page was left. `code` is 1005 for a close frame without one
    (RFC 6455, section 7.1.5). `ms` are milliseconds since the 101."""

    by: str
    code: int | UnsetType = UNSET
    reason: str = ""
    ms: float | UnsetType = field(name="_ms", default=UNSET)

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    def __repr__(self) -> str:
        return f"<WebSocketClose by={self.by} code={self.code}>"


def is_socket_url(url: str) -> bool:
    """Decides whether `url` is that of a WebSocket."""
    return url.partition(":")[0].lower() in ("ws", "wss")


def make_message(data: str | bytes, *, sent: bool, time: float, ms: float) -> WebSocketMessage:
    """Returns the message of one frame. `time` is in seconds since the epoch, `ms` in milliseconds since the 101."""
    text = data if isinstance(data, str) else base64.b64encode(data).decode("ascii")
    opcode = TEXT if isinstance(data, str) else BINARY
    return WebSocketMessage(SENT if sent else RECEIVED, round(time, 6), opcode, text, round(ms, 1))
