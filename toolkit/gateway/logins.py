"""Lets the person at the server's display log in, in a window that the server opens."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Literal, NamedTuple

from toolkit.errors import ToolkitError
from toolkit.gateway.error_answers import UNEXPECTED, GatewayError, Refused, gateway_error
from toolkit.gateway.served_models import ServedSite
from toolkit.gateway.site_clients import SiteClients


class Login(NamedTuple):
    """A login in a window: whether that is open, and how the last one ended. `message` says why it failed."""

    state: Literal["open", "done", "failed"]
    message: str = ""


class Logins:
    """The logins of one server. `states` has the last one of each site."""

    def __init__(self, clients: SiteClients) -> None:
        self._clients = clients
        self._tasks: set[asyncio.Task[None]] = set()
        self.states: dict[ServedSite, Login] = {}

    def start(self, site: ServedSite) -> None:
        """Open a window for `site`. Raises `Refused` while one is open for any site: a person has one pair of hands."""
        if any(login.state == "open" for login in self.states.values()):
            what = "A window for a login is open already."
            raise Refused(GatewayError(409, "invalid_request_error", "login_under_way", what))
        self.states[site] = Login("open")
        task = asyncio.create_task(self._log_in(site))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _log_in(self, site: ServedSite) -> None:
        ended = Login("failed", UNEXPECTED)
        try:
            await (await self._clients.client(site)).login()
            ended = Login("done")
        except ToolkitError as error:
            ended = Login("failed", gateway_error(error).message)
        finally:
            self.states[site] = ended

    async def aclose(self) -> None:
        """Close a window that is open."""
        for task in list(self._tasks):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
