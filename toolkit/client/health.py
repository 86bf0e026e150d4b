"""Whether a site still takes a session, asked without a browser."""

from __future__ import annotations

from urllib.parse import urlsplit

import msgspec

from toolkit.errors import LoginRequired, SessionExpired
from toolkit.http.transport import Transport
from toolkit.providers.base import Provider


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """A session that the site takes. `identity` is who the site says is signed in, None where the recipe has no way to
    ask. `expires_at` is in seconds since 1970, None where nothing says."""

    state: str = "ok"
    identity: str | None = None
    expires_at: float | None = None


async def check(http: Transport, provider: Provider) -> Health:
    """Ask the site, by the recipe's probe or, where it has none, for the provider's page.

    Raises `SessionExpired` where it sends the call to a login or to another site, `LoginRequired` where nobody is
    signed in, and what else can go wrong on the way.
    """
    probe, identity = provider.harvest.probe, None
    if probe is not None:
        async with http.get(provider.site + probe.path, headers=provider.authorization(http)) as response:
            if provider.single_page:
                await response.raise_for_page("who is signed in", single_page=True)
            page = response.headers.get("Content-Type", "").startswith("text/html")
            answer = None if page else await response.json(object)
        if not probe.allows_calls(answer):
            raise LoginRequired("Nobody is signed in.")
        identity = probe.find_identity(answer)
    else:
        async with http.get(provider.page) as response:
            if urlsplit(response.url).hostname not in provider.hosts:
                raise SessionExpired("The site sent the call to another site.", url=response.url)
    return Health(identity=identity, expires_at=http.session.expires_at)
