"""The clients of a server: one for each account at a site, opened with the first call and kept open."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import NamedTuple

from aiohttp import web

from toolkit.client.client import Client
from toolkit.gateway.error_answers import GatewayError, Refused
from toolkit.gateway.served_models import ServedSite

MAX_CALLS = 2_000  # of one account at once
MAX_IN_TURN = 64  # ... where the site takes one at a time, so that all others wait
WAIT_SECONDS = 5.0  # after which a client that was sent away may come again


class SiteClients:
    """Gives the client for a site. `open_client` makes one."""

    def __init__(self, open_client: Callable[[ServedSite], Client]) -> None:
        self._open_client = open_client
        self._clients: dict[ServedSite, Client] = {}
        self._opened = AsyncExitStack()
        self._calls: Counter[ServedSite] = Counter()

    async def client(self, site: ServedSite) -> Client:
        """The client for `site`. Raises what the constructor of `Client` raises."""
        if site not in self._clients:
            client = self._open_client(site)
            self._clients[site] = client  # before anything is awaited: two calls share one
            await self._opened.enter_async_context(client)
        return self._clients[site]

    def call(self, site: ServedSite) -> _Call:
        """For `async with`: gives the client for one call, which counts until the end of the block. Raises `Refused`
        where there are too many already."""
        return _Call(self, site)

    async def begin_call(self, site: ServedSite) -> Client:
        """The client for a call that counts from now on. See `call`."""
        client = await self.client(site)
        limit = MAX_IN_TURN if client.provider.one_at_a_time else MAX_CALLS
        if self._calls[site] >= limit:
            what = f"{limit} calls of {site.name} are under way or waiting already."
            raise Refused(GatewayError(429, "rate_limit_error", "queue_full", what, None, WAIT_SECONDS, may_retry=True))
        self._calls[site] += 1
        return client

    def end_call(self, site: ServedSite) -> None:
        """Count a call no longer."""
        self._calls[site] -= 1

    async def closing(self, _: web.Application) -> AsyncIterator[None]:
        """Closes all of them, with their calls, at the end of a server."""
        yield
        self._clients.clear()
        await self._opened.aclose()


class _Call(NamedTuple):
    """See `SiteClients.call`. No generator: one that waits takes more memory than what it does is worth, for as long as
    an answer takes."""

    clients: SiteClients
    site: ServedSite

    async def __aenter__(self) -> Client:
        return await self.clients.begin_call(self.site)

    async def __aexit__(self, *_: object) -> None:
        self.clients.end_call(self.site)
