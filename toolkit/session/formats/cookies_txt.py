"""The `cookies.txt` of Netscape and Mozilla, one cookie per line, as curl, wget, yt-dlp and Python read it. Pure.

The seven fields of a line are separated by tabs: domain, whether it covers subdomains, path, whether TLS is required,
expiry in seconds since 1970 (0: a session cookie), name, value. HttpOnly is `#HttpOnly_` before the domain. The format
is described at https://curl.se/docs/http-cookies.html and, as code, in `http.cookiejar.MozillaCookieJar`. It has no
place for SameSite, fractions of a second and partitions.

Programs differ in writing it, and people copy it from terminals, where tabs become blanks. A line that cannot be read
is left out, and does not keep the others from being read.
"""

from __future__ import annotations

from toolkit.errors import SessionError
from toolkit.session.browser_session import BrowserSession, Cookie
from toolkit.session.cookie_rules import CONTROL
from toolkit.session.formats.encoded_text import is_utf8
from toolkit.session.formats.expiry_values import read_expiry
from toolkit.session.formats.parsed_session import ParsedSession

TITLE = "# Netscape HTTP Cookie File"
TITLES = (TITLE, "# HTTP Cookie File")
HTTP_ONLY = "#HttpOnly_"
FIELDS = ("domain", "subdomains", "path", "secure", "expiry", "name", "value")
FLAGS = {"TRUE": True, "FALSE": False}
WORDS = {flag: word for word, flag in FLAGS.items()}


class _UnreadableLine(Exception):
    """A line is no cookie; the text says why, and shows nothing of it."""


def detects(text: str) -> bool:
    lines = [line for line in text.split("\n") if is_cookie_line(line)]
    return text.startswith(TITLES) or any("\t" in line or _is_of_blanks(line.split()) for line in lines)


def read(text: str, provider: str, origin: str) -> ParsedSession:
    """SameSite becomes Lax, a browser's default for a cookie without it. Raises `SessionError` if there are lines, and
    none of them is a cookie."""
    lines = (line.removesuffix("\r") for line in text.split("\n"))  # other kinds of line ends can be in a value
    cookies: list[Cookie] = []
    left_out: list[str] = []
    for number, line in enumerate(lines, 1):
        if is_cookie_line(line):
            try:
                cookies.append(_parse_line(line, number, left_out))
            except _UnreadableLine as error:
                left_out.append(f"line {number} ({error})")
    if left_out and not cookies:
        raise SessionError(f"None of the lines of the cookies.txt is a cookie: {left_out[0]}.")
    return ParsedSession(BrowserSession(provider=provider, origin=origin, cookies=tuple(cookies)), tuple(left_out))


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


def _parse_line(line: str, number: int, left_out: list[str]) -> Cookie:
    """The cookie of a line. An expiry that is not understood goes to `left_out`. Raises `_UnreadableLine`."""
    fields = _split_line(line.removeprefix(HTTP_ONLY))
    if len(fields) != len(FIELDS):
        count = "one field" if len(fields) == 1 else f"{len(fields)} fields"
        raise _UnreadableLine(f"it has {count} instead of {len(FIELDS)}, which are parted by tabs")
    if not is_utf8(line):
        raise _UnreadableLine("it is not UTF-8 text")
    domain, subdomains, path, secure, expiry, name, value = fields
    for field, flag in (("subdomains", subdomains), ("secure", secure)):
        if flag.upper() not in FLAGS:
            raise _UnreadableLine(f"its field {field} is neither TRUE nor FALSE")
    if not domain.removeprefix("."):
        raise _UnreadableLine("its field domain is empty")
    if not path.startswith("/"):
        raise _UnreadableLine("its field path does not begin with /")
    try:
        expires = read_expiry(expiry)
    except ValueError:
        expires = None
        left_out.append(f"the expiry of line {number} (it is not understood)")
    return Cookie(
        name=name,
        value=value,
        domain=domain.removeprefix(".").lower(),
        host_only=not (domain.startswith(".") or FLAGS[subdomains.upper()]),  # the dot is a browser's own sign for it
        path=path,
        expires=expires,
        http_only=line.startswith(HTTP_ONLY),
        secure=FLAGS[secure.upper()],
    )


def _split_line(line: str) -> list[str]:
    """The fields of `line`. Some programs end it with a tab, editors remove the tab before an empty value; in a line
    without any tab, blanks part the fields."""
    if "\t" not in line:
        fields = line.split()
        return fields if _is_of_blanks(fields) else [line]
    fields = line.split("\t")
    if len(fields) == len(FIELDS) - 1:
        return [*fields, ""]
    return fields[:-1] if len(fields) == len(FIELDS) + 1 and not fields[-1] else fields


def _is_of_blanks(fields: list[str]) -> bool:
    """Whether `fields`, which blanks part, are those of a cookie's line."""
    return len(fields) == len(FIELDS) and {fields[1].upper(), fields[3].upper()} <= FLAGS.keys()
