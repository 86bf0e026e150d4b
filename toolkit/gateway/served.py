"""What a server serves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from toolkit.client.client import Client
from toolkit.gateway.served_models import ModelNames, ServedSite, served_sites
from toolkit.providers import registry
from toolkit.session.browser_session import BrowserSession
from toolkit.stores.base import Key, Store


class Served(NamedTuple):
    """What is served. `base_urls` names the deployment of a provider, `aliases` gives models names of one's own, `only`
    are patterns of the names that are served."""

    store: Store
    open_client: Callable[[ServedSite], Client]
    base_urls: Mapping[str, str] = {}
    aliases: Mapping[str, tuple[str, ...]] = {}
    only: tuple[str, ...] = ()

    async def names(self) -> ModelNames:
        """What names mean now. Raises `StoreError`."""
        return ModelNames(self._sites(await self.store.sessions()), self.aliases, self.only)

    async def sessions(self) -> dict[ServedSite, tuple[Key, BrowserSession | None]]:
        """The sites that are served, each with the place of its session and, where there is one, the session. Raises
        `StoreError`."""
        stored = await self.store.sessions()
        keys = {site: session_key(site) for site in self._sites(stored)}
        return {site: (key, stored.get(key)) for site, key in keys.items()}

    def _sites(self, stored: Mapping[Key, BrowserSession]) -> tuple[ServedSite, ...]:
        return served_sites(stored, registry.find, registry.names(), self.base_urls)


def session_key(site: ServedSite) -> Key:
    """The place of the session of `site` in a store."""
    return Key(site.provider, site.base_url or registry.find(site.provider).public_site(), site.account)
