"""Takes a WebSocket of a recording apart, so that its frames can be looked at as exchanges are. Pure.

There is one for the handshake, one for each JSON frame that the page has sent, whose answer is what was received until
the page sent such a frame again, and one for each JSON frame that it received, which tells what later frames send.
Frames of engine.io, binary frames and frames that are not JSON are left out.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

import msgspec
from msgspec import UNSET, UnsetType

from toolkit.har.frames import speaks_engine_io
from toolkit.har.message_builders import make_request, make_response
from toolkit.har.model import Entry
from toolkit.har.websockets import TEXT, WebSocketClose, WebSocketMessage, is_socket_url

OPEN, SEND, RECEIVE = "WEBSOCKET", "SEND", "RECEIVE"
JSON = [("content-type", "application/json")]
# The names by which frames tell what they are.
SAYING = (
    "type",
    "event",
    "action",
    "op",
    "kind",
    "cmd",
    "command",
    "method",
    "msg",
    "topic",
    "channel",
    "role",
    "sender",
)
SAID_LIMIT = 40  # characters of what stands there
# Frames that keep a connection open, and frames that tell what a person does besides asking.
KEEPING = re.compile(r"^(?:ping|pong|heart.?beat|keep.?alive|alive)$", re.IGNORECASE)
BESIDES = re.compile(
    r"typing|draft|seen|read.?receipt|\back|presence|focus|visib|analytic|telemetr|track|metric|title|suggest|moderat",
    re.IGNORECASE,
)

Shape = tuple[Any, ...]


class SocketPart(NamedTuple):
    """A part of a socket as an entry of its own. `frame` is the number of its message; -1 for the handshake. `shape` is
    what frames of its kind have in common."""

    entry: Entry
    frame: int = -1
    shape: Shape = ()


def is_socket(entry: Entry) -> bool:
    """Decides whether `entry` is a WebSocket."""
    return is_socket_url(entry.request.url)


def page_url(url: str) -> str:
    """Returns the address of a socket as that of a page: `https:` for `wss:`."""
    return f"http{url[2:]}"


def socket_parts(entry: Entry) -> Iterator[SocketPart]:
    """Yields the parts of the socket `entry`, in the order of time."""
    url = page_url(entry.request.url)
    request = msgspec.structs.replace(entry.request, method=OPEN, url=url)
    yield SocketPart(msgspec.structs.replace(entry, request=request, resource_type="websocket"))
    if speaks_engine_io(entry.request.url):
        return
    documents = list(_documents(entry))
    address = url.partition("?")[0]
    for at, (number, sent, when, text, shape) in enumerate(documents):
        method: Literal["SEND", "RECEIVE"] = "SEND" if sent else "RECEIVE"
        body = _received(documents[at + 1 :], shape) if sent else text
        part = Entry(
            started=when,
            request=make_request(method, address, JSON if sent else [], text.encode() if sent else b""),
            response=make_response(200, "", JSON, body.encode()),
            resource_type="websocket",
        )
        yield SocketPart(part, number, shape)


class _Document(NamedTuple):
    number: int
    sent: bool
    when: datetime
    text: str
    shape: Shape


def _documents(entry: Entry) -> Iterator[_Document]:
    for number, message in enumerate(entry.messages or ()):
        if message.opcode == TEXT and message.data.lstrip()[:1] in ("{", "["):
            try:
                document = msgspec.json.decode(message.data)
            except (msgspec.MsgspecError, ValueError, RecursionError):
                continue
            when = datetime.fromtimestamp(message.seconds, UTC) if message.seconds else entry.started
            text = message.data.replace("\r", " ").replace("\n", " ")  # which JSON has between its values alone
            yield _Document(number, message.is_sent, max(when, entry.started), text, shape_of(document))


def _received(after: Sequence[_Document], shape: Shape) -> str:
    """What was received until such a frame was sent again, a line each, without what keeps the connection."""
    end = next((at for at, one in enumerate(after) if one.sent and one.shape == shape), len(after))
    return "".join(f"{one.text}\n" for one in after[:end] if not one.sent and not keeps_open(one.shape))


def shape_of(document: Any) -> Shape:
    """Returns what frames of one kind have in common: the names of their fields, and what says their kind."""
    if isinstance(document, dict):
        said = [(name, value) for name, value in document.items() if str(name).lower() in SAYING]
        return (*sorted(document), *(f"{n}={v}" for n, v in said if isinstance(v, str) and len(v) <= SAID_LIMIT))
    first = document[0] if document and isinstance(document[0], str) and len(document[0]) <= SAID_LIMIT else ""
    return ("[]", len(document), f"0={first}")


def keeps_open(shape: Shape) -> bool:
    """Decides whether frames of this shape only keep the connection open."""
    return any(KEEPING.match(str(part).rpartition("=")[2]) for part in shape)


def tells_besides(shape: Shape) -> bool:
    """Decides whether frames of this shape tell something besides the chat, such as what is being typed; no shape is
    that of what is no frame."""
    said = [str(part).partition("=")[2] for part in shape if "=" in str(part)]
    return bool(shape) and (keeps_open(shape) or any(BESIDES.search(word) for word in (said or map(str, shape))))


def call_of_socket(entry: Entry, sent: Collection[int], *, marks_end: bool) -> Entry:
    """Returns of the socket `entry` what belongs to one call, which sends the frames of the numbers in `sent`: these,
    what the site sent before all frames, and what it sent after each of them until the page sent another.

    Where no frame `marks_end`, the call ends with the socket.
    """
    kept, belongs = list[WebSocketMessage](), True
    shapes = {one.number: one.shape for one in _documents(entry)}
    for number, message in enumerate(entry.messages or ()):
        if message.is_sent and number not in sent:
            belongs = belongs and tells_besides(shapes.get(number, ()))
        elif message.is_sent or belongs:
            kept.append(message)
            belongs = True
    close = entry.close if belongs else UNSET
    if not marks_end and isinstance(close, UnsetType):
        close = WebSocketClose("unknown")
    return msgspec.structs.replace(entry, messages=kept, close=close)
