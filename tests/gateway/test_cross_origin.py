"""Pages of an origin that was allowed: they can call the server, and those of no other can."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from multidict import CIMultiDictProxy

from tests.gateway.conftest import Gateway, gateway_before
from tests.sites.scripted import ScriptedSite

ORIGIN = "https://notes.example.org"
ASKS = {
    "Origin": ORIGIN,
    "Sec_Fetch_Site": "cross-site",
    "Access_Control_Request_Method": "POST",
    "Access_Control_Request_Headers": "authorization,content-type",
}
PATH = "/v1/chat/completions"


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    site = ScriptedSite()
    site.says("blue")
    async with gateway_before(site, origins=[ORIGIN]) as found:
        yield found


def allowed(headers: CIMultiDictProxy[str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items() if name.lower().startswith("access-control")}


async def test_a_page_that_may_call(gateway: Gateway) -> None:
    """Its browser asks without the key, and the call itself needs it; what is refused can be read too."""
    asked = await gateway.ask("OPTIONS", PATH, key="", **ASKS)
    assert (asked.status, asked.body) == (204, b"")
    assert allowed(asked.headers) == {
        "access-control-allow-origin": ORIGIN,
        "access-control-allow-methods": "GET, POST",
        "access-control-allow-headers": "authorization,content-type",
        "access-control-max-age": "600",
    }
    near = await gateway.ask("OPTIONS", PATH, key="", **ASKS, Access_Control_Request_Private_Network="true")
    assert allowed(near.headers)["access-control-allow-private-network"] == "true"
    body = {"model": "codelinkava", "messages": [{"role": "user", "content": "Hi"}], "stream": True}
    for key, status in (("", 401), (None, 200)):
        shown = {} if key is None else {"key": key}
        answer = await gateway.ask("POST", PATH, body, **shown, Origin=ORIGIN, Sec_Fetch_Site="cross-site")
        assert (answer.status, answer.headers["Vary"]) == (status, "Origin")
        assert allowed(answer.headers) == {"access-control-allow-origin": ORIGIN}


@pytest.mark.parametrize("origin", ["http://evil.test", "null", "https://notes.example.org.evil.test", f"{ORIGIN}:444"])
async def test_pages_of_others(gateway: Gateway, origin: str) -> None:
    """They are told nothing, whatever they ask."""
    for method, key in (("OPTIONS", ""), ("POST", None)):
        shown = {} if key is None else {"key": key}
        answer = await gateway.ask(
            method, PATH, {} if method == "POST" else None, **shown, **(ASKS | {"Origin": origin})
        )
        assert answer.status == 403
        assert allowed(answer.headers) == {}
    assert not gateway.site.requests


async def test_programs_are_told_nothing_of_origins(gateway: Gateway) -> None:
    """They have none."""
    assert allowed((await gateway.ask("GET", "/v1/models")).headers) == {}
