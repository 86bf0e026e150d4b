"""A session that the site binds to the browser is known as one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.places import BOX, TRUSTING, Place, html, network, status
from tests.conftest import OpenContext
from toolkit.browser.device_binding import DeviceBinding
from toolkit.browser.profiles import Profile
from toolkit.browser.session_manager import SessionManager
from toolkit.browser.sync_async_runners import run
from toolkit.browser.visit_plan import plan_visit
from toolkit.session.recipe import Harvest

BINDS = {"Secure-Session-Registration": '(ES256);path="/bind";challenge="abc"'}


async def test_a_site_that_asks_for_a_key_is_noticed(open_context: OpenContext) -> None:
    """By the header of any answer of the provider's own hosts; those of other hosts bind no session of it."""

    def page(address: str) -> str:
        return f"<script>fetch('{address}').finally(() => document.body.innerHTML = '{BOX}')</script>"

    routes = {"/": html(page("/sign-in")), "/sign-in": status(204, **BINDS)}
    routes |= {"/other": html(page("https://ads.example/")), "/none": html(BOX)}
    found = []
    async with network(routes, ads_example=status(204, **BINDS)) as local:
        manager = SessionManager(TRUSTING, context=await open_context(local))
        for path in ("/", "/other", "/none"):
            session = await manager.harvest(Place(harvest=Harvest(page=path, ready="textarea")))
            found.append(session.device_bound)
    assert found == [True, False, False]


class Browser:
    """A context, and a session of the DevTools protocol in it, of which a test makes the events."""

    def __init__(self) -> None:
        self.listeners: dict[str, Callable[[Any], None]] = {}
        self.sent: list[tuple[str, Any]] = []

    async def new_cdp_session(self, _: Any) -> Browser:
        return self

    def on(self, event: str, listener: Callable[[Any], None]) -> None:
        self.listeners[event] = listener

    async def send(self, method: str, parameters: Any) -> None:
        self.sent.append((method, parameters))


def added(*sites: str) -> tuple[str, Any]:
    sessions = [{"key": {"site": site, "id": "1"}, "refreshUrl": f"{site}/refresh"} for site in sites]
    return "Network.deviceBoundSessionsAdded", {"sessions": sessions}


def occurred(site: str, kind: str, *, succeeded: bool = True) -> tuple[str, Any]:
    return "Network.deviceBoundSessionEventOccurred", {"eventId": "1", "site": site, "succeeded": succeeded, kind: {}}


@pytest.mark.parametrize(
    ("event", "noticed"),
    [
        (added(), False),
        (added("https://bank.example", "https://assistant.example"), True),
        (added("https://ant.example"), False),
        (occurred("https://assistant.example", "creationEventDetails"), True),
        (occurred("https://assistant.example", "refreshEventDetails"), True),
        (occurred("https://assistant.example", "creationEventDetails", succeeded=False), False),
        (occurred("https://assistant.example", "terminationEventDetails"), False),
        (occurred("https://bank.example", "creationEventDetails"), False),
    ],
)
async def test_a_browser_tells_what_it_has_bound_before(event: tuple[str, Any], noticed: bool) -> None:
    """As the DevTools protocol has it: no browser here makes a key, so its events are written down. Sessions are of a
    whole site; those of other sites are no matter."""
    place = Place(site="https://chat.assistant.example", hosts=("chat.assistant.example",))
    binding = DeviceBinding(plan_visit(place, Profile(), profile_name="", account="default"))
    browser = Browser()
    await run(binding.watch_browser(browser, None))
    assert browser.sent == [("Network.enableDeviceBoundSessions", {"enable": True})]
    name, parameters = event
    browser.listeners[name](parameters)
    assert binding.noticed is noticed
