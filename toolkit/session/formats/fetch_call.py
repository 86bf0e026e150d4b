"""Calls of JavaScript's `fetch`, as browsers' DevTools copy them: "Copy as fetch", "Copy as fetch (Node.js)", and the
same of all requests. Pure, and only read.

Only the form for Node.js has the cookies; the other one can have a token.
"""

from __future__ import annotations

import json
import re

from toolkit.session.formats.copied_requests import CopiedRequest, read_requests
from toolkit.session.formats.parsed_session import ParsedSession

CALL = re.compile(r"\bfetch\(\s*")
BEGINNING = re.compile(r"\s*(await\s+)?fetch\(\s*\"")
COMMA = re.compile(r"\s*,\s*")


def detects(text: str) -> bool:
    return BEGINNING.match(text) is not None


def read(text: str, provider: str, origin: str) -> ParsedSession:
    requests = [request for call in CALL.finditer(text) if (request := _read_call(text, call.end())) is not None]
    return read_requests(
        requests,
        provider,
        origin,
        what="This call of fetch",
        hint='Copy it as "fetch (Node.js)" while you are signed in: the plain one leaves the cookies to the browser.',
    )


def _read_call(text: str, position: int) -> CopiedRequest | None:
    """The request of the call whose arguments begin at `position`; None if they are not as DevTools write them."""
    decoder = json.JSONDecoder()
    options: object = {}
    try:
        url, position = decoder.raw_decode(text, position)
        if (comma := COMMA.match(text, position)) is not None:
            options, _ = decoder.raw_decode(text, comma.end())
    except (ValueError, RecursionError):
        return None
    headers = options.get("headers") if isinstance(options, dict) else None
    if not isinstance(url, str):
        return None
    pairs = headers.items() if isinstance(headers, dict) else ()
    return CopiedRequest(url, {name.lower(): value for name, value in pairs if isinstance(value, str)})
