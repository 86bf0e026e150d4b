"""Reads what the frame of a WebSocket says, and finds places in it. Pure.

A place is `frames.` and a path. In the JSON document of a frame the path leads from its top: `frames.session_hash`. In
a packet of socket.io it begins with the name of the event, and leads on into its first argument, or by a number into
another one: `frames.client_message.message.id`, `frames.ask.1.text`. The packet that connects is named `connect`, an
acknowledgement `ack`. A step `*` stands for any name or number. A place without a path (`frames.ack`) means all frames
of that event.

The packets are those of `toolkit.streams.engine_io` and `toolkit.streams.socket_io`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import msgspec

from toolkit.errors import ProtocolError
from toolkit.streams.engine_io import MESSAGE
from toolkit.streams.socket_io import ACK, BINARY_ACK, CONNECT, CONNECT_ERROR, DISCONNECT, decode_socket_packet

Path = tuple[str | int, ...]

FRAMES = "frames"
ANY_STEP = "*"
KINDS = {
    CONNECT: "connect",
    DISCONNECT: "disconnect",
    ACK: "ack",
    CONNECT_ERROR: "connect_error",
    BINARY_ACK: "ack",
}
# engine.io's own packets: open, close, ping, pong, upgrade, noop. They say that a connection lives, and nothing else.
CONTROL = re.compile(r"0\{.*|[12356]|[23]probe", re.DOTALL)


class Frame(NamedTuple):
    """What a frame says. `kind` is the name of a socket.io event, "" for another frame. `head` is what stands before
    the `document`, which is decoded JSON; where there is none, that is the text or the bytes themselves. `ack` is the
    id by which socket.io wants it acknowledged."""

    kind: str
    head: str
    document: Any
    ack: str = ""

    def __repr__(self) -> str:
        return f"<Frame {self.kind}>"

    @property
    def is_json(self) -> bool:
        return not isinstance(self.document, str | bytes)

    def path(self, place: str) -> Path | None:
        """Returns the path in the document that `place` means in this frame; None where it means none."""
        first, *steps = place.split(".")
        if first != FRAMES or not steps or not self.is_json:
            return None
        if not self.kind:
            return tuple(map(_step, steps))
        if steps[0] != self.kind or len(steps) == 1:
            return None
        path = tuple(map(_step, steps[1:]))
        if not isinstance(self.document, list):
            return path
        arguments = 0 if self.kind == "ack" else 1  # the name of an event is the first item
        first_step = path[0]
        return (first_step + arguments, *path[1:]) if isinstance(first_step, int) else (arguments, *path)

    def has(self, place: str) -> bool:
        """Decides whether there is a value at `place`."""
        path = self.path(place)
        return path is not None and any(True for _ in find_values(self.document, path))

    def is_named_by(self, places: Iterable[str]) -> bool:
        """Decides whether one of `places` means all frames of this event."""
        return bool(self.kind) and f"{FRAMES}.{self.kind}" in places


def read_frame(data: str | bytes, *, engine_io: bool) -> Frame:
    """Returns what the frame `data` says, on a socket that speaks engine.io or not."""
    if isinstance(data, bytes):
        return Frame("", "", data)
    if engine_io and data.startswith(MESSAGE):
        with suppress(ProtocolError):
            return _read_packet(data)
    document = _decoded(data)
    return Frame("", "", data if document is None else document)


def _read_packet(data: str) -> Frame:
    """Returns what a message of engine.io says that is a packet of socket.io. Raises `ProtocolError` if it is none."""
    packet = decode_socket_packet(data[len(MESSAGE) :])
    head, document = data[: len(data) - len(packet.json)], _decoded(packet.json)
    named = isinstance(document, list) and document and isinstance(document[0], str)
    kind = KINDS.get(packet.type) or (document[0] if named else "event")
    ack = "" if packet.id is None else str(packet.id)
    return Frame(kind, head, packet.json if document is None else document, ack)


def speaks_engine_io(url: str) -> bool:
    """Decides by the query of the URL of a handshake or a poll whether engine.io is spoken there."""
    if "EIO" not in url:  # which is told at once, of most of them
        return False
    query = parse_qs(urlsplit(url).query)
    return bool(query.get("EIO")) and query.get("transport", [""])[0] in ("websocket", "polling")


def is_control(data: str | bytes) -> bool:
    """Decides whether `data` is a packet of engine.io itself: a heartbeat, or a part of its handshakes."""
    return isinstance(data, str) and bool(CONTROL.fullmatch(data))


def find_values(document: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    """Yields the values in `document` that `path` leads to, each with its own path: `*` leads to several."""
    if not path:
        yield (), document
        return
    step, rest = path[0], path[1:]
    if isinstance(document, dict):
        keys: Iterable[Any] = (
            document if step == ANY_STEP else [key for key in (step, str(step)) if key in document][:1]
        )
    elif isinstance(document, list):
        every = range(len(document))
        keys = every if step == ANY_STEP else [step] if isinstance(step, int) and step in every else []
    else:
        return
    for key in keys:
        for found, value in find_values(document[key], rest):
            yield (key, *found), value


def replace_at(document: Any, path: Path, value: Any) -> Any:
    """Returns a copy of `document` in which `value` stands at `path`, which has no `*`."""
    if not path:
        return value
    changed = document.copy()
    changed[path[0]] = replace_at(document[path[0]], path[1:], value)
    return changed


def _step(text: str) -> str | int:
    return int(text) if text.isdecimal() else text


def _decoded(text: str) -> Any:
    """Returns the JSON object or array that `text` is; None where it is none."""
    if text[:1] not in ("{", "["):
        return None
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return None
