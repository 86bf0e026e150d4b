"""The token that a site's page keeps and sends in a header, such as `Authorization: Bearer` (RFC 6750). Pure.

Some sites take a token and cookies, look at the token first, and refuse an old token even if the cookie is valid; but
they renew only the cookie. There the recipe's token is sent only if there is no valid cookie, and never together with
one (`Token.instead_of_cookies`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import msgspec

from toolkit.session.browser_session import BrowserSession
from toolkit.session.json_paths import look_up, put
from toolkit.session.recipe import Harvest, example_name
from toolkit.session.recipe_tokens import Token
from toolkit.session.stored_values import Found, find_stored
from toolkit.session.token_expiry import jwt_expiry, write_time, written_time


class KeptToken(msgspec.Struct, frozen=True):
    """A token, and when it ends by this machine's clock, in seconds since 1970; infinity if it does not say."""

    value: str
    expires: float

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    def __repr__(self) -> str:
        return "<token>"


def kept_token(session: BrowserSession, token: Token) -> KeptToken | None:
    """The token that `session` has of the kind `token`; None if it has none.

    Of several, the one that lasts longest: pages leave old ones behind. What the page has written down as its end is by
    the browser's clock, and the `exp` of a JWT is by the site's.
    """
    return max(_all_kept(session, token), key=lambda one: one[0].expires, default=(None, None))[0]


def replace_token(session: BrowserSession, token: Token, value: str, expires: float | None) -> BrowserSession:
    """`session` with `value` in the place of the token that is sent, which ends at `expires`, in seconds since 1970, if
    that is known."""
    found = max(_all_kept(session, token), key=lambda one: one[0].expires, default=(None, None))[1]
    if found is None:
        return session
    document = put(found.document, token.path, value)
    if token.expires and expires is not None:
        document = put(document, token.expires, write_time(expires, look_up(document, token.expires)))
    return found.replace(document)


def sent_token(session: BrowserSession, recipe: Harvest, now: float) -> KeptToken | None:
    """The token to send at `now`, in seconds since 1970; None if there is none, or the cookies are enough."""
    token = recipe.token
    if token is None or (token.instead_of_cookies and not _missing_cookies(session, recipe, now)):
        return None
    return kept_token(session, token)


def token_headers(session: BrowserSession, recipe: Harvest, now: float) -> dict[str, str]:
    """The header with the token to send at `now`, its name in lower case; no header if there is no token to send. For a
    session that is an API key, the header with that (RFC 6750, section 2.1)."""
    if session.api_key is not None:
        return {"authorization": f"Bearer {session.api_key}"}
    if recipe.token is None or (kept := sent_token(session, recipe, now)) is None:
        return {}
    return {recipe.token.header.lower(): recipe.token.template.replace("{token}", kept.value)}


def missing_credentials(session: BrowserSession, recipe: Harvest, now: float) -> list[str]:
    """What `recipe` needs and `session` does not have at `now`, in words: valid cookies, and the token. An API key is
    all that it needs."""
    if session.api_key is not None:
        return []
    token = recipe.token
    cookies = [f"cookie like {example_name(pattern)}" for pattern in _missing_cookies(session, recipe, now)]
    if token is None or (token.instead_of_cookies and not cookies):
        return cookies
    has_token = kept_token(session, token) is not None
    if token.instead_of_cookies:
        return [] if has_token else cookies
    return cookies if has_token else [*cookies, f"token in the {token}"]


def credentials(session: BrowserSession, recipe: Harvest) -> tuple[object, ...]:
    """What of `session` the site knows its person by, to be compared: the cookies that the recipe needs, and the
    token."""
    needed = (cookie for cookie in session.cookies if recipe.needs_cookie(cookie.name))
    cookies = frozenset((cookie.identity, cookie.value) for cookie in needed)
    kept = kept_token(session, recipe.token) if recipe.token is not None else None
    return cookies, kept.value if kept is not None else None


def credential_values(session: BrowserSession, recipe: Harvest) -> set[str]:
    """The values of what the site knows the person of `session` by: the cookies that the recipe needs, the token."""
    values = {cookie.value for cookie in session.cookies if recipe.needs_cookie(cookie.name)}
    kept = kept_token(session, recipe.token) if recipe.token is not None else None
    return values | {kept.value} if kept is not None else values


def sync_token(session: BrowserSession, recipe: Harvest) -> BrowserSession:
    """`session` with the cookie's value as the token that stands in for it, for a browser that opens the site's page.

    The site may have renewed the cookie since the page stored the token, and the page cannot read an HttpOnly cookie.
    If `recipe` has no such token, or `session` no such cookie, `session` is returned as it is.
    """
    values = [cookie.value for cookie in session.cookies if recipe.needs_cookie(cookie.name)]
    if recipe.token is None or not recipe.token.instead_of_cookies or not values:
        return session
    return store_token(session, recipe.token, values[-1])


def store_token(session: BrowserSession, token: Token, value: str) -> BrowserSession:
    """`session` with `value` where its page keeps such a `token`; in the local storage also if it has none yet, and the
    key is a plain name. Elsewhere a session without a token is returned as it is: what stands around one is unknown."""
    if kept_token(session, token) is not None:
        return replace_token(session, token, value, None)
    if token.place != "localstorage" or token.path or re.escape(token.key) != token.key:
        return session
    items = session.local_storage.get(session.origin, {}) | {token.key: value}
    return msgspec.structs.replace(session, local_storage=session.local_storage | {session.origin: items})


def _all_kept(session: BrowserSession, token: Token) -> Iterator[tuple[KeptToken, Found]]:
    for found in find_stored(session, token):
        if (kept := _read(found, token, session.clock_skew)) is not None:
            yield kept, found


def _read(found: Found, token: Token, skew: float) -> KeptToken | None:
    value = look_up(found.document, token.path)
    if not isinstance(value, str):
        return None
    written = written_time(look_up(found.document, token.expires)) if token.expires else None
    own = jwt_expiry(value)
    if written is None:
        written = math.inf if own is None else own - skew
    return KeptToken(value, min(written, found.expires))


def _missing_cookies(session: BrowserSession, recipe: Harvest, now: float) -> list[str]:
    return recipe.missing_cookies(cookie.name for cookie in session.cookies if not cookie.expired(now))
