"""The JSON that the usual browser extensions for cookies export: a list of cookies. Pure, and only read.

Its fields are those of `chrome.cookies.Cookie`
(https://developer.chrome.com/docs/extensions/reference/api/cookies#type-Cookie).
"""

from __future__ import annotations

from typing import Any

import msgspec

from toolkit.session.browser_session import BrowserSession
from toolkit.session.formats.json_text import decode, malformed

SAME_SITE = {"strict": "Strict", "lax": "Lax", "no_restriction": "None", "none": "None"}


class _Cookie(msgspec.Struct):
    name: str
    value: str
    domain: str
    path: str = "/"
    expires: float | None = msgspec.field(name="expirationDate", default=None)
    host_only: bool | None = msgspec.field(name="hostOnly", default=None)
    http_only: bool = msgspec.field(name="httpOnly", default=False)
    secure: bool = False
    same_site: str | None = msgspec.field(name="sameSite", default=None)

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    def __repr__(self) -> str:
        return f"<cookie {self.name}>"


def detects(text: str) -> bool:
    return text.startswith("[")


def read(text: str, provider: str, origin: str) -> BrowserSession:
    try:
        cookies = msgspec.convert(decode(text, list), list[_Cookie])
    except msgspec.ValidationError as error:
        raise malformed(text, error, "list of cookies") from None
    state = {"cookies": [_to_playwright(cookie) for cookie in cookies]}
    return BrowserSession.from_storage_state(provider, origin, state)


def _to_playwright(cookie: _Cookie) -> dict[str, Any]:
    """`cookie` as a storage state has it."""
    host = cookie.domain.removeprefix(".")
    covers_subdomains = cookie.domain.startswith(".") if cookie.host_only is None else not cookie.host_only
    return {
        "name": cookie.name,
        "value": cookie.value,
        "domain": f".{host}" if covers_subdomains else host,
        "path": cookie.path,
        "expires": -1 if cookie.expires is None else cookie.expires,
        "httpOnly": cookie.http_only,
        "secure": cookie.secure,
        "sameSite": SAME_SITE.get((cookie.same_site or "").lower(), "Lax"),
    }
