"""The exchanges of a page as inference looks at them: their values by place, and the texts of their answers. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec
from msgspec import UnsetType

from toolkit.errors import ProtocolError
from toolkit.har.model import Entry
from toolkit.har.resource_kind import resource_kind
from toolkit.providers.dialects.frames import EventFrames, Frame, LineFrames, parse_json_text
from toolkit.recording.foreign_har import ForeignEntry
from toolkit.scaffold.facts import Place
from toolkit.scaffold.socket_exchanges import (
    OPEN,
    RECEIVE,
    SAID_LIMIT,
    SAYING,
    SEND,
    Shape,
    SocketPart,
    is_socket,
    socket_parts,
)
from toolkit.session.browser_headers import is_browser_header, origin_of

AUTHORIZATION = "authorization"
PROTOCOLS = "sec-websocket-protocol"
IN_TEXT = "{}"  # the step of a place that leads into the JSON which a text is
# Headers that the client library or the transport makes itself, or that tell nothing.
TRANSPORT_HEADERS = {
    *("accept", "accept-encoding", "accept-language", "cache-control", "connection", "content-length", "content-type"),
    *("cookie", "host", "if-modified-since", "if-none-match", "origin", "pragma", "priority", "range", "referer"),
    *("te", "transfer-encoding", "upgrade-insecure-requests", "user-agent", "dnt", "keep-alive"),
}
MULTIPART = re.compile(r'name="([^"]*)"(?:; filename="([^"]*)")?')


@dataclass(frozen=True)
class JSONText:
    """A text that is itself JSON, as some pages send it within a form or another document; `spaced` if it is written
    with blanks after commas and colons."""

    document: Any
    spaced: bool = False


@dataclass(frozen=True)
class Exchange:
    """One exchange, or a part of a WebSocket (`toolkit.scaffold.socket_exchanges`). `number` is that in the file, `at`
    its place in time among all. `logins` are the values of the header Authorization with which the browser itself
    passes a gate. `frame` is the number of a socket's frame, and `shape` that of its kind."""

    number: int
    at: int
    entry: Entry = field(repr=False)
    logins: frozenset[str] = field(repr=False, default=frozenset())
    frame: int = -1
    shape: Shape = ()

    @property
    def method(self) -> str:
        return self.entry.request.method.upper()

    @property
    def is_frame(self) -> bool:
        """Whether it is a frame of a socket."""
        return self.method in (SEND, RECEIVE)

    @cached_property
    def origin(self) -> str:
        return origin_of(self.entry.request.url)

    @cached_property
    def path(self) -> tuple[str, ...]:
        """The parts of the path, decoded."""
        return tuple(unquote(part) for part in urlsplit(self.entry.request.url).path.split("/")[1:])

    @cached_property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.entry.request.url).query, keep_blank_values=True))

    @cached_property
    def headers(self) -> dict[str, str]:
        """The headers that the page's script has set, which for a socket can be the names of protocols alone."""
        if self.method == OPEN:
            named = ((pair.name.lower(), pair.value) for pair in self.entry.request.headers)
            return {name: value for name, value in named if name == PROTOCOLS}
        if self.is_frame:
            return {}
        pairs = ((pair.name.lower(), pair.value) for pair in self.entry.request.headers)
        return {
            name: value
            for name, value in pairs
            if not (_is_transports(name) or is_browser_header(name) or (name == AUTHORIZATION and value in self.logins))
        }

    @cached_property
    def cookies(self) -> dict[str, str]:
        """The cookies that were sent."""
        lines = [pair.value for pair in self.entry.request.headers if pair.name.lower() == "cookie"]
        pairs = (part.strip().partition("=") for line in lines for part in line.split(";"))
        return {name: value for name, _, value in pairs if name}

    @cached_property
    def _sent(self) -> tuple[str, Any]:
        return _read_body(self.entry)

    @property
    def body_kind(self) -> str:
        """`none`, `json`, `form`, `multipart`, or `other`."""
        return self._sent[0]

    @property
    def body(self) -> Any:
        """The body as JSON, or as the fields of a form; texts in it that are JSON are `JSONText`."""
        return self._sent[1]

    @cached_property
    def values(self) -> dict[Place, Any]:
        """Every value of the request by its place."""
        if self.is_frame:
            return dict(leaves(self.body, ("body",)))
        found: dict[Place, Any] = {("path", i): part for i, part in enumerate(self.path)}
        found |= {("query", name): value for name, value in self.query.items()}
        found |= {("header", name): value for name, value in self.headers.items()}
        return found | dict(leaves(self.body, ("body",)))

    @cached_property
    def content(self) -> bytes:
        """The body of the answer."""
        return self.entry.response.content.body()

    @cached_property
    def text(self) -> str:
        """The body of the answer as text."""
        return self.content.decode("utf-8", "replace")

    @cached_property
    def content_type(self) -> str:
        return next(iter(self.entry.response.values("content-type")), self.entry.response.content.mime_type).lower()

    @cached_property
    def response_headers(self) -> dict[str, str]:
        return {pair.name.lower(): pair.value for pair in self.entry.response.headers}

    @cached_property
    def document(self) -> Any:
        """The answer as one JSON document; None where it is none."""
        try:
            return msgspec.json.decode(self.content) if self.content.strip()[:1] in (b"{", b"[", b'"') else None
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return None

    @cached_property
    def answer_values(self) -> tuple[tuple[Place, Any], ...]:
        """Every value of an answer that is one JSON document, by its path in that."""
        return tuple(told_leaves(self.document)) if self.document is not None else ()

    @cached_property
    def frames(self) -> tuple[Frame, ...]:
        """The frames of an answer that is a stream."""
        return tuple(cut(self.content))

    @cached_property
    def set_cookies(self) -> dict[str, str]:
        """The cookies that the answer sets."""
        lines = [line for value in self.entry.response.values("set-cookie") for line in value.split("\n")]
        pairs = (line.split(";", 1)[0].strip().partition("=") for line in lines)
        return {name: value for name, _, value in pairs if name}

    @property
    def started(self) -> float:
        """When it began, in seconds since 1970."""
        return self.entry.started.timestamp()

    @property
    def ended(self) -> float:
        return self.started + self.entry.time / 1000


def _is_transports(name: str) -> bool:
    return name in TRANSPORT_HEADERS or name.startswith(("sec-fetch-", "sec-websocket-", ":"))


def read_exchanges(entries: list[ForeignEntry]) -> list[Exchange]:
    """Returns the exchanges in the order of their start, without those that no network has answered."""
    answered = [one for one in entries if one.entry.response.status > 0 and one.entry.request.method != "OPTIONS"]
    logins = frozenset(_logins(answered))
    if not any(is_socket(one.entry) for one in answered):
        return [Exchange(one.number, at, one.entry, logins) for at, one in enumerate(answered)]
    apart = [
        (one.number, part)
        for one in answered
        for part in (socket_parts(one.entry) if is_socket(one.entry) else (SocketPart(one.entry),))
    ]
    apart.sort(key=lambda one: one[1].entry.started)
    return [Exchange(number, at, part.entry, logins, part.frame, part.shape) for at, (number, part) in enumerate(apart)]


def _logins(entries: list[ForeignEntry]) -> Iterator[str]:
    """What the browser sent as Authorization when it went to a page, where no script can set a header: it answers so a
    gate that asks for HTTP authentication, in the calls of the page too."""
    for one in entries:
        if resource_kind(one.entry) == "document":
            yield from (pair.value for pair in one.entry.request.headers if pair.name.lower() == AUTHORIZATION)


def leaves(node: Any, place: Place) -> Iterator[tuple[Place, Any]]:
    """Yields each text, number and the like of a document, by its place; empty lists and objects are values too."""
    if isinstance(node, JSONText):
        yield from leaves(node.document, (*place, IN_TEXT))
    elif isinstance(node, dict) and node:
        for key, item in node.items():
            yield from leaves(item, (*place, key))
    elif isinstance(node, list) and node:
        for number, item in enumerate(node):
            yield from leaves(item, (*place, number))
    elif node is not None or place != ("body",):
        yield place, node


def told_leaves(node: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Yields what `leaves` does, for an answer: a text that is JSON is looked into as well. Its place has no step for
    that, since `frames.value_at` needs none."""
    inner = parse_json_text(node) if isinstance(node, str) and node[:1] in ("{", "[") else node
    if isinstance(inner, dict | list) and inner:
        for key, item in inner.items() if isinstance(inner, dict) else enumerate(inner):
            yield from told_leaves(item, (*place, key))
    else:
        yield place, node


def value_at(document: Any, place: Place) -> Any:
    """Returns what stands at `place` of a document; None where there is nothing. Indexes count from the end if
    negative."""
    for key in place:
        if isinstance(document, JSONText):
            document = document.document
            if key == IN_TEXT:
                continue
        if isinstance(document, dict) and isinstance(key, str):
            document = document.get(key)
        elif isinstance(document, list) and isinstance(key, int) and -len(document) <= key < len(document):
            document = document[key]
        else:
            return None
    return document


def place_name(place: Place) -> str:
    """Returns a place in words: `body.messages[0].content`."""
    name = ""
    for key in place:
        if key == IN_TEXT:
            continue
        name += f"[{key}]" if isinstance(key, int) else f".{key}" if name else key
    return name


def marks_of_frame(exchange: Exchange) -> dict[str, Any]:
    """Returns what tells the frame of an answer from others, by the usual names; nothing where it is no frame."""
    if not exchange.is_frame or not isinstance(exchange.document, dict):
        return {}
    return {
        name: value
        for name, value in exchange.document.items()
        if name.lower() in SAYING and isinstance(value, str) and len(value) <= SAID_LIMIT
    }


def place_of(exchange: Exchange, place: Place) -> str:
    """Returns the place of a value of `exchange` in words, where a value of a frame is one of `frames`."""
    return place_name(("frames", *place[1:]) if exchange.is_frame else place)


def cut(body: bytes) -> list[Frame]:
    """Returns the frames of a stream: server-sent events, else lines of JSON; none where it is neither."""
    for decoder in (EventFrames(), LineFrames()):
        try:
            frames = [*decoder.feed(body), *decoder.flush()]
        except ProtocolError:  # such as a document of one line that is too long for a stream
            continue
        if sum(frame.is_json for frame in frames) > len(frames) / 2:
            return frames
    return []


def _read_body(entry: Entry) -> tuple[str, Any]:
    posted = entry.request.post_data
    if isinstance(posted, UnsetType) or not (body := posted.body()):
        return "none", None
    text, mime_type = body.decode("utf-8", "replace"), posted.mime_type.lower()
    if "multipart/" in mime_type:
        return "multipart", _read_multipart(text, posted.mime_type)
    if "x-www-form-urlencoded" in mime_type:
        return "form", {name: opened(value) for name, value in parse_qsl(text, keep_blank_values=True)}
    try:
        document = msgspec.json.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return "other", text
    return ("json", _open_all(document)) if isinstance(document, dict | list) else ("other", text)


def _read_multipart(text: str, mime_type: str) -> dict[str, Any]:
    """The fields of a form; those that hold files are left out."""
    match = re.search(r'boundary="?([^";]+)', mime_type)
    fields = {}
    for part in text.split(f"--{match[1]}")[1:-1] if match else ():
        head, _, value = part.partition("\r\n\r\n")
        if (named := MULTIPART.search(head)) and named[2] is None:
            fields[named[1]] = opened(value.removesuffix("\r\n"))
    return fields


def opened(text: str) -> Any:
    """Returns `text` as `JSONText` if it is an object or a list that can be written again as it was."""
    if text[:1] not in ("{", "["):
        return text
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return text
    for spaced, separators in ((False, (",", ":")), (True, (", ", ": "))):
        if json.dumps(document, ensure_ascii=False, separators=separators) == text:
            return JSONText(_open_all(document), spaced)
    return text


def _open_all(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _open_all(item) for key, item in node.items()}
    if isinstance(node, list):
        return [_open_all(item) for item in node]
    return opened(node) if isinstance(node, str) else node
