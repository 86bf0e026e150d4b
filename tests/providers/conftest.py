"""A client of a stand-in site, inside a local network that has its real host names. No browser."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib import import_module
from typing import Any

import pytest

from tests.sites.base import Site
from tests.sites.openassistant import OpenAssistantSite
from tests.sites.openwebui import OpenWebUISite
from toolkit.chats.deadlines import Deadlines
from toolkit.client.client import Client
from toolkit.providers import model_lists
from toolkit.providers.registry import BUILT_IN, find
from toolkit.replay.local_network import LocalNetwork
from toolkit.session.browser_session import BrowserSession

# Those of apps, which have captures, and are tested with the real software in tests/real.
WITHOUT_STAND_IN = {"gradio", "chainlit", "streamlit"}
# The stand-in of each provider by its name: `tests/sites/NAME.py` has it, called after the provider's class.
SITES: dict[str, type[Site]] = {
    name: getattr(import_module(f"tests.sites.{name}"), f"{provider.class_name}Site")
    for name, provider in BUILT_IN.items()
    if name not in WITHOUT_STAND_IN
}
# The address of the stand-in of each provider that has no public site.
DEPLOYMENTS = {name: f"https://{site.public_hosts[0]}" for name, site in SITES.items() if not find(name).url}
PATIENT = Deadlines(connect=60, first_piece=60, between_pieces=60, cleanup=60)  # a busy machine is no fault
AGENT = "Mozilla/5.0 (test)"

Chatting = Callable[..., AbstractAsyncContextManager[Client]]


def session_for(provider: str, site: Site) -> BrowserSession:
    """A session as a browser would have left it, made without one."""
    origin = find(provider)(DEPLOYMENTS.get(provider)).site
    session = BrowserSession(provider=provider, origin=origin, headers={"user-agent": AGENT})
    cookies = login_cookie(site, secure=True)
    made = BrowserSession.from_cookie_values(provider, origin, cookies)
    return BrowserSession(provider=provider, origin=origin, headers=session.headers, cookies=made.cookies)


def login_cookie(site: Site, *, secure: bool = False) -> dict[str, str]:
    """The cookie of somebody who is signed in; none where nobody has to be. `secure` is for https."""
    if isinstance(site, OpenAssistantSite):
        return {f"{'__Secure-' if secure else ''}next-auth.session-token": site.login.new_token()}
    return {"token": site.new_token()} if isinstance(site, OpenWebUISite) else {}


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process that has asked no site for its models yet: the stand-ins' lists differ at the same address."""
    monkeypatch.setattr(model_lists, "_cache", {})


@pytest.fixture
def chatting() -> Chatting:
    """`async with chatting(provider, site, **arguments of Client) as client`; it tries once."""

    @asynccontextmanager
    async def open_client(provider: str, site: Site, **arguments: Any) -> AsyncIterator[Client]:
        given: dict[str, Any] = {"deadlines": PATIENT, "retries": 0, "session": session_for(provider, site)}
        given |= {"base_url": DEPLOYMENTS.get(provider)} | arguments
        async with (
            LocalNetwork(apps=site.hosts()) as network,
            Client(provider, route=network.route, **given) as client,
        ):
            yield client
            assert network.refused == []

    return open_client
