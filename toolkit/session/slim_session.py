"""Reduces a session to what calls and renewals need of it, for places with little room. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from toolkit.session.bearer_token import bearer_token
from toolkit.session.browser_session import BrowserSession
from toolkit.session.recipe import Harvest


def slim(session: BrowserSession, recipe: Harvest, now: float) -> BrowserSession:
    """`session` with only those items of local storage that `recipe` names, and without expired cookies, at `now` in
    seconds since 1970.

    The token of `recipe.bearer` stays only where it is what signs in. The other cookies stay, named by the recipe or
    not: sites part a long token into several, and what stands before a site has cookies of its own. They have at most a
    few KB; pages store drafts and lists of models.
    """
    keys = set(recipe.storage)
    if recipe.bearer is not None and bearer_token(session, recipe, now) is not None:
        keys.add(recipe.bearer)
    storage = {
        origin: {key: value for key, value in items.items() if key in keys}
        for origin, items in session.local_storage.items()
    }
    return replace(
        session,
        cookies=tuple(cookie for cookie in session.cookies if not cookie.expired(now)),
        local_storage={origin: items for origin, items in storage.items() if items},
    )
