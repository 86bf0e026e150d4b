"""Makes a session of an API key, which the site is asked about first."""

from __future__ import annotations

import logging
import os
import time

from msgspec.structs import replace

from toolkit.chats.deadlines import Deadlines
from toolkit.chats.total_deadline import within_total
from toolkit.client.client import SHORT_SECONDS
from toolkit.client.hints import ErrorHints
from toolkit.client.session_health import PENDING, check
from toolkit.client.site_discovery import find_site
from toolkit.client.transports import TransportFactory
from toolkit.errors import AccountPending, StreamTimeout, UsageError
from toolkit.http.retries import RETRIES
from toolkit.http.route import Route
from toolkit.providers.base import Provider
from toolkit.session.api_key import takes_keys
from toolkit.session.browser_session import BrowserSession, LastCheck
from toolkit.session.expiry import expiry
from toolkit.session.frame_locals import forgetting_locals

log = logging.getLogger("toolkit")


@forgetting_locals
async def session_of_key(provider: Provider, key: str, account: str = "default") -> BrowserSession:
    """Return the session that the API key `key` is at the site of `provider`, which moves to the address that the site
    has itself: a key is sent nowhere else.

    Raises `UsageError` if no key works at such a site, `KeyRefused` if the site does not take this one, `StreamTimeout`
    after `SHORT_SECONDS`, and whatever else an HTTP call raises.
    """
    if not takes_keys(provider.harvest):
        raise UsageError("Its sites take no API key.", provider=provider.name)
    with ErrorHints(provider, account, variable="", other_accounts=[]):
        try:
            async with within_total(SHORT_SECONDS):
                return await _ask(provider, key, account)
        except StreamTimeout as late:
            late.hint = ""  # no argument here gives it more time
            raise


async def _ask(provider: Provider, key: str, account: str) -> BrowserSession:
    route = Route.of_environment(os.environ, provider.site)
    transports = TransportFactory(provider, route, Deadlines(), RETRIES)
    nobody = BrowserSession(provider=provider.name, origin=provider.site, account=account)
    if provider.base_url is not None:
        async with transports.create(nobody) as http:
            site = await find_site(provider, http)
        if site != provider.site:
            log.warning("%s leads to %s, so the key is for that one", provider.site, site)
            provider.move_to(site)
    session = replace(nobody, origin=provider.site, api_key=key, harvested_at=time.time())
    async with transports.create(session) as http:
        health = await check(http, provider)
        session = http.session
    if health.state == PENDING:
        log.warning("the site takes the key, but the account waits for approval. %s", AccountPending.hint)
    return replace(
        session,
        identity=health.identity,
        expires_at=expiry(session, provider.harvest),
        last_check=LastCheck(health.state, time.time()),
    )
