"""A HAR 1.2 file (http://www.softwareishard.com/blog/har-12-spec/) that a browser's DevTools have exported. Pure, and
only read.

The session gets what the requests sent and the answers set, in their order. The toolkit's own recordings are HARs too,
and have no secrets that could make a session.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from toolkit.errors import SessionError
from toolkit.session.formats.copied_requests import CopiedRequest, read_requests
from toolkit.session.formats.json_cookies import read_cookies
from toolkit.session.formats.json_text import decode, members
from toolkit.session.formats.parsed_session import ParsedSession


class _Header(msgspec.Struct):
    name: str
    value: str

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    def __repr__(self) -> str:
        return f"<header {self.name}>"


class _Request(msgspec.Struct):
    url: str
    headers: list[_Header] = []
    cookies: list[dict[str, Any]] = []

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    def __repr__(self) -> str:
        return "<request>"


class _Response(msgspec.Struct):
    headers: list[_Header] = []


class _Entry(msgspec.Struct):
    request: _Request
    response: _Response = msgspec.field(default_factory=_Response)
    started: str = msgspec.field(name="startedDateTime", default="")


class _Page(msgspec.Struct):
    """A page; Chrome's DevTools give it its URL as the title."""

    title: str = ""


class _Log(msgspec.Struct):
    entries: list[_Entry]
    pages: list[_Page] = []


class _Document(msgspec.Struct):
    log: _Log


def detects(text: str) -> bool:
    return text.startswith("{") and "log" in members(text)


def read(text: str, provider: str, origin: str) -> ParsedSession:
    log: _Log = decode(text, _Document).log
    return read_requests(
        [_read_entry(entry) for entry in log.entries],
        provider,
        origin,
        what="The site's page as this HAR has it",
        page=log.pages[0].title if log.pages else "",
        hint='Export it "with sensitive data", while you are signed in: DevTools leave cookies and tokens out else.',
    )


def _read_entry(entry: _Entry) -> CopiedRequest:
    request = entry.request
    headers: dict[str, str] = {}
    for header in request.headers:
        name = header.name.lower()  # HTTP/2 may send the cookies in several headers (RFC 9113, section 8.2.3)
        headers[name] = f"{headers[name]}; {header.value}" if name == "cookie" and name in headers else header.value
    known = request.cookies and all(cookie.get("domain") for cookie in request.cookies)  # not so in Firefox's
    try:
        cookies = read_cookies(request.cookies)[0] if known else ()
    except SessionError:
        cookies = ()
    set_cookies = [
        line
        for header in entry.response.headers
        if header.name.lower() == "set-cookie"
        for line in header.value.split("\n")
    ]
    return CopiedRequest(request.url, headers, cookies, tuple(set_cookies), _time_of(entry.started))


def _time_of(date: str) -> float:
    try:
        return datetime.fromisoformat(date).timestamp()
    except ValueError:
        return 0.0
