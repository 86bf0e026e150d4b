"""Opens the transports of one client, and keeps one of them open from call to call.

A transport is told here which session it sends, which hosts belong to the provider and who records it. What it does
with a request is the business of `http/`.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from toolkit.chats.deadlines import Deadlines
from toolkit.errors import UsageError
from toolkit.http.gate import NO_GATE, Gate
from toolkit.http.recorder_protocol import Recorder
from toolkit.http.retries import PATIENCE
from toolkit.http.route import Route
from toolkit.http.transport import OnSessionChange, Transport
from toolkit.providers.base import Provider
from toolkit.session.browser_session import BrowserSession

if TYPE_CHECKING:
    from toolkit.browser.profiles import Profile


class TransportFactory(NamedTuple):
    """Makes transports to the site of `provider`. `retries` is how often a request may be repeated where that is
    safe. `profile` and `browsers` say what the gate in front of the site wants, as those of `Client`."""

    provider: Provider
    route: Route | None
    deadlines: Deadlines
    retries: int
    profile: str | Profile | None = None
    browsers: Path | None = None

    def create(
        self,
        session: BrowserSession,
        *,
        recorder: Recorder | None = None,
        on_session_change: OnSessionChange | None = None,
        with_token: bool = True,
    ) -> Transport:
        """Return a transport that sends `session`, `with_token` or without the token that is part of it. It connects to
        nothing before its first request.

        Raises `ConfigError` for a browsers.json that cannot be used, or that names a secret which is not there.
        """
        return Transport(
            session,
            page=self.provider.page,
            hosts=self.provider.hosts,
            route=self.route,
            gate=self._gate(session),
            connect=self.deadlines.connect,
            cleanup=self.deadlines.cleanup,
            retries=self.retries,
            patience=self.deadlines.patience(PATIENCE),
            statuses=self.provider.statuses,
            closes=self.provider.closes,
            is_login_page=self.provider.harvest.is_login_page,
            recorder=recorder,
            on_session_change=on_session_change,
            credentials=self.provider.credentials if with_token else None,
        )

    def _gate(self, session: BrowserSession) -> Gate:
        """The gate in front of the site. A route that is sealed leads to a recording, which has none."""
        if self.route is not None and self.route.sealed:
            return NO_GATE
        from toolkit.browser.gates import find_gate  # whoever only makes a client needs no profiles

        return find_gate(self.provider.site, self.profile, self.browsers, previous=session.profile)


class SharedTransport:
    """The transport that all calls of a client use, so that connections are reused.

    An async context manager that counts its users: when the last one leaves, the connections are closed. All users are
    in one event loop, which the connections belong to; a process that was forked from this one has connections of its
    own. `recorder` records the calls; `on_session_change` is called when an answer of the site has changed the session.
    """

    def __init__(
        self, factory: TransportFactory, *, recorder: Recorder | None, on_session_change: OnSessionChange
    ) -> None:
        self.transport: Transport | None = None
        self._factory = factory
        self._recorder = recorder
        self._on_session_change = on_session_change
        self._opened = AsyncExitStack()
        self._users = 0
        self._loop: asyncio.AbstractEventLoop | None = None  # that of the users
        self._process = os.getpid()
        self._of_parent_process: list[object] = []

    async def __aenter__(self) -> SharedTransport:
        if self._process != os.getpid():
            self._leave_to_parent()
        loop = asyncio.get_running_loop()
        if self._users and self._loop is not loop:
            raise UsageError(
                "This client is in use in another thread, or in another event loop.",
                hint="Make a client for each; or use `SyncClient`, which threads can share.",
            )
        self._loop = loop
        self._users += 1
        return self

    def _leave_to_parent(self) -> None:
        """Begin anew in a forked process. What the parent process has opened stays referenced: closing it here would
        say farewell to the site on the parent's connections."""
        self._of_parent_process += [self.transport, self._opened]
        self.transport, self._opened, self._users, self._process = None, AsyncExitStack(), 0, os.getpid()

    async def __aexit__(self, *_: object) -> None:
        self._users -= 1
        if not self._users:
            await self.close()

    async def connect(self, session: BrowserSession) -> Transport:
        """Return the transport, with `session` as what it sends from now on."""
        current = self.transport.session if self.transport is not None else None
        if self.transport is None or current is None or current.proxy != session.proxy:
            # The old transport stays open until all are closed: earlier calls may still be reading from it.
            transport = self._factory.create(
                session, recorder=self._recorder, on_session_change=self._on_session_change
            )
            self.transport = await self._opened.enter_async_context(transport)
        elif current.harvested_at != session.harvested_at or current.changed_at <= session.changed_at:
            self.transport.session = session
        # Otherwise an answer has just changed the transport's session, and the keeper does not have the change yet.
        return self.transport

    async def close(self) -> None:
        """Close all connections, whoever uses them. Closing again does nothing."""
        self.transport = None
        opened, self._opened = self._opened, AsyncExitStack()
        await opened.aclose()
