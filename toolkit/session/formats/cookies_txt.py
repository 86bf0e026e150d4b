"""The `cookies.txt` of Netscape and Mozilla, one cookie in a line, as curl, wget, yt-dlp and Python read it. Pure.

The seven fields of a line are parted by tabs: domain, whether it counts for subdomains, path, whether TLS is needed,
expiry in seconds since 1970 (0: with the browser's session), name, value. HttpOnly is `#HttpOnly_` before the domain.
The format is told at https://curl.se/docs/http-cookies.html and, as code, in `http.cookiejar.MozillaCookieJar`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from toolkit.errors import SessionError
from toolkit.session.value import Cookie

TITLE = "# Netscape HTTP Cookie File"
HTTP_ONLY = "#HttpOnly_"
FIELDS = ("domain", "subdomains", "path", "secure", "expiry", "name", "value")
FLAGS = {"TRUE": True, "FALSE": False}
SECONDS = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?")
CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def can_represent(cookie: Cookie) -> bool:
    """Whether a line can tell `cookie`. There is no word for a partition, and readers differ on a missing name."""
    texts = (cookie.name, cookie.value, cookie.domain, cookie.path)
    return bool(cookie.name) and cookie.partition_key is None and not CONTROL.search("".join(texts))


def serialize(cookies: Iterable[Cookie]) -> str:
    """The file that holds those of `cookies` that have a place there. SameSite and parts of a second have none."""
    return "".join(f"{line}\n" for line in (TITLE, *map(_line, filter(can_represent, cookies))))


def parse(text: str) -> list[Cookie]:
    """The cookies of a file. SameSite is Lax, a browser's own choice for a cookie that says nothing.

    Raises `SessionError`, which names the line and the field, for what is none; it never shows any of it.
    """
    lines = (line.removesuffix("\r") for line in text.split("\n"))  # other kinds of line ends can be in a value
    return [_cookie(line, number) for number, line in enumerate(lines, 1) if is_cookie(line)]


def is_cookie(line: str) -> bool:
    """Whether a line is neither blank nor a comment."""
    return bool(line.strip()) and (line.startswith(HTTP_ONLY) or not line.lstrip().startswith("#"))


def _line(cookie: Cookie) -> str:
    words = {known: word for word, known in FLAGS.items()}
    dot = "" if cookie.host_only else "."
    return "\t".join(
        (
            f"{HTTP_ONLY if cookie.http_only else ''}{dot}{cookie.domain}",
            words[not cookie.host_only],
            cookie.path,
            words[cookie.secure],
            # Rounded down, but not to 0, which is no expiry at all.
            "0" if cookie.expires is None else str(max(1, int(cookie.expires))),
            cookie.name,
            cookie.value,
        )
    )


def _cookie(line: str, number: int) -> Cookie:
    fields = line.removeprefix(HTTP_ONLY).split("\t")
    if len(fields) == len(FIELDS) - 1:
        fields.append("")  # editors take the tab before an empty value away
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
