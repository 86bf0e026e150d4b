"""The faults that a site can have, put into recorded exchanges. Pure."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from toolkit.har.model import Content, Entry, Pair, Response
from toolkit.har.websockets import WebSocketClose, make_message

SILENCE = "TimeoutError: the site says nothing more"  # an exchange with this error ends in silence under replay
REDIRECTS = (301, 302, 303, 307, 308)  # which the transport follows, whatever their bodies are
LOGIN_PAGE = b"<!doctype html><title>Sign in</title><form><input type=password></form>"
GARBAGE = b'\x00\xff\xfe{"a": [}\n\ndata: {\n\n\xc3'


NORMAL = 1000
LOST = WebSocketClose("lost")
SILENT = WebSocketClose("client")  # a socket that ends so is left to the client, which waits


class Fault(NamedTuple):
    """A fault. `apply` returns a copy of an exchange with it. `may_pass` says that a provider may take the result for a
    good answer; `in_body`, that it may if the recorded answer has no body, or one that nobody reads. `hangs` says that
    the call ends only at a deadline."""

    apply: Callable[[Entry], Entry]
    may_pass: bool = False
    in_body: bool = False
    hangs: bool = False

    def is_harmless(self, entry: Entry) -> bool:
        """Whether a correct provider may take `entry` with this fault for a good answer."""
        body = b"" if entry.response.status in REDIRECTS else entry.response.content.body()
        return self.may_pass or (self.in_body and not entry.is_socket and not body)


def with_body(entry: Entry, body: bytes, chunk_size: int | None = None) -> Entry:
    """A copy of `entry` with another body, in chunks of `chunk_size` bytes, in one chunk if that is None."""
    size = chunk_size or max(1, len(body))
    chunks = [(float(start), len(body[start : start + size])) for start in range(0, len(body), size)]
    text = base64.b64encode(body).decode("ascii")
    content = replace(entry.response.content, size=len(body), text=text, encoding="base64", chunks=chunks)
    headers = [pair for pair in entry.response.headers if pair.name.lower() != "content-length"]
    return replace(entry, response=replace(entry.response, content=content, headers=headers))


def with_half_body(entry: Entry) -> Entry:
    """A copy of `entry` with the first half of its body."""
    body = entry.response.content.body()
    return with_body(entry, body[: len(body) // 2])


def server_frames(entry: Entry) -> list[int]:
    """The places of the site's frames among the messages of a WebSocket."""
    return [number for number, one in enumerate(entry.messages or ()) if not one.is_sent]


def with_frames(
    entry: Entry, cut: Sequence[int] = (), close: WebSocketClose = LOST, more: Sequence[bytes] = ()
) -> Entry:
    """A copy of a WebSocket that ends by `close` before the message at the first place of `cut`, after the frames
    `more` of the site."""
    messages = list(entry.messages or ())[: cut[0] if cut else None]
    messages += [make_message(_as_text(data), sent=False, time=0, ms=0) for data in more]
    return replace(entry, messages=messages, close=close)


def _as_text(data: bytes) -> str | bytes:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data


def close_in_the_middle(close: WebSocketClose) -> Callable[[Entry], Entry]:
    """Makes a fault of a WebSocket: it ends by `close` after half of the site's frames."""

    def apply(entry: Entry) -> Entry:
        frames = server_frames(entry)
        return with_frames(entry, frames[len(frames) // 2 :], close)

    return apply


def say_in_the_middle(*frames: bytes) -> Callable[[Entry], Entry]:
    """Makes a fault of a WebSocket: the site sends `frames` in the place of the second half of its own."""

    def apply(entry: Entry) -> Entry:
        own = server_frames(entry)
        return with_frames(entry, own[len(own) // 2 :], WebSocketClose("server", NORMAL), frames)

    return apply


def replace_answer(status: int, body: bytes = b"", content_type: str = "") -> Callable[[Entry], Entry]:
    """Makes a fault: the site gives this answer instead of the recorded one."""
    headers = [Pair("Content-Type", content_type)] if content_type else []

    def apply(entry: Entry) -> Entry:
        return with_body(replace(entry, response=Response(status, headers=headers, content=Content())), body)

    return apply


def break_connection(error: str, *, begun: bool = True) -> Callable[[Entry], Entry]:
    """Makes a fault: the connection ends with `error`, in the middle of the body if the answer has `begun`, else before
    the answer."""

    def apply(entry: Entry) -> Entry:
        if begun and entry.is_socket:
            return close_in_the_middle(SILENT if error == SILENCE else LOST)(entry)
        return replace(with_half_body(entry) if begun else replace(entry, response=Response(0)), error=error)

    return apply


def with_garbage(entry: Entry) -> Entry:
    """A copy of `entry` whose body turns into garbage in its middle."""
    if entry.is_socket:
        return say_in_the_middle(GARBAGE)(entry)
    body = entry.response.content.body()
    return with_body(entry, body[: len(body) // 2] + GARBAGE)


JSON, TEXT, HTML = "application/json", "text/plain", "text/html; charset=utf-8"

# Every fault by its name, as the messages of `provider_contract` say it. A new one is one line here.
FAULTS: dict[str, Fault] = {
    "no answer": Fault(break_connection("ServerDisconnectedError: closed", begun=False)),
    "reset in the middle": Fault(break_connection("ConnectionResetError: reset"), in_body=True),
    "cut off in the middle": Fault(break_connection("ClientPayloadError: closed"), in_body=True),
    "silence before the answer": Fault(break_connection(SILENCE, begun=False), hangs=True),
    "silence in the middle": Fault(break_connection(SILENCE), in_body=True, hangs=True),
    "an empty answer": Fault(replace_answer(200), in_body=True),
    "a login page": Fault(replace_answer(200, LOGIN_PAGE, HTML), in_body=True),
    "status 400": Fault(replace_answer(400, b'{"error": {"message": "no"}}', JSON)),
    "status 401": Fault(replace_answer(401, b'{"detail": "Not authenticated"}', JSON)),
    "status 403": Fault(replace_answer(403)),
    "status 404": Fault(replace_answer(404, b"<!doctype html><title>404</title>", HTML)),
    "status 429": Fault(replace_answer(429, b"Too many requests", TEXT)),
    "status 500": Fault(replace_answer(500, b"Internal Server Error", TEXT)),
    "status 502 with a page": Fault(replace_answer(502, b"<html><h1>Bad Gateway</h1></html>", HTML)),
    "garbage": Fault(replace_answer(200, GARBAGE, TEXT), may_pass=True),
    "garbage in the middle": Fault(with_garbage, may_pass=True),
    "JSON of another shape": Fault(replace_answer(200, b'{"unexpected": [1, null]}', JSON), may_pass=True),
    "JSON that is no object": Fault(replace_answer(200, b"[null]", JSON), may_pass=True),
    "events of another shape": Fault(
        replace_answer(200, b'data: {"unexpected": 1}\n\ndata: []\n\ndata: null\n\ndata: "?"\n\n', "text/event-stream"),
        may_pass=True,
    ),
    "lines of another shape": Fault(replace_answer(200, b'{"unexpected": 1}\n[]\nnull\n"?"\n', TEXT), may_pass=True),
}

OTHER_SHAPES = (b'{"unexpected": 1}', b"[]", b"null", b'"?"', b"42[1]", b"", b"\x0a\x00")
SOCKET_CLOSES = {
    "as complete": WebSocketClose("server", NORMAL),
    "without a code": WebSocketClose("server", 1005),
    **{f"with {code}": WebSocketClose("server", code) for code in (1001, 1008, 1011, 1012, 4000)},
}

CLOSED_AS_COMPLETE = "a socket that is closed as complete in the middle"
# Those of WebSockets besides.
SOCKET_FAULTS: dict[str, Fault] = {
    **{
        f"a socket that is closed {how} in the middle": Fault(close_in_the_middle(one))
        for how, one in SOCKET_CLOSES.items()
    },
    "a socket closed at once": Fault(lambda entry: with_frames(entry, [0], WebSocketClose("server", NORMAL))),
    "frames of another shape": Fault(say_in_the_middle(*OTHER_SHAPES)),
    "only frames of another shape": Fault(
        lambda entry: with_frames(entry, server_frames(entry), WebSocketClose("server", NORMAL), OTHER_SHAPES)
    ),
}

# How sites refuse a session that they took before, by the names of these in messages.
REFUSALS: dict[str, Callable[[Entry], Entry]] = {
    "status 401": FAULTS["status 401"].apply,
    "a login page": FAULTS["a login page"].apply,
}
