"""Finds the deployment that an imported session is of, where the text that it comes from does not name it.

Nothing here reads files or the environment, or sends anything.
"""

from __future__ import annotations

from collections.abc import Iterable

from toolkit.providers.base import Provider
from toolkit.session.browser_session import BrowserSession
from toolkit.session.cookie_rules import matches_host
from toolkit.session.sites import registrable_domain


def find_deployments(session: BrowserSession, kind: type[Provider], known: Iterable[str] = ()) -> list[str]:
    """Return the origins of the deployments of `kind` that `session` can be of, each once, by the cookies and the items
    of local storage that the recipe needs.

    They are the public site and those of `known` (origins of stored sessions) that have such a cookie or item. If there
    is none, and all of `session` is of one site, it is the origin that has one, as far as it is certain: cookies tell
    neither the port nor, without `Secure`, the scheme.
    """
    if session.origin:
        return [session.origin]
    recipe = kind.harvest
    cookies = [cookie for cookie in session.cookies if recipe.needs_cookie(cookie.name)]
    keys = {recipe.bearer, *recipe.storage}
    stored = [origin for origin, items in session.local_storage.items() if keys & items.keys()]
    own = [
        origin
        for origin in dict.fromkeys((kind.public_site(), *known))
        if origin and (origin in stored or any(matches_host(cookie, origin) for cookie in cookies))
    ]
    if own or not _is_of_one_site(session):
        return own
    of_cookies = [f"https://{cookie.domain}" for cookie in cookies if cookie.secure and cookie.host_only]
    return list(dict.fromkeys(stored or of_cookies))


def _is_of_one_site(session: BrowserSession) -> bool:
    return len({registrable_domain(cookie.domain) or cookie.domain for cookie in session.cookies}) == 1
