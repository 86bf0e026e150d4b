"""The server before a site, as clients of other protocols than chat completions see it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.gateway.answers import CALL, named_events
from tests.gateway.conftest import KEY, Answered, Gateway
from tests.sites.asking import until
from tests.sites.base import Refusal
from tests.sites.scripted import delta
from toolkit.gateway.protocols import PROTOCOLS, protocol_at

SKY = {"name": "sky", "parameters": {"type": "object"}}
ASKING: dict[str, dict[str, Any]] = {
    "/v1/responses": {"model": "codelinkava", "input": "Hi"},
    "/v1/messages": {"model": "codelinkava", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]},
}
PATHS = tuple(ASKING)
DELTAS = ("response.output_text.delta", "content_block_delta")


async def ask(gateway: Gateway, path: str, **fields: Any) -> Answered:
    return await gateway.ask("POST", path, {**ASKING[path.partition("?")[0]], **fields})


def calls_the_sky(gateway: Gateway) -> None:
    """The site's next answer."""
    function = {"name": CALL.name, "arguments": CALL.arguments}
    gateway.site.frames = [
        delta(tool_calls=[{"index": 0, "id": CALL.id, "type": "function", "function": function}]),
        {"choices": [{"delta": {}, "finish_reason": "stop"}]},
    ]


def text_of(path: str, document: Any) -> str:
    """The text in a whole answer."""
    blocks = document["content"] if path == "/v1/messages" else document["output"][-1]["content"]
    return "".join(block["text"] for block in blocks if block["type"] in ("text", "output_text"))


@pytest.mark.parametrize("path", PATHS)
async def test_a_whole_answer(gateway: Gateway, path: str) -> None:
    """In one document, and in a stream that ends with the event that says so."""
    answer = await ask(gateway, path)
    assert (answer.status, text_of(path, answer.json)) == (200, "blue sky")
    assert answer.headers["request-id"] == answer.headers["x-request-id"]
    streamed = await ask(gateway, path, stream=True)
    events = named_events(streamed.body)
    deltas = [event["delta"] for event in events if event["type"] in DELTAS]
    assert "".join(one if isinstance(one, str) else one["text"] for one in deltas) == "blue sky"
    assert events[-1]["type"] == {"/v1/responses": "response.completed", "/v1/messages": "message_stop"}[path]


async def test_the_address_of_agents(gateway: Gateway) -> None:
    """Is the same with their query, and with the key in Anthropic's header."""
    answer = await gateway.ask("POST", "/v1/messages?beta=true", ASKING["/v1/messages"], key="", x_api_key=KEY)
    assert text_of("/v1/messages", answer.json) == "blue sky"


async def test_functions(gateway: Gateway) -> None:
    """Go to the site as chat completions has them; an answer that calls one ends for that reason, whatever the site
    says, since agents go by it; results go back to the site."""
    calls_the_sky(gateway)
    told = (await ask(gateway, "/v1/responses", tools=[{"type": "function", **SKY}])).json
    assert told["output"][0]["type"] == "function_call"
    asked = gateway.site.requests[-1].body
    assert asked["tools"] == [{"type": "function", "function": SKY}]
    told = (await ask(gateway, "/v1/messages", tools=[{"name": "sky", "input_schema": {"type": "object"}}])).json
    assert (told["stop_reason"], told["content"][0]["input"]) == ("tool_use", {"of": "Earth"})
    assert gateway.site.requests[-1].body["tools"] == asked["tools"]
    assert (await gateway.chat(tools=asked["tools"])).json["choices"][0]["finish_reason"] == "tool_calls"
    gateway.site.says("blue")
    called = {"type": "function_call", "call_id": "1", "name": "sky", "arguments": "{}"}
    await ask(
        gateway, "/v1/responses", input=[called, {"type": "function_call_output", "call_id": "1", "output": "blue"}]
    )
    assert gateway.site.requests[-1].body["messages"] == [
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "1", "type": "function", "function": {"name": "sky", "arguments": "{}"}}],
        },
        {"role": "tool", "content": "blue", "tool_call_id": "1"},
    ]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", PATHS)
async def test_failures_before_the_answer(gateway: Gateway, path: str, *, stream: bool) -> None:
    """Are statuses of their own, in the shape of each protocol."""
    gateway.site.refusals["/api/chat"] = Refusal(429, "slow down", headers={"Retry-After": "7"})
    answer = await ask(gateway, path, stream=stream)
    assert (answer.status, answer.headers["Retry-After"]) == (429, "7")
    assert answer.json["error"]["type"] == "rate_limit_error"
    if path == "/v1/messages":
        assert (answer.json["type"], answer.json["request_id"]) == ("error", answer.headers["request-id"])


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/count_tokens", "/v1/messages/batches"])
async def test_who_may_not_come_in(gateway: Gateway, path: str) -> None:
    """Is told so in Anthropic's shape, everywhere below its endpoint."""
    answer = await gateway.ask("POST", path, ASKING["/v1/messages"], key="")
    assert (answer.status, answer.json["error"]["type"]) == (401, "authentication_error")


@pytest.mark.parametrize("path", PATHS)
async def test_a_failure_within_the_answer(gateway: Gateway, path: str) -> None:
    """Is the last event, and never an end."""
    gateway.site.ending = "cut"
    gateway.site.frames = [delta(content="blue")]
    last = named_events((await ask(gateway, path, stream=True)).body)[-1]
    assert last["type"] == {"/v1/responses": "response.failed", "/v1/messages": "error"}[path]
    assert last["error"]["message"].startswith("codelinkava: ")
    assert (await ask(gateway, path)).status == 502


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", PATHS)
async def test_a_client_that_goes_away(gateway: Gateway, path: str, *, stream: bool) -> None:
    """The site's call ends with it."""
    gateway.site.ending = "hang"
    asking = asyncio.create_task(ask(gateway, path, stream=stream))
    await until(lambda: bool(gateway.site.asked))
    asking.cancel()
    await until(lambda: gateway.site.left == 1)


async def test_tokens_of_a_question(gateway: Gateway) -> None:
    """Are estimated from all that is text, functions included, and no site is asked; the model has to be one."""
    path = "/v1/messages/count_tokens"
    asking = {"model": "codelinkava", "messages": [{"role": "user", "content": "12345678"}]}
    assert (await gateway.ask("POST", path, asking)).json == {"input_tokens": 2, "estimated": True}
    asking["tools"] = [{"name": "sky", "input_schema": {"type": "object"}}]
    assert (await gateway.ask("POST", path, asking)).json["input_tokens"] > 10
    answer = await gateway.ask("POST", path, {**asking, "model": "nobody"})
    assert (answer.status, answer.json["error"]["type"]) == (404, "not_found_error")
    assert not gateway.site.requests


def test_what_is_spoken_where() -> None:
    """At a path and below it, and not beside it."""
    assert [protocol_at(protocol.path) for protocol in PROTOCOLS] == list(PROTOCOLS)
    assert protocol_at("/v1/messages/count_tokens") is protocol_at("/v1/messages")
    assert protocol_at("/v1/messages-of-mine") is None
