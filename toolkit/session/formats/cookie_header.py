"""The `Cookie` header that a browser would send with the site's page. Pure.

Read, its cookies become host-only ones of the origin; of several of one name the first counts, which is the one with
the longest path. A part of it that is no cookie is left out.
"""

from __future__ import annotations

import re

from toolkit.errors import SessionError
from toolkit.session import cookie_sending
from toolkit.session.browser_session import BrowserSession, Cookie
from toolkit.session.formats.cookies_txt import is_cookie_line
from toolkit.session.formats.json_text import BLANKS
from toolkit.session.formats.parsed_session import ParsedSession

HEADER_NAME = re.compile(r"\Acookie:[ \t]*", re.IGNORECASE)
# A cookie's name: a token (RFC 6265, 4.1.1), and what sites use besides (PHP's `name[key]`).
NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z\[\]:/@]+")


def detects(text: str) -> bool:
    return sum(map(is_cookie_line, text.split("\n"))) == 1 and "=" in text


def read(text: str, provider: str, origin: str) -> ParsedSession:
    return parse_header(text.strip(BLANKS), provider, origin)


def parse_header(header: str, provider: str, origin: str) -> ParsedSession:
    """The session of one `Cookie` header, with or without its name. Raises `SessionError` without an origin, and where
    the header has parts of which none is a cookie."""
    if "\n" in header:
        raise SessionError("A cookie header has one line, and this has more.")
    values, left_out = _parse_pairs(header)
    if left_out and not values:
        raise SessionError("This is no cookie header: a cookie's name has neither blanks nor quotes.")
    if not origin:
        raise SessionError("A cookie header does not tell which site it is for.")
    return ParsedSession(BrowserSession.from_cookie_values(provider, origin, values), tuple(left_out))


def write(session: BrowserSession, page: str, now: float) -> str:
    header = cookie_sending.cookie_header(session.cookies, page, page=page, now=now)
    if header is None:
        raise SessionError("The session has no cookie that goes to the page.", url=page)
    return f"Cookie: {header}\n"


def can_represent(cookie: Cookie, page: str, now: float) -> bool:
    return cookie_sending.cookie_header([cookie], page, page=page, now=now) is not None


def _parse_pairs(header: str) -> tuple[dict[str, str], list[str]]:
    """The names and values of a `Cookie` header, and what of it is no cookie. A value without a name gets the name "",
    and has no blanks."""
    values: dict[str, str] = {}
    left_out: list[str] = []
    for number, pair in enumerate(HEADER_NAME.sub("", header).split(";"), 1):
        name, equals, value = pair.strip(" \t").partition("=")
        if not equals:
            name, value = "", name
        if re.search(r"\s", value) if not name else not NAME.fullmatch(name):
            left_out.append(f"part {number} of the cookie header (it is no cookie)")
        elif name or value:
            values.setdefault(name, value)
    return values, left_out
