"""The models of a provider: asked at its site where that has a list, remembered for a while, else the known ones."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.providers.conftest import DEPLOYMENTS, SITES, Chatting, login_cookie
from tests.sites.aura import AuraSite
from tests.sites.base import Refusal
from tests.sites.openwebui import OpenWebUISite
from tests.sites.serving import serve
from toolkit.client.client import Client
from toolkit.errors import BadRequest, LoginRequired, ProtocolError, ServiceUnavailable, ToolkitError
from toolkit.providers import AiChatOnline, Aura, CodeLinkAva, OpenWebUI, model_lists
from toolkit.providers.registry import find
from toolkit.recording.recorder import Recorder
from toolkit.replay.local_network import LocalNetwork
from toolkit.session.browser_session import BrowserSession

LISTS = {"aura": "/api/models", "openassistant": "/api/chat/models", "openwebui": "/api/models"}
listing = pytest.mark.parametrize("provider", LISTS)


@listing
async def test_the_site_is_asked_once(provider: str, chatting: Chatting) -> None:
    """For its list, with the session; a later call has it at hand, and `refresh` asks anew."""
    site = SITES[provider]()
    async with chatting(provider, site) as client:
        found = await client.models()
        assert found
        assert set(found) >= set(client.provider.known_models)
        assert await client.models() == found
        assert len(site.calls(LISTS[provider])) == 1
        assert await client.models(refresh=True) == found
    assert len(site.calls(LISTS[provider])) == 2
    assert site.problems == []


async def test_one_client_knows_what_another_has_asked() -> None:
    """With the same session; but a recording, or a replay, has each call in it, whatever came before."""
    site, recorder = OpenWebUISite(), Recorder()
    async with serve(site.app()) as origin:
        given: dict[str, Any] = {"base_url": origin, "cookies": login_cookie(site)}
        for expected, told in ((1, None), (1, None), (2, recorder), (2, None)):
            async with Client("openwebui", recorder=told, **given) as client:
                for _ in range(2):
                    await client.chat("Hi").text()
            assert len(site.calls(LISTS["openwebui"])) == expected
        await recorder.aclose()
    for _ in range(2):
        async with (
            LocalNetwork(recording=recorder.recording("of this test"), strict=True) as network,
            Client("openwebui", base_url=origin, session=network.session, route=network.route) as client,
        ):
            for _ in range(2):
                await client.chat("Hi").text()


@listing
async def test_without_a_model_the_first_of_the_list_is_asked(provider: str, chatting: Chatting) -> None:
    """Of the site's own list, whatever is known of other deployments; one that is named is asked without a look."""
    site, key = SITES[provider](), {"aura": "id", "openwebui": "id", "openassistant": "name"}[provider]
    async with chatting(provider, site) as client:
        listed = await client.models()
        site.refusals[LISTS[provider]] = Refusal(
            200,
            json.dumps(
                {"data": [{key: one} for one in reversed(listed)]}
                if provider == "openwebui"
                else [{key: one} for one in reversed(listed)]
            ),
        )
        await client.models(refresh=True)
        await client.chat("Hi").text()
        assert len(site.calls(LISTS[provider])) == 2
        await client.chat("Hi", model=listed[0]).text()
    asked = [_model(seen.body) for seen in site.requests if isinstance(seen.body, dict) and _model(seen.body)]
    assert asked == [listed[-1], listed[0]]
    assert len(set(listed)) > 1


def _model(body: dict[str, Any]) -> Any:
    model = body.get("model") or body.get("model_config_name")
    return model["id"] if isinstance(model, dict) else model


@pytest.mark.parametrize("provider", [Aura, OpenWebUI])
async def test_a_provider_asks_with_a_client_of_its_own(provider: type[Aura] | type[OpenWebUI]) -> None:
    """With the arguments of one."""
    site = SITES[provider.name]()
    async with serve(site.app()) as origin:
        found = await provider(origin).models(cookies=login_cookie(site), retries=0)
    assert found == tuple(site.models if isinstance(site, OpenWebUISite) else provider.known_models)


@pytest.mark.parametrize("provider", [AiChatOnline(), CodeLinkAva("https://any.example")])
async def test_where_there_is_no_list_nobody_is_asked(provider: AiChatOnline | CodeLinkAva) -> None:
    """The known models are those that there are, none included; no session is needed for them."""
    assert await provider.models() == type(provider).known_models
    assert await Client(provider).models() == type(provider).known_models


async def test_a_deployment_without_the_list_has_the_known_models(chatting: Chatting) -> None:
    """As 404 says; where none are known either, that is an error like any other."""
    aura, other = AuraSite(), OpenWebUISite()
    aura.refusals[LISTS["aura"]] = other.refusals[LISTS["openwebui"]] = Refusal(404, "Not Found")
    async with chatting("aura", aura) as client:
        assert await client.models(refresh=True) == Aura.known_models
    async with chatting("openwebui", other) as client:
        with pytest.raises(BadRequest, match="404"):
            await client.models()


@listing
@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Refusal(500, "Error"), ServiceUnavailable),
        (Refusal(401, '{"detail": "401 Unauthorized"}'), LoginRequired),
        (Refusal(200, "no JSON"), ProtocolError),
        (Refusal(200, '[{"other": 1}]'), ProtocolError),
        (Refusal(200, '[{"id": null, "name": null}]'), ProtocolError),
    ],
)
async def test_a_list_that_cannot_be_had_is_an_error(
    provider: str, answer: Refusal, kind: type[ToolkitError], chatting: Chatting
) -> None:
    """Never silently the known models."""
    site = SITES[provider]()
    site.refusals[LISTS[provider]] = answer
    async with chatting(provider, site) as client:
        with pytest.raises(kind) as caught:
            await client.models(refresh=True)
    assert caught.value.provider == provider


async def test_a_site_without_a_model_says_so(chatting: Chatting) -> None:
    """An empty list is no default to call with, and is not remembered."""
    site = OpenWebUISite()
    site.models = ()
    async with chatting("openwebui", site) as client:
        with pytest.raises(ProtocolError, match="offers this account no model"):
            await client.chat("Hi").text()
        site.models = ("new",)
        assert await client.models() == ("new",)


async def test_a_list_is_good_for_an_hour(chatting: Chatting, monkeypatch: pytest.MonkeyPatch) -> None:
    """After that the site is asked again."""
    site = OpenWebUISite()
    monkeypatch.setattr(model_lists, "CACHE_SECONDS", 0.0)
    async with chatting("openwebui", site) as client:
        await client.models()
        site.models = ("other",)
        assert await client.models() == ("other",)


async def test_lists_are_told_apart_by_account(chatting: Chatting) -> None:
    """What one account is offered is not what another is."""
    site = OpenWebUISite()
    async with chatting("openwebui", site) as client:
        assert await client.models() == site.models
    site.models = ("for-the-other",)
    async with chatting("openwebui", site) as client:  # with a session of its own
        assert await client.models() == ("for-the-other",)


async def test_lists_are_told_apart_by_bearer() -> None:
    """Two sessions without a cookie, or two that were visited for: each is asked for."""
    site = OpenWebUISite()
    async with serve(site.app()) as origin:
        for model, visited in (("of-one", 0.0), ("of-other", 0.0), ("of-a-third", 1.0), ("of-a-fourth", 2.0)):
            storage = {origin: {"token": site.new_token()}}
            session = BrowserSession(provider="openwebui", origin=origin, local_storage=storage, harvested_at=visited)
            site.models = (model,)
            async with Client("openwebui", session=session, base_url=origin) as client:
                assert await client.models() == (model,)


def test_every_provider_knows_or_asks() -> None:
    """`lists_models` tells which."""
    assert {name for name in SITES if find(name)(DEPLOYMENTS.get(name)).lists_models} == set(LISTS)
