"""The rungs of the ladder of renewal that a provider and a person's settings give: see `renewal_ladder`."""

from __future__ import annotations

import logging
from functools import partial

from toolkit.client.renew_command import NAME, renew_by_command
from toolkit.client.renewal_ladder import Rung
from toolkit.client.site_renewal import renew_at_site
from toolkit.client.transports import TransportFactory
from toolkit.client.visit_verification import verify_visit
from toolkit.errors import SessionError, ToolkitError
from toolkit.session.browser_session import BrowserSession
from toolkit.session.recipe_tokens import Renew

log = logging.getLogger("toolkit")


def renewal_rungs(transports: TransportFactory, command: str) -> tuple[Rung, ...]:
    """The site's own call, if the provider's recipe has one, then the person's `command`, if it is not empty.

    What either of them gets is checked by the recipe's probe before it counts.
    """
    rungs = []
    if (renew := transports.provider.harvest.renewal) is not None:
        rungs.append(Rung(str(renew), partial(_renew_at_site, renew, transports)))
    if command:
        rungs.append(Rung(NAME, partial(_renew_by_command, command, transports)))
    return tuple(rungs)


async def _renew_at_site(renew: Renew, transports: TransportFactory, session: BrowserSession) -> BrowserSession:
    renewed = await renew_at_site(session, renew, transports)
    try:
        return await verify_visit(renewed, session, transports)
    except SessionError:
        raise
    except ToolkitError as error:
        log.debug("the renewed session could not be checked: %s", error)
        return renewed  # it may hold a refresh token that is good for once, in the place of the one that was


async def _renew_by_command(command: str, transports: TransportFactory, session: BrowserSession) -> BrowserSession:
    return await verify_visit(await renew_by_command(command, session, transports.provider), session, transports)
