"""When a session expires: the earliest expiry of the cookies and tokens that the recipe needs. Pure."""

from __future__ import annotations

import email.utils
import math
import re
from collections.abc import Iterator

from toolkit.session.browser_session import BrowserSession, Cookie
from toolkit.session.recipe import Harvest
from toolkit.session.token_expiry import jwt_expiry
from toolkit.session.tokens import credentials, sent_token

LEEWAY = 10.0  # seconds: a call that starts now should not have its session expire on the way
UNMEASURED_VISIT_SECONDS = 9.0  # how long a visit takes that nobody has measured; 5 to 18 were seen
END_NOISE = 1.0  # seconds: what two readings of one end may differ by
SKEW_NOISE = 2.0  # seconds: `Date` has whole seconds, and the answer took some time


def expiry(session: BrowserSession, recipe: Harvest) -> float | None:
    """When the first cookie or token that `recipe` needs of `session` expires, in seconds since 1970 by this machine's
    clock; None if none of them has an expiry.

    A cookie's expiry is by this machine's clock; the `exp` of a JWT, wherever it is kept, is by the site's.
    Of several cookies that match one pattern of the recipe, the one that lasts longest counts: sites leave old cookies
    behind on other paths.
    """
    earliest = min(_expiries(session, recipe), default=math.inf)
    return None if earliest == math.inf else earliest


def is_fresh(session: BrowserSession, now: float) -> bool:
    """Whether `session` lasts long enough for a call that begins at `now`, in seconds since 1970."""
    return not session.expired(now + LEEWAY)


def is_renewal_due(session: BrowserSession, now: float) -> bool:
    """Whether `session`, which is still good at `now`, in seconds since 1970, should be renewed before the next call.

    So it should when a tenth of its life is left, or the time of two visits to the site, whichever is more; but not in
    the first half of its life. After a renewal that left its end where it was, the next is due when half of what was
    left then is over.
    """
    if session.expires_at is None or session.api_key is not None:  # nothing renews a key
        return False
    began = max(session.harvested_at, session.changed_at)
    window = max(2 * (session.visit_seconds or UNMEASURED_VISIT_SECONDS), LEEWAY)
    if began:
        life = session.expires_at - began
        window = min(max(window, life / 10), life / 2)
    if session.unmoved_at:
        window = min(window, (session.expires_at - session.unmoved_at) / 2)
    return session.expires_at - now <= window


def has_end_moved(before: BrowserSession, after: BrowserSession, recipe: Harvest) -> bool:
    """Whether `after` lasts longer than `before`, of which it is a renewal; where the end of one of them is not known,
    whether the site knows its person by something else."""
    if before.expires_at is None or after.expires_at is None:
        return credentials(before, recipe) != credentials(after, recipe)
    return after.expires_at > before.expires_at + END_NOISE


def clock_skew(date: str | None, age: str | None, received: float) -> float:
    """How many seconds a site's clock is ahead of this machine's, by the headers `Date` and `Age` (RFC 9110, 6.6.1; RFC
    9111, 5.1) of an answer that arrived at `received`, in seconds since 1970. 0 if the headers do not say, or if the
    difference is within the measurement error."""
    try:
        sent = email.utils.parsedate_to_datetime(date or "").timestamp() + int(age or 0)
    except (ValueError, OverflowError):
        return 0.0
    skew = sent - received
    return skew if abs(skew) > SKEW_NOISE else 0.0


def _expiries(session: BrowserSession, recipe: Harvest) -> Iterator[float]:
    """The expiry of each cookie and token that `recipe` needs, or of the API key in their place; infinity for those
    without one."""
    if session.api_key is not None:
        yield _token_expiry(session.api_key, session.clock_skew)
        return
    for pattern in recipe.cookies:
        matching = [cookie for cookie in session.cookies if re.fullmatch(pattern, cookie.name)]
        yield max((_cookie_expiry(cookie, session.clock_skew) for cookie in matching), default=math.inf)
    for items in session.local_storage.values():
        yield from (_token_expiry(value, session.clock_skew) for key, value in items.items() if key in recipe.storage)
    if (token := sent_token(session, recipe, now=0)) is not None:
        yield token.expires


def _cookie_expiry(cookie: Cookie, skew: float) -> float:
    return min(math.inf if cookie.expires is None else cookie.expires, _token_expiry(cookie.value, skew))


def _token_expiry(value: str, skew: float) -> float:
    expires = jwt_expiry(value)
    return math.inf if expires is None else expires - skew
