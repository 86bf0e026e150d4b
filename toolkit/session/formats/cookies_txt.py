"""The `cookies.txt` of Netscape and Mozilla, one cookie per line, as curl, wget, yt-dlp and Python read it. Pure.

The seven fields of a line are separated by tabs: domain, whether it covers subdomains, path, whether TLS is required,
expiry in seconds since 1970 (0: a session cookie), name, value. HttpOnly is `#HttpOnly_` before the domain. The format
is described at https://curl.se/docs/http-cookies.html and, as code, in `http.cookiejar.MozillaCookieJar`. It has no
place for SameSite, fractions of a second and partitions.
"""

from __future__ import annotations

import re

from toolkit.errors import SessionError
from toolkit.session.browser_session import BrowserSession, Cookie
from toolkit.session.cookie_rules import CONTROL

TITLE = "# Netscape HTTP Cookie File"
TITLES = (TITLE, "# HTTP Cookie File")
HTTP_ONLY = "#HttpOnly_"
FIELDS = ("domain", "subdomains", "path", "secure", "expiry", "name", "value")
FLAGS = {"TRUE": True, "FALSE": False}
WORDS = {flag: word for word, flag in FLAGS.items()}
SECONDS = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?")


def detects(text: str) -> bool:
    return text.startswith(TITLES) or any("\t" in line for line in text.split("\n") if is_cookie_line(line))


def read(text: str, provider: str, origin: str) -> BrowserSession:
    """Errors name the line and the field. SameSite becomes Lax, a browser's default for a cookie without it."""
    lines = (line.removesuffix("\r") for line in text.split("\n"))  # other kinds of line ends can be in a value
    cookies = tuple(_parse_line(line, number) for number, line in enumerate(lines, 1) if is_cookie_line(line))
    return BrowserSession(provider=provider, origin=origin, cookies=cookies)


def write(session: BrowserSession, page: str, now: float) -> str:
    lines = [_format_line(cookie) for cookie in session.cookies if can_represent(cookie, page, now)]
    if not lines:
        raise SessionError("The session has no cookie that has a place in a cookies.txt.")
    return "".join(f"{line}\n" for line in (TITLE, *lines))


def can_represent(cookie: Cookie, page: str, now: float) -> bool:
    """A line has no field for a partition, and readers differ on a missing name."""
    texts = (cookie.name, cookie.value, cookie.domain, cookie.path)
    return bool(cookie.name) and cookie.partition_key is None and not CONTROL.search("".join(texts))


def is_cookie_line(line: str) -> bool:
    """Whether a line is neither blank nor a comment."""
    return bool(line.strip()) and (line.startswith(HTTP_ONLY) or not line.lstrip().startswith("#"))


def _format_line(cookie: Cookie) -> str:
    dot = "" if cookie.host_only else "."
    return "\t".join(
        (
            f"{HTTP_ONLY if cookie.http_only else ''}{dot}{cookie.domain}",
            WORDS[not cookie.host_only],
            cookie.path,
            WORDS[cookie.secure],
            # Rounded down, but not to 0, which is no expiry at all.
            "0" if cookie.expires is None else str(max(1, int(cookie.expires))),
            cookie.name,
            cookie.value,
        )
    )


def _parse_line(line: str, number: int) -> Cookie:
    fields = line.removeprefix(HTTP_ONLY).split("\t")
    if len(fields) == len(FIELDS) - 1:
        fields.append("")  # editors remove the tab before an empty value
    if len(fields) != len(FIELDS):
        has = "one field" if len(fields) == 1 else f"{len(fields)} fields"
        raise _malformed(number, f"it has {has} instead of {len(FIELDS)}, which are parted by tabs")
    domain, subdomains, path, secure, expiry, name, value = fields
    for field, flag in (("subdomains", subdomains), ("secure", secure)):
        if flag.upper() not in FLAGS:
            raise _malformed(number, f"its field {field} is neither TRUE nor FALSE")
    if expiry and not SECONDS.fullmatch(expiry):
        raise _malformed(number, "its field expiry is no number of seconds")
    if not domain.removeprefix("."):
        raise _malformed(number, "its field domain is empty")
    if not path.startswith("/"):
        raise _malformed(number, "its field path does not begin with /")
    seconds = float(expiry or 0)
    return Cookie(
        name=name,
        value=value,
        domain=domain.removeprefix(".").lower(),
        host_only=not FLAGS[subdomains.upper()],
        path=path,
        expires=seconds if seconds > 0 else None,
        http_only=line.startswith(HTTP_ONLY),
        secure=FLAGS[secure.upper()],
    )


def _malformed(number: int, what: str) -> SessionError:
    return SessionError(f"Line {number} of the cookies.txt is malformed: {what}.")
