"""Until when a session is good, as far as it tells: the earliest end of what the recipe needs of it. Pure."""

from __future__ import annotations

import base64
import email.utils
import math
import re
from collections.abc import Iterator
from urllib.parse import unquote

import msgspec

from toolkit.session.bearer_token import bearer_token
from toolkit.session.recipe import Harvest
from toolkit.session.value import BrowserSession, Cookie
from toolkit.streams.json_decoding import JSON_ERRORS

LEEWAY = 10.0  # seconds: a call that starts now should not meet the session's end on its way
FOREVER = 253_402_300_799.0  # seconds since 1970: the last of the year 9999, after which no calendar goes
NOISE = 2.0  # seconds: `Date` has whole ones, and the answer took some time


class _Claims(msgspec.Struct):
    """Of a JWT's claims, the one that says when it ends (RFC 7519, section 4.1.4)."""

    exp: float


def expiry(session: BrowserSession, recipe: Harvest) -> float | None:
    """When the first thing that `recipe` needs of `session` ends, in seconds since 1970 by this machine's clock; None
    where nothing says.

    Cookies end when they say, which is by this machine's clock. A JWT, in a cookie or in the local storage, ends when
    its `exp` says, which is by the site's. Of several cookies that serve one need, the one that lasts longest counts:
    sites leave old ones lying about, on other paths.
    """
    first = min(_ends(session, recipe), default=math.inf)
    return None if first == math.inf else first


def is_fresh(session: BrowserSession, now: float) -> bool:
    """Whether a call that begins at `now` may count on `session`."""
    return not session.expired(now + LEEWAY)


def clock_skew(date: str | None, age: str | None, received: float) -> float:
    """How many seconds a site's clock is ahead of ours, by the headers `Date` and `Age` (RFC 9110, 6.6.1; RFC 9111,
    5.1) of an answer that was received at `received`; 0 where they do not say, or nothing worth mentioning."""
    try:
        sent = email.utils.parsedate_to_datetime(date or "").timestamp() + int(age or 0)
    except (ValueError, OverflowError):
        return 0.0
    skew = sent - received
    return skew if abs(skew) > NOISE else 0.0


def jwt_expiry(text: str) -> float | None:
    """The `exp` of a JWT, by the clock of who made it, at least 0; None for anything else, and for one beyond all
    calendars. The token may be quoted for a URL or for JSON, and have `Bearer` before it."""
    token = unquote(text).strip().strip('"').removeprefix("Bearer ").removeprefix("bearer ")
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        ends = msgspec.json.decode(claims, type=_Claims).exp
    except JSON_ERRORS:
        return None
    return max(ends, 0.0) if ends <= FOREVER else None


def _ends(session: BrowserSession, recipe: Harvest) -> Iterator[float]:
    """When each thing that `recipe` needs ends; infinity for what does not tell."""
    for wanted in recipe.cookies:
        serving = [cookie for cookie in session.cookies if re.fullmatch(wanted, cookie.name)]
        yield max((_cookie_end(cookie, session.clock_skew) for cookie in serving), default=math.inf)
    for items in session.local_storage.values():
        yield from (_token_end(value, session.clock_skew) for key, value in items.items() if key in recipe.storage)
    if (token := bearer_token(session, recipe, now=0)) is not None:
        yield _token_end(token, session.clock_skew)


def _cookie_end(cookie: Cookie, skew: float) -> float:
    return min(math.inf if cookie.expires is None else cookie.expires, _token_end(cookie.value, skew))


def _token_end(value: str, skew: float) -> float:
    ends = jwt_expiry(value)
    return math.inf if ends is None else ends - skew
