"""Renews a session by the site's own call for that (`Harvest.renew`), without a browser."""

from __future__ import annotations

import asyncio
import time

from toolkit.client.transports import TransportFactory
from toolkit.errors import StreamTimeout
from toolkit.session.browser_session import BrowserSession
from toolkit.session.recipe_tokens import Renew
from toolkit.session.renewal_call import apply_renewal, renewal_call

RENEW_SECONDS = 30.0  # the longest that a site may take to renew a session
ANSWER_LIMIT = 1 << 20  # bytes


async def renew_at_site(session: BrowserSession, renew: Renew, transports: TransportFactory) -> BrowserSession:
    """Make the call `renew` with `session`. Returns the session with what the answer sets: cookies, tokens of its JSON.

    It is still a session of the same visit. Raises `LoginRequired` if the site refuses, or there is no refresh token,
    `StreamTimeout` if it takes too long, and whatever else a call raises.
    """
    provider = transports.provider
    call = renewal_call(renew, provider.site, session)
    try:
        async with (
            asyncio.timeout(RENEW_SECONDS),
            transports.create(session, with_token=renew.refresh_token is None) as http,
            http.request(call.method, call.url, json=call.json, data=call.form, headers=call.headers) as response,
        ):
            is_json = "json" in response.headers.get("Content-Type", "")
            answer = await response.json(object) if is_json else await response.read(ANSWER_LIMIT)
            renewed = http.session
    except TimeoutError:
        raise StreamTimeout("The site did not answer.", deadline="total", seconds=RENEW_SECONDS, url=call.url) from None
    return apply_renewal(renewed, provider.harvest, renew, answer if is_json else None, time.time())
