"""What can be wrong with a recorded answer: each fault makes another exchange of it. Pure."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import NamedTuple

from msgspec.structs import replace

from toolkit.har.model import Content, Entry, Pair, Response

SILENCE = "TimeoutError: the site says nothing more"  # replay waits after an exchange that ended like that
LOGIN_PAGE = b"<!doctype html><title>Sign in</title><form><input type=password></form>"
GARBAGE = b'\x00\xff\xfe{"a": [}\n\ndata: {\n\n\xc3'


class Fault(NamedTuple):
    """`apply` gives the exchange with the fault. With `may_pass`, a protocol may take it for an answer; so it may
    with `in_body`, where the recorded answer has none. `hangs` says that a deadline has to pass."""

    apply: Callable[[Entry], Entry]
    may_pass: bool = False
    in_body: bool = False
    hangs: bool = False

    def is_harmless(self, entry: Entry) -> bool:
        """Whether a good provider may take `entry` with the fault for an answer."""
        return self.may_pass or (self.in_body and not entry.response.content.body())


def with_body(entry: Entry, body: bytes, sizes: int | None = None) -> Entry:
    """`entry` with another body, in chunks of `sizes` bytes; of None, in one."""
    size = sizes or max(1, len(body))
    chunks = [(float(start), len(body[start : start + size])) for start in range(0, len(body), size)]
    text = base64.b64encode(body).decode("ascii")
    content = replace(entry.response.content, size=len(body), text=text, encoding="base64", chunks=chunks)
    kept = [pair for pair in entry.response.headers if pair.name.lower() != "content-length"]
    return replace(entry, response=replace(entry.response, content=content, headers=kept))


def half(entry: Entry) -> Entry:
    """`entry` with the first half of its body."""
    body = entry.response.content.body()
    return with_body(entry, body[: len(body) // 2])


def answered(status: int, body: bytes = b"", kind: str = "") -> Callable[[Entry], Entry]:
    """An answer of its own."""
    headers = [Pair("Content-Type", kind)] if kind else []

    def apply(entry: Entry) -> Entry:
        return with_body(replace(entry, response=Response(status, headers=headers, content=Content())), body)

    return apply


def broken(error: str, *, begun: bool = True) -> Callable[[Entry], Entry]:
    """The connection ends like that: in the middle of the body, or before the answer."""

    def apply(entry: Entry) -> Entry:
        return replace(half(entry) if begun else replace(entry, response=Response(0)), error=error)

    return apply


def garbled(entry: Entry) -> Entry:
    """Half of the body, and then something else."""
    body = entry.response.content.body()
    return with_body(entry, body[: len(body) // 2] + GARBAGE)


JSON, TEXT, HTML = "application/json", "text/plain", "text/html; charset=utf-8"

FAULTS: dict[str, Fault] = {
    "no answer": Fault(broken("ServerDisconnectedError: closed", begun=False)),
    "reset in the middle": Fault(broken("ConnectionResetError: reset"), in_body=True),
    "cut off in the middle": Fault(broken("ClientPayloadError: closed"), in_body=True),
    "silence before the answer": Fault(broken(SILENCE, begun=False), hangs=True),
    "silence in the middle": Fault(broken(SILENCE), in_body=True, hangs=True),
    "an empty answer": Fault(answered(200), in_body=True),
    "a login page": Fault(answered(200, LOGIN_PAGE, HTML), in_body=True),
    "status 400": Fault(answered(400, b'{"error": {"message": "no"}}', JSON)),
    "status 401": Fault(answered(401, b'{"detail": "Not authenticated"}', JSON)),
    "status 403": Fault(answered(403)),
    "status 404": Fault(answered(404, b"<!doctype html><title>404</title>", HTML)),
    "status 429": Fault(answered(429, b"Too many requests", TEXT)),
    "status 500": Fault(answered(500, b"Internal Server Error", TEXT)),
    "status 502 with a page": Fault(answered(502, b"<html><h1>Bad Gateway</h1></html>", HTML)),
    "garbage": Fault(answered(200, GARBAGE, TEXT), may_pass=True),
    "garbage in the middle": Fault(garbled, may_pass=True),
    "JSON of another shape": Fault(answered(200, b'{"unexpected": [1, null]}', JSON), may_pass=True),
    "JSON that is no object": Fault(answered(200, b"[null]", JSON), may_pass=True),
    "events of another shape": Fault(
        answered(200, b'data: {"unexpected": 1}\n\ndata: []\n\ndata: null\n\ndata: "?"\n\n', "text/event-stream"),
        may_pass=True,
    ),
    "lines of another shape": Fault(answered(200, b'{"unexpected": 1}\n[]\nnull\n"?"\n', TEXT), may_pass=True),
}
