"""A pause that a site asks for is kept, by all servers that share a store."""

from __future__ import annotations

import pytest

from tests.gateway.conftest import Gateway
from tests.sites.base import Refusal
from tests.stores.servers import redis_server
from toolkit.errors import RateLimited, StoreError
from toolkit.gateway.served_models import ServedModel, ServedSite
from toolkit.gateway.site_pauses import SitePauses
from toolkit.stores.redis import RedisStore

MODEL = ServedModel(ServedSite("codelinkava", "work", "https://chat.example.org"), "sky")


@pytest.mark.parametrize("stream", [False, True])
async def test_a_site_is_not_asked_before_its_pause_is_over(gateway: Gateway, *, stream: bool) -> None:
    """Clients are told how long it still lasts; another model, and a site that has not said for how long, is asked."""
    gateway.site.refusals["/api/chat"] = Refusal(429, "slow down", headers={"Retry-After": "70"})
    for _ in range(3):
        answer = await gateway.chat(stream=stream)
        assert (answer.status, answer.json["error"]["code"]) == (429, "rate_limited")
        assert 60 < int(answer.headers["Retry-After"]) <= 70
        assert "x-should-retry" not in answer.headers
    assert len(gateway.site.asked) == 1
    gateway.site.refusals["/api/chat"] = Refusal(429, "slow down")
    for _ in range(2):
        assert (await gateway.chat(stream=stream, model="codelinkava/other")).status == 429
    assert len(gateway.site.asked) == 3


async def refused(pauses: SitePauses, model: ServedModel, seconds: float) -> None:
    """A call that the site refuses, and asks for a pause of so many seconds."""
    error = RateLimited("slow down")
    error.ask_to_wait(seconds)
    with pytest.raises(RateLimited, match="slow down"):
        async with pauses.kept(model):
            raise error


async def test_servers_share_a_pause() -> None:
    """By Redis: who has not asked the site knows of it too, for that account and model alone, until it is over. Where
    the server of the store is gone, that is told."""
    with redis_server() as server:
        first, second = (SitePauses(RedisStore(server.url, key="")) for _ in range(2))
        await refused(first, MODEL, 70.0)
        with pytest.raises(RateLimited, match="codelinkava@work has asked") as caught:
            async with second.kept(MODEL):
                pytest.fail("the site would be asked")
        assert caught.value.retry_after is not None
        assert 60 < caught.value.retry_after <= 70
        for other in (MODEL._replace(model=None), MODEL._replace(site=MODEL.site._replace(account="b"))):
            async with second.kept(other):
                pass
        await refused(first, MODEL._replace(model="short"), 0.001)
        async with second.kept(MODEL._replace(model="short")):
            pass
        server.stop()
        with pytest.raises(StoreError):
            async with second.kept(MODEL):
                pytest.fail("nobody knows whether there is a pause")
        with pytest.raises(RateLimited):  # what a server knows itself it keeps
            async with first.kept(MODEL):
                pytest.fail("the site would be asked")
