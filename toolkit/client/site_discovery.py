"""Finds the address that a site has itself, where a person has typed one that only leads there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

from toolkit.errors import ToolkitError
from toolkit.http.transport import Transport
from toolkit.providers.base import Provider
from toolkit.session.site_address import is_same_site_otherwise_written, moved_site
from toolkit.stores.base import Key

log = logging.getLogger("toolkit")

MOVES, MOVE_SECONDS = 5, 5.0  # how many are followed, and how long each may take


def known_site(key: Key, stored: Iterable[Key]) -> str | None:
    """The origin of the one session in `stored` that is of the same provider and account as `key`, and of the same site
    otherwise written (`http://`, `www.`); None where there is none."""
    found = {
        each.origin
        for each in stored
        if each[::2] == key[::2] and is_same_site_otherwise_written(each.origin, key.origin)
    }
    return found.pop() if len(found) == 1 else None


def other_accounts(key: Key, stored: Iterable[Key]) -> list[str]:
    """The accounts that have a session of the provider and site of `key` in `stored`, where `key` has none."""
    if key in (stored := list(stored)):
        return []
    return sorted(each.account for each in stored if each[:2] == key[:2])


async def find_site(provider: Provider, http: Transport) -> str:
    """The address of the site of `provider` by where its page's redirects lead; its own, where they lead nowhere else.

    `http` sends no session. A site that does not answer stays what it is: whoever calls it next tells why.
    """
    site = provider.site
    for _ in range(MOVES):
        asked = site + provider.harvest.page
        try:
            async with asyncio.timeout(MOVE_SECONDS):
                status, location = await http.redirect(asked)
        except (ToolkitError, TimeoutError) as error:
            log.debug("the address of %s is not looked for: %s", site, error or "it does not answer")
            return site
        moved = moved_site(site, status, asked, location) if location is not None else None
        if moved is None or moved == site:
            return site
        site = moved
    return site
