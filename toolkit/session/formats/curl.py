"""A command for curl, as browsers' DevTools copy it for a POSIX shell ("Copy as cURL"). Pure, and only read.

The session gets the cookies of its `Cookie` header, the origin of its URL, and the headers that a browser sends with
every request.
"""

from __future__ import annotations

import itertools
import re
import shlex
from typing import NamedTuple

import msgspec

from toolkit.errors import SessionError
from toolkit.session.browser_headers import is_browser_header, origin_of
from toolkit.session.browser_session import BrowserSession
from toolkit.session.formats.cookie_header import parse_header

COMMAND = re.compile(r"\s*curl(\.exe)?\s")
URL = re.compile(r"https?://([\w.-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,4}|:[1-5]\d{4})?([/?#]|$)", re.ASCII)
HEADER_OPTIONS, COOKIE_OPTIONS = ("-H", "--header"), ("-b", "--cookie")
ANSI_C_QUOTED = re.compile(r"(?<=\s)\$'((?:[^'\\]|\\.)*)'", re.DOTALL)  # bash's quotes that know escapes
ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)


class _Command(NamedTuple):
    """The URL that a command requests, and the headers that it sends, their names in lower case."""

    url: str
    headers: dict[str, str]

    def __repr__(self) -> str:
        return "<curl command>"


def detects(text: str) -> bool:
    return COMMAND.match(text) is not None


def read(text: str, provider: str, origin: str) -> BrowserSession:
    url, headers = _parse_command(text)
    session = parse_header(headers["cookie"], provider, origin_of(url))
    browser_headers = {name: value for name, value in headers.items() if is_browser_header(name)}
    return msgspec.structs.replace(session, headers=browser_headers)


def _parse_command(text: str) -> _Command:
    """Raises `SessionError` for a command without a URL or without a cookie."""
    try:
        words = shlex.split(ANSI_C_QUOTED.sub(_requote, text))
    except ValueError:
        words = []
    headers: dict[str, str] = {}
    for option, value in itertools.pairwise(words):
        if option in COOKIE_OPTIONS:
            headers["cookie"] = value
        elif option in HEADER_OPTIONS:
            name, _, content = value.partition(":")
            headers[name.strip().lower()] = content.strip()
    url = next((word for word in words if URL.match(word)), "")
    if not url or not headers.get("cookie"):
        raise SessionError(
            "This curl command sends no cookie that can be read.",
            hint='Copy it as "cURL (bash)" from a request of the page, while you are signed in.',
        )
    return _Command(url, headers)


def _requote(quoted: re.Match[str]) -> str:
    """bash's quotes with escapes as quotes that every shell has. Escapes of other kinds are in no cookie and no URL."""
    return shlex.quote(ESCAPE.sub(lambda one: chr(int(one[1] or one[2], 16)) if one[3] is None else one[3], quoted[1]))
