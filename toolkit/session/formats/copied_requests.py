"""The session in requests of a page, as browsers' DevTools copy and export them. Pure.

The session gets the cookies of the requests, as they are after the last of them, the origin of the page that made
them, and the headers that a browser sends with every request.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from toolkit.errors import SessionError
from toolkit.session.browser_headers import is_browser_header, page_origin
from toolkit.session.browser_session import BrowserSession, Cookie
from toolkit.session.cookie_rules import domain_matches
from toolkit.session.cookie_storing import merge_set_cookies
from toolkit.session.formats.cookie_header import parse_header
from toolkit.session.formats.parsed_session import ParsedSession

BEARER = re.compile(r"bearer[ \t]+(\S+)", re.IGNORECASE)  # RFC 6750, section 2.1


class CopiedRequest(msgspec.Struct, frozen=True):
    """A request, its header names in lower case, and what the answer set.

    `cookies` are those whose attributes are known. They are then all that the request sent, and its header tells
    nothing more. `answered_at` is in seconds since 1970.
    """

    url: str
    headers: dict[str, str]
    cookies: tuple[Cookie, ...] = ()
    set_cookies: tuple[str, ...] = ()
    answered_at: float = 0.0

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    def __repr__(self) -> str:
        return "<copied request>"

    @property
    def origin(self) -> str:
        """The origin of the page that made the request; "" if it has none."""
        return page_origin(self.headers.get("origin", "")) or page_origin(self.url)

    @property
    def bearer(self) -> str | None:
        found = BEARER.fullmatch(self.headers.get("authorization", ""))
        return found[1] if found else None

    @property
    def has_credentials(self) -> bool:
        return bool(self.cookies or self.set_cookies or self.headers.get("cookie") or self.bearer)


def read_requests(
    requests: Sequence[CopiedRequest], provider: str, origin: str, *, what: str, hint: str, page: str = ""
) -> ParsedSession:
    """The session of `requests`, at `origin` if one of them is of its page, else at that of `page`, the URL that was
    visited, else at the only origin that they have; "" if they have several.

    Raises `SessionError` with that `hint` if none of them has a cookie or a token; `what` they are is its subject.
    """
    used = [request for request in requests if request.has_credentials and request.origin]
    if not used:
        raise SessionError(f"{what} sends neither a cookie nor a token that can be read.", hint=hint)
    origins = {request.origin for request in used}
    if origin not in origins:
        visited = page_origin(page)
        origin = visited if visited in origins else origins.pop() if len(origins) == 1 else ""
    jar: list[Cookie] = []
    sent: dict[str, str] = {}
    left_out: list[str] = []
    bearer: str | None = None
    for request in used:
        _add_cookies(jar, request, left_out)
        if request.origin == origin:
            bearer = request.bearer or bearer
            sent |= request.headers
    if any(request.headers.get("authorization") and not request.bearer for request in used):
        left_out.append("the header authorization (it has no bearer token)")
    headers = {name: value for name, value in sent.items() if is_browser_header(name)}
    others = {name: value for name, value in sent.items() if name not in (*headers, "cookie")}
    session = BrowserSession(provider=provider, origin=origin, cookies=tuple(jar), headers=headers)
    return ParsedSession(session, tuple(dict.fromkeys(left_out)), bearer, others)


def _add_cookies(jar: list[Cookie], request: CopiedRequest, left_out: list[str]) -> None:
    """Add to `jar` the cookies that `request` sent, and then those that its answer set."""
    for cookie in request.cookies:
        jar[:] = [old for old in jar if old.identity != cookie.identity]
        jar.append(cookie)
    if not request.cookies and request.headers.get("cookie"):
        parsed = parse_header(request.headers["cookie"], "", page_origin(request.url))
        left_out += parsed.left_out
        for cookie in parsed.session.cookies:
            _add_by_name(jar, cookie)
    if request.set_cookies:
        jar[:] = merge_set_cookies(jar, request.url, request.set_cookies, page=request.url, now=request.answered_at)


def _add_by_name(jar: list[Cookie], cookie: Cookie) -> None:
    """Add a cookie of which no attribute is known: it is the one of its name that the host has already, if any."""
    for index, old in enumerate(jar):
        if old.name == cookie.name and domain_matches(old, cookie.domain):
            jar[index] = msgspec.structs.replace(old, value=cookie.value)
            return
    jar.append(cookie)
