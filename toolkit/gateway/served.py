"""What a server serves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from toolkit.errors import UnknownModel
from toolkit.gateway.served_models import ModelNames, ServedModel, ServedSite, served_sites
from toolkit.providers import registry
from toolkit.session.browser_session import BrowserSession
from toolkit.stores.base import Key, Store

RECENT_SECONDS = 2.0  # for which it is taken that there are the same sessions: to read hundreds takes as many ms


class Served:
    """What is served: the sites with a session in `store`. `base_urls` names the deployment of a provider, `aliases`
    gives models names of one's own, `only` are patterns of the names that are served."""

    def __init__(
        self,
        store: Store,
        base_urls: Mapping[str, str],
        aliases: Mapping[str, tuple[str, ...]],
        only: tuple[str, ...],
    ) -> None:
        self.store = store
        self._base_urls, self._aliases, self._only = base_urls, aliases, only
        self._names: ModelNames | None = None
        self._read_at = 0.0  # seconds of `time.monotonic`
        self._reading = asyncio.Lock()

    async def names(self) -> ModelNames:
        """What names mean now, or did a moment ago. Raises `StoreError`."""
        return await self._names_since(time.monotonic() - RECENT_SECONDS)

    async def find(self, name: str) -> tuple[ServedModel, ...]:
        """What to ask for `name`, as `ModelNames.find`, also where its session has only just been stored. Raises
        `UnknownModel` and `StoreError`."""
        asked_at = time.monotonic()
        try:
            return (await self.names()).find(name)
        except UnknownModel:
            return (await self._names_since(asked_at)).find(name)

    async def sessions(self) -> dict[ServedSite, tuple[Key, BrowserSession | None]]:
        """The sites that are served, each with the place of its session and, where there is one, the session. Raises
        `StoreError`."""
        stored = await self.store.sessions()
        keys = {site: session_key(site) for site in self._sites(stored)}
        return {site: (key, stored.get(key)) for site, key in keys.items()}

    async def _names_since(self, since: float) -> ModelNames:
        """What names mean, by a reading of the store that began no earlier than `since`. Many who ask at once share
        one."""
        async with self._reading:
            if self._names is None or self._read_at < since:
                began = time.monotonic()
                self._names = ModelNames(self._sites(await self.store.sessions()), self._aliases, self._only)
                self._read_at = began
            return self._names

    def _sites(self, stored: Mapping[Key, BrowserSession]) -> tuple[ServedSite, ...]:
        return served_sites(stored, registry.find, registry.names(), self._base_urls)


def session_key(site: ServedSite) -> Key:
    """The place of the session of `site` in a store."""
    return Key(site.provider, site.base_url or registry.find(site.provider).public_site(), site.account)
