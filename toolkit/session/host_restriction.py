"""Restricts a session to the hosts of its provider: a person's whole jar is never stored. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from toolkit.errors import UsageError
from toolkit.session.browser_session import STORAGES, BrowserSession
from toolkit.session.cookie_rules import matches_host
from toolkit.session.sites import same_host


def restrict_to_hosts(session: BrowserSession, hosts: Iterable[str]) -> tuple[BrowserSession, list[str]]:
    """`session` with only the cookies and the storage that belong to `hosts`, and what was left out: the domains of
    cookies and the origins of storage, each once."""
    urls = [f"https://[{host}]" if ":" in host else f"https://{host}" for host in hosts]
    cookies = tuple(cookie for cookie in session.cookies if any(matches_host(cookie, url) for url in urls))
    foreign = [cookie.domain for cookie in session.cookies if cookie not in cookies]
    storages: dict[str, Any] = {}
    for field in STORAGES:
        items = getattr(session, field)
        storages[field] = {origin: stored for origin, stored in items.items() if _is_of_one(origin, urls)}
        foreign += [origin for origin in items if origin not in storages[field]]
    return replace(session, cookies=cookies, **storages), list(dict.fromkeys(foreign))


def _is_of_one(origin: str, urls: list[str]) -> bool:
    """Whether the host of `origin` is that of one of `urls`."""
    try:
        return any(same_host(origin, url) for url in urls)
    except UsageError:  # the origin of a browser extension, for example
        return False
