"""Checks a session that a visit has just brought: whether the site takes it, and who is signed in."""

from __future__ import annotations

import logging
import time

import msgspec

from toolkit.client.session_health import PENDING, check
from toolkit.client.transports import TransportFactory
from toolkit.errors import AccountPending, SessionError, ToolkitError, WrongAccount
from toolkit.http.recorder_protocol import Recorder
from toolkit.session.browser_session import BrowserSession, LastCheck
from toolkit.session.expiry import expiry

log = logging.getLogger("toolkit")


async def verify_visit(
    session: BrowserSession,
    previous: BrowserSession | None,
    transports: TransportFactory,
    recorder: Recorder | None = None,
) -> BrowserSession:
    """Return `session` with the identity that the recipe's probe finds; unchanged if the recipe has no probe. The probe
    is recorded by `recorder`.

    Raises `LoginRequired` if nobody is signed in, and `WrongAccount` if somebody else is than in `previous`. If the
    check itself fails, by a broken connection for example, its error is raised on a renewal, which leaves the
    `previous` session in use; on a first login it is only logged, so that the login is not lost.
    """
    recipe = transports.provider.harvest
    if recipe.probe is None:
        return session
    try:
        async with transports.create(session, recorder=recorder) as http:
            health = await check(http, transports.provider)
            session = msgspec.structs.replace(
                http.session,
                identity=health.identity,
                expires_at=expiry(http.session, recipe),  # the answer to the probe may have renewed cookies
                last_check=LastCheck(health.state, time.time()),
            )
    except SessionError:
        raise
    except ToolkitError as error:
        if previous is not None:
            raise
        log.warning("the new session could not be checked: %s", error)
        return session
    if health.state == PENDING:
        log.warning("%s is signed in, but the account waits for approval. %s", health.identity, AccountPending.hint)
    if previous is not None and previous.identity not in (None, session.identity):
        raise WrongAccount(f"{session.identity} is signed in, and the stored session is of {previous.identity}.")
    return session
