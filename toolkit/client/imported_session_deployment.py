"""Finds the deployment that an imported session is of, where the text that it comes from does not name it.

Nothing here reads files or the environment, or sends anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

import msgspec

from toolkit.providers.base import Provider
from toolkit.session.browser_headers import page_origin
from toolkit.session.browser_session import STORAGES, BrowserSession
from toolkit.session.cookie_rules import matches_host
from toolkit.session.sites import registrable_domain
from toolkit.session.tokens import kept_token


def find_deployments(session: BrowserSession, kind: type[Provider], known: Iterable[str] = ()) -> list[str]:
    """Return the origins of the deployments of `kind` that `session` can be of, each once, by the cookies and the items
    of local storage that the recipe needs.

    They are the public site and those of `known` (origins of stored sessions) that have such a cookie or item. If there
    is none, and all of `session` is of one site, it is the origin that has one, as far as it is certain: storage tells
    an origin, cookies neither the port nor, without `Secure`, the scheme.
    """
    if session.origin:
        return [session.origin]
    recipe = kind.harvest
    cookies = [cookie for cookie in session.cookies if recipe.needs_cookie(cookie.name)]

    def has_login(origin: str) -> bool:
        there = msgspec.structs.replace(session, origin=origin)
        stored = set(recipe.storage) & session.local_storage.get(origin, {}).keys()
        has_token = recipe.token is not None and recipe.token.place != "cookie" and kept_token(there, recipe.token)
        return bool(stored or has_token) or any(matches_host(cookie, origin) for cookie in cookies)

    own = [origin for origin in dict.fromkeys((kind.public_site(), *known)) if origin and has_login(origin)]
    if own or not _is_of_one_site(session):
        return own
    stored = [origin for field in STORAGES for origin in getattr(session, field) if has_login(origin)]
    of_cookies = [f"https://{cookie.domain}" for cookie in cookies if cookie.secure and cookie.host_only]
    return list(dict.fromkeys(stored or of_cookies))


def _is_of_one_site(session: BrowserSession) -> bool:
    hosts = [cookie.domain for cookie in session.cookies]
    origins = (origin for field in STORAGES for origin in getattr(session, field))
    hosts += [urlsplit(page_origin(origin)).hostname or "" for origin in origins]
    return "" not in hosts and len({registrable_domain(host) or host for host in hosts}) == 1
