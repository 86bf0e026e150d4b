"""Finds the address that a site has itself, where a person has typed one that only leads there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

from toolkit.client.transports import TransportFactory
from toolkit.errors import ToolkitError
from toolkit.http.transport import Transport
from toolkit.providers.base import Provider
from toolkit.session.browser_session import BrowserSession
from toolkit.session.site_address import is_same_site_otherwise_written, moved_site
from toolkit.stores.base import Key, Store

log = logging.getLogger("toolkit")

MOVES, MOVE_SECONDS = 5, 5.0  # how many are followed, and how long each may take


def known_site(key: Key, stored: Iterable[Key]) -> str | None:
    """The origin of the one session in `stored` that is of the same provider and account as `key`, and of the same site
    otherwise written (`http://`, `www.`); None where there is none. What was typed with `https://` never becomes
    `http://`."""
    found = {
        each.origin
        for each in stored
        if each[::2] == key[::2]
        and is_same_site_otherwise_written(each.origin, key.origin)
        and (each.origin.startswith("https:") or key.origin.startswith("http:"))
    }
    return found.pop() if len(found) == 1 else None


def other_accounts(key: Key, stored: Iterable[Key]) -> list[str]:
    """The accounts that have a session of the provider and site of `key` in `stored`, where `key` has none."""
    if key in (stored := list(stored)):
        return []
    return sorted(each.account for each in stored if each[:2] == key[:2])


class SiteAddress:
    """The address of the site that `transports` lead to, and the `key` that the session of `account` has for it.

    It is that of `base_url` until it is known where that leads; that of a public site is known. `looked_for` says that
    it is not to be looked for any more.
    """

    def __init__(self, transports: TransportFactory, account: str) -> None:
        self._transports, self._provider = transports, transports.provider
        self.key = Key(self._provider.name, self._provider.site, account)
        self.looked_for = False

    async def find(self, store: Store | None, accounts: list[str]) -> Key | None:
        """Look for the address, once: among what is in `store`, or at the site where one of those can be meant. Where
        none can, the visit that follows tells it. Returns the new key if it is another one.

        Fills `accounts` with those that have a session where this one has none.
        """
        stored = list(await store.sessions()) if store is not None else []
        accounts[:] = other_accounts(self.key, stored)
        if self.looked_for or self._provider.base_url is None:
            return None
        self.looked_for = True
        site = known_site(self.key, stored)
        candidates = {each.origin for each in stored if each[::2] == self.key[::2]}
        if site is None and candidates:
            nobody = BrowserSession(provider=self.key.provider, origin=self.key.origin)
            async with self._transports.create(nobody) as http:
                site = await find_site(self._provider, http)
            site = site if site in candidates else None
        return self.move_to(site) if site not in (None, self._provider.site) else None

    def move_to(self, site: str) -> Key:
        """Go on with `site`, where this one leads. Returns the key for that."""
        log.warning("%s leads to %s, so the session is for that one", self._provider.site, site)
        self._provider.move_to(site)
        self.key = self.key._replace(origin=site)
        return self.key


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
