"""A client of a stand-in site, inside a local network that has its real host names. No browser."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest

from tests.sites.aichatonline import AiChatOnlineSite
from tests.sites.aura import AuraSite
from tests.sites.base import Site
from tests.sites.codelinkava import CodeLinkAvaSite
from tests.sites.openassistant import OpenAssistantSite
from toolkit.client import Client
from toolkit.deadlines import Deadlines
from toolkit.providers import find
from toolkit.recording.network import LocalNetwork
from toolkit.session import BrowserSession

SITES: dict[str, Callable[[], Site]] = {
    "aura": AuraSite,
    "codelinkava": CodeLinkAvaSite,
    "aichatonline": AiChatOnlineSite,
    "openassistant": OpenAssistantSite,
}
PATIENT = Deadlines(connect=60, first_piece=60, between_pieces=60, cleanup=60)  # a busy machine is no fault
AGENT = "Mozilla/5.0 (test)"

Chatting = Callable[..., AbstractAsyncContextManager[Client]]


def session_for(provider: str, site: Site) -> BrowserSession:
    """A session as a browser would have left it, made without one."""
    origin = find(provider)().site
    session = BrowserSession(provider=provider, origin=origin, headers={"user-agent": AGENT})
    if isinstance(site, OpenAssistantSite):
        name = "__Secure-next-auth.session-token"
        made = BrowserSession.from_cookie_values(provider, origin, {name: site.login.new_token()})
        return BrowserSession(provider=provider, origin=origin, headers=session.headers, cookies=made.cookies)
    return session


@pytest.fixture
def chatting() -> Chatting:
    """`async with chatting(provider, site, **arguments of Client) as client`; it tries once."""

    @asynccontextmanager
    async def open_client(provider: str, site: Site, **arguments: Any) -> AsyncIterator[Client]:
        given: dict[str, Any] = {"deadlines": PATIENT, "retries": 0, "session": session_for(provider, site)} | arguments
        async with (
            LocalNetwork(apps=site.hosts()) as network,
            Client(provider, route=network.route, **given) as client,
        ):
            yield client
            assert network.refused == []

    return open_client
