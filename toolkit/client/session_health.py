"""Checks, without a browser, whether a site still accepts a session."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

import msgspec

from toolkit.errors import AccountPending, LoginRequired, SessionExpired
from toolkit.http.transport import Transport
from toolkit.providers.base import Provider
from toolkit.session.api_key import key_refused, probe_for

# The states; a session that is refused has no health, but an error.
State = Literal["ok", "pending", "refused"]
OK: State = "ok"
PENDING: State = "pending"
REFUSED: State = "refused"


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """The state of a session that the site accepts: "ok", or "pending" where its account still waits for approval, so
    that each call would be an `AccountPending`.

    `identity` is who is signed in according to the site; None if the recipe has no probe. `expires_at` is in seconds
    since 1970; None if the session does not say when it ends.
    """

    state: State = OK
    identity: str | None = None
    expires_at: float | None = None


async def check(http: Transport, provider: Provider) -> Health:
    """Request the recipe's probe or, if it has none, the provider's page, with the session of `http`.

    Raises `SessionExpired` if the site redirects to a login or to another site, `LoginRequired` if nobody is signed in,
    `KeyRefused` for either where the session is an API key, and whatever else an HTTP call raises.
    """
    try:
        return await _ask(http, provider)
    except AccountPending:
        return Health(state=PENDING, identity=http.session.identity, expires_at=http.session.expires_at)
    except LoginRequired as error:
        if http.session.api_key is None:
            raise
        raise key_refused(error) from None


async def _ask(http: Transport, provider: Provider) -> Health:
    probe, identity, state = probe_for(http.session, provider.harvest), None, OK
    if probe is not None:
        async with http.get(provider.site + probe.path) as response:
            if provider.single_page:
                await response.raise_for_page("who is signed in", single_page=True)
            is_page = response.headers.get("Content-Type", "").startswith("text/html")
            answer: object = {} if is_page else await response.json(object)
        if not probe.allows_calls(answer):
            raise LoginRequired("Nobody is signed in.")
        identity = probe.find_identity(answer)
        state = PENDING if probe.is_pending(answer) else OK
    else:
        async with http.get(provider.page) as response:
            if urlsplit(response.url).hostname not in provider.hosts:
                raise SessionExpired("The site sent the call to another site.", url=response.url)
    return Health(state=state, identity=identity, expires_at=http.session.expires_at)
