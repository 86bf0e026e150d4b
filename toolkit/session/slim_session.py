"""Reduces a session to what calls and renewals need of it, for places with little room. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from toolkit.session.browser_session import BrowserSession
from toolkit.session.recipe import Harvest
from toolkit.session.recipe_tokens import StoredValue
from toolkit.session.stored_values import find_stored
from toolkit.session.tokens import sent_token


def slim(session: BrowserSession, recipe: Harvest, now: float) -> BrowserSession:
    """`session` with only what of its storage `recipe` names, and without expired cookies, at `now` in seconds since
    1970.

    The recipe's token stays only where it is what signs in. Of IndexedDB a database stays whole. The other cookies
    stay, named by the recipe or not: sites part a long token into several, and what stands before a site has cookies of
    its own. They have at most a few KB; pages store drafts and lists of models.
    """
    needed: list[StoredValue] = []
    if recipe.token is not None and sent_token(session, recipe, now) is not None:
        needed.append(recipe.token)
    if recipe.renewal is not None and recipe.renewal.refresh_token is not None:
        needed.append(recipe.renewal.refresh_token)
    names = {(where.place, found.name) for where in needed for found in find_stored(session, where)}
    local = {name for place, name in names if place == "localstorage"} | set(recipe.storage)
    tab = {name for place, name in names if place == "sessionstorage"}
    databases = {name.partition("/")[0] for place, name in names if place == "indexeddb"}
    return replace(
        session,
        cookies=tuple(cookie for cookie in session.cookies if not cookie.expired(now)),
        local_storage=_only(session.local_storage, local),
        session_storage=_only(session.session_storage, tab),
        indexed_db={
            origin: kept
            for origin, stored in session.indexed_db.items()
            if (kept := [one for one in stored if one.get("name") in databases])
        },
    )


def _only(storage: dict[str, dict[str, str]], keys: set[str]) -> dict[str, dict[str, str]]:
    """The items of `storage` with `keys`, by origin; origins without one are left out."""
    kept = {origin: {key: value for key, value in items.items() if key in keys} for origin, items in storage.items()}
    return {origin: items for origin, items in kept.items() if items}
