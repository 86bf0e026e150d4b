"""The token that some pages keep in their local storage too, and send as `Authorization: Bearer` (RFC 6750). Pure.

A site that takes it beside a cookie looks at it first: an old one is refused though the cookie is good, and the cookie
is what the site renews. So the token stands in for the cookie where there is none, and is never sent beside it.
"""

from __future__ import annotations

import msgspec

from toolkit.session.recipe import Harvest
from toolkit.session.value import BrowserSession


def bearer_token(session: BrowserSession, recipe: Harvest, now: float) -> str | None:
    """The token to call with at `now`, in seconds since 1970: None where the session has the cookies that `recipe`
    wants, or no token either."""
    token = session.local_storage.get(session.origin, {}).get(recipe.bearer or "")
    return token if token and _lacking(session, recipe, now) else None


def missing_credentials(session: BrowserSession, recipe: Harvest, now: float) -> list[str]:
    """Those cookies of `recipe` for which `session` has nothing at `now`."""
    return [] if bearer_token(session, recipe, now) else _lacking(session, recipe, now)


def _lacking(session: BrowserSession, recipe: Harvest, now: float) -> list[str]:
    return recipe.missing_cookies(cookie.name for cookie in session.cookies if not cookie.expired(now))


def sync_token(session: BrowserSession, recipe: Harvest) -> BrowserSession:
    """`session` for a page to find: its token is what the cookie has become since, which the page cannot see."""
    found = [cookie.value for cookie in session.cookies if recipe.needs_cookie(cookie.name)]
    if recipe.bearer is None or not found:
        return session
    items = session.local_storage.get(session.origin, {}) | {recipe.bearer: found[-1]}
    return msgspec.structs.replace(session, local_storage=session.local_storage | {session.origin: items})
