"""The token that some pages store in local storage as well as in a cookie, and send as `Authorization: Bearer` (RFC
6750); and the API key that a session can be, which is sent in the same way. Pure.

A site that accepts both looks at the token first, and refuses an old token even if the cookie is valid; but it renews
only the cookie. So the token is sent only if there is no valid cookie, and never together with one.
"""

from __future__ import annotations

import msgspec

from toolkit.session.browser_session import BrowserSession
from toolkit.session.recipe import Harvest


def bearer_token(session: BrowserSession, recipe: Harvest, now: float) -> str | None:
    """The token to send at `now`, in seconds since 1970.

    None if `session` has all cookies that `recipe` needs, or has no token.
    """
    if session.api_key is not None:
        return session.api_key
    token = session.local_storage.get(session.origin, {}).get(recipe.bearer or "")
    return token if token and _missing_cookies(session, recipe, now) else None


def missing_credentials(session: BrowserSession, recipe: Harvest, now: float) -> list[str]:
    """The patterns of `recipe.cookies` for which `session` has, at `now`, neither a valid cookie nor the token."""
    return [] if bearer_token(session, recipe, now) else _missing_cookies(session, recipe, now)


def _missing_cookies(session: BrowserSession, recipe: Harvest, now: float) -> list[str]:
    return recipe.missing_cookies(cookie.name for cookie in session.cookies if not cookie.expired(now))


def sync_token(session: BrowserSession, recipe: Harvest) -> BrowserSession:
    """`session` with the cookie's value as the token in local storage, for a browser that opens the site's page.

    The site may have renewed the cookie since the page stored the token, and the page cannot read an HttpOnly cookie.
    If `recipe` has no token, or `session` no such cookie, `session` is returned as it is.
    """
    values = [cookie.value for cookie in session.cookies if recipe.needs_cookie(cookie.name)]
    if not values:
        return session
    return store_token(session, recipe, values[-1])


def store_token(session: BrowserSession, recipe: Harvest, token: str) -> BrowserSession:
    """`session` with `token` in local storage, where `recipe` has the page store it; as it is if `recipe` has none."""
    if recipe.bearer is None:
        return session
    items = session.local_storage.get(session.origin, {}) | {recipe.bearer: token}
    return msgspec.structs.replace(session, local_storage=session.local_storage | {session.origin: items})
