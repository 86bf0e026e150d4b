"""Prompts that a site is known not to take."""

from __future__ import annotations

from typing import Any

import pytest

from tests.gateway.conftest import Gateway, gateway_before
from tests.sites.scripted import ScriptedSite
from toolkit.gateway.prompt_limits import limit_of
from toolkit.gateway.served_models import ServedModel, ServedSite

LONG = "word " * 100  # about 125 tokens
SAID = [{"role": "user", "content": LONG}]
ASKING: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {"messages": SAID},
    "/v1/responses": {"input": LONG},
    "/v1/messages": {"max_tokens": 9, "messages": SAID},
}
LIMITS = {"codelinkava": 100}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", ASKING)
async def test_a_prompt_that_is_too_long(path: str, *, stream: bool) -> None:
    """It is refused in the shape and the words by which clients know that they have to shorten it, and no site is
    asked; one that is not too long is as any other."""
    site = ScriptedSite()
    site.says("blue")
    async with gateway_before(site, longest_prompts=LIMITS) as gateway:
        answer = await gateway.ask("POST", path, {"model": "codelinkava/m", "stream": stream, **ASKING[path]})
        error = answer.json["error"]
        assert (answer.status, error["type"], answer.headers["x-should-retry"]) == (
            400,
            "invalid_request_error",
            "false",
        )
        assert "prompt is too long: 125 tokens > 100 maximum" in error["message"]
        assert "maximum context length is 100 tokens" in error["message"]
        if path != "/v1/messages":
            field = "input" if path == "/v1/responses" else "messages"
            assert (error["code"], error["param"]) == ("context_length_exceeded", field)
        assert not site.requests
        assert (await gateway.chat("Hi")).status == 200


async def test_functions_are_a_part_of_it() -> None:
    """Agents send more of these than of text."""
    tool = {"type": "function", "function": {"name": "sky", "description": LONG}}
    async with gateway_before(ScriptedSite(), longest_prompts=LIMITS) as gateway:
        answer = await gateway.chat("Hi", tools=[tool])
        assert answer.json["error"]["code"] == "context_length_exceeded"


@pytest.mark.parametrize("stream", [False, True])
async def test_another_model_that_takes_it(*, stream: bool) -> None:
    """Where a name stands for several, the first one that takes the prompt is asked."""
    site = ScriptedSite()
    site.says("blue")
    aliases = {"sky": ("codelinkava/small", "codelinkava/large")}
    async with gateway_before(site, longest_prompts={"codelinkava/small": 100}, aliases=aliases) as gateway:
        for text in (LONG, "Hi"):
            assert (await gateway.chat(text, model="sky", stream=stream)).status == 200
        assert [call.body["model"] for call in site.calls("/api/chat")] == ["large", "small"]


async def test_tokens_are_counted_all_the_same(gateway: Gateway) -> None:
    """Agents ask how long a conversation is in order to shorten it."""
    async with gateway_before(gateway.site, longest_prompts=LIMITS) as limited:
        asked = {"model": "codelinkava", "messages": SAID}
        assert (await limited.ask("POST", "/v1/messages/count_tokens", asked)).json["input_tokens"] == 125


def test_which_limit_counts() -> None:
    """The name that says most: of the model at the account, of the model, of the account, of the provider."""
    model = ServedModel(ServedSite("openwebui", "work"), "meta/llama")
    names = ("openwebui@work/meta/llama", "openwebui/meta/llama", "openwebui@work", "openwebui", "aura")
    limits = {name: number for number, name in enumerate(names)}
    for number, name in enumerate(names[:-1]):
        assert limit_of(model, limits) == number
        del limits[name]
    assert limit_of(model, limits) is None
    assert limit_of(ServedModel(ServedSite("openwebui"), None), dict.fromkeys(names[:3], 1)) is None


async def test_what_one_site_does_not_take() -> None:
    """Pictures at a site without, and a call that it cannot be made to make: the error names the field, and a model
    that can is asked where the name stands for one."""
    site = ScriptedSite()
    site.says("blue")
    url = {"url": "data:image/png;base64,aGk="}
    said = [{"role": "user", "content": [{"type": "image_url", "image_url": url}]}]
    tools = {"tools": [{"type": "function", "function": {"name": "sky"}}], "tool_choice": "required"}
    urls = {"aura": "https://chat.example.org"}
    aliases = {"sky": ("aura", "codelinkava")}
    async with gateway_before(site, base_urls=urls, aliases=aliases) as gateway:
        for fields, param in ({"messages": said}, "messages"), (tools, "tool_choice"):
            asked = {"messages": [{"role": "user", "content": "Hi"}], **fields}
            answer = await gateway.ask("POST", "/v1/chat/completions", {"model": "aura", **asked})
            error = answer.json["error"]
            assert (answer.status, error["code"], error["param"]) == (400, "unsupported_by_site", param)
            answer = await gateway.ask("POST", "/v1/chat/completions", {"model": "sky", **asked})
            assert answer.status == 200
        assert "JSON in the prompt" in error["message"]
        assert len(site.asked) == 2
