"""Sessions as people get them out of a browser by hand: the DevTools' "Copy as cURL", and the JSON that the usual
cookie extensions export. Pure. No error shows any of a text, which is a secret."""

from __future__ import annotations

import itertools
import re
import shlex
from typing import Any, NamedTuple

import msgspec

from toolkit.errors import SessionError

CURL = re.compile(r"\s*curl(\.exe)?\s")
URL = re.compile(r"https?://([\w.-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,4}|:[1-5]\d{4})?([/?#]|$)", re.ASCII)
SAME_SITE = {"strict": "Strict", "lax": "Lax", "no_restriction": "None", "none": "None"}
HEADERS, COOKIES = ("-H", "--header"), ("-b", "--cookie")
ANSI_C = re.compile(r"(?<=\s)\$'((?:[^'\\]|\\.)*)'", re.DOTALL)  # bash's quotes, with escapes
ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)


class Curl(NamedTuple):
    """A command for curl: the URL that it asks, and the headers that it sends, their names in lower case."""

    url: str
    headers: dict[str, str]


class _Cookie(msgspec.Struct):
    """A cookie as extensions write it, which is as `chrome.cookies.Cookie` has it
    (https://developer.chrome.com/docs/extensions/reference/api/cookies#type-Cookie)."""

    name: str
    value: str
    domain: str
    path: str = "/"
    expires: float | None = msgspec.field(name="expirationDate", default=None)
    host_only: bool | None = msgspec.field(name="hostOnly", default=None)
    http_only: bool = msgspec.field(name="httpOnly", default=False)
    secure: bool = False
    same_site: str | None = msgspec.field(name="sameSite", default=None)


def is_curl(text: str) -> bool:
    """Whether `text` is a command for curl."""
    return CURL.match(text) is not None


def parse_curl(text: str) -> Curl:
    """What a command for curl sends, as browsers copy it for a POSIX shell. Raises `SessionError` for another one."""
    try:
        words = shlex.split(ANSI_C.sub(_requoted, text))
    except ValueError:
        words = []
    headers: dict[str, str] = {}
    for option, value in itertools.pairwise(words):
        if option in COOKIES:
            headers["cookie"] = value
        elif option in HEADERS:
            name, _, content = value.partition(":")
            headers[name.strip().lower()] = content.strip()
    url = next((word for word in words if URL.match(word)), "")
    if not url or not headers.get("cookie"):
        raise SessionError(
            "This curl command sends no cookie that can be read.",
            hint='Copy it as "cURL (bash)" from a request of the page, while you are signed in.',
        )
    return Curl(url, headers)


def cookies_to_storage_state(cookies: list[Any]) -> dict[str, Any]:
    """Playwright's storage state of the cookies that an extension has exported. Raises `msgspec.ValidationError`."""
    return {"cookies": [_playwrights(one) for one in msgspec.convert(cookies, list[_Cookie])]}


def _requoted(quoted: re.Match[str]) -> str:
    """What bash's quotes hold, in those that every shell has. Other escapes than these are in no cookie and no URL."""
    return shlex.quote(ESCAPE.sub(lambda one: chr(int(one[1] or one[2], 16)) if one[3] is None else one[3], quoted[1]))


def _playwrights(cookie: _Cookie) -> dict[str, Any]:
    host = cookie.domain.removeprefix(".")
    wide = cookie.domain.startswith(".") if cookie.host_only is None else not cookie.host_only
    return {
        "name": cookie.name,
        "value": cookie.value,
        "domain": f".{host}" if wide else host,
        "path": cookie.path,
        "expires": -1 if cookie.expires is None else cookie.expires,
        "httpOnly": cookie.http_only,
        "secure": cookie.secure,
        "sameSite": SAME_SITE.get((cookie.same_site or "").lower(), "Lax"),
    }
