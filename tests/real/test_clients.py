"""The server before a scripted site, called by the clients that people have, in their newest versions."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.answers import CALL
from tests.gateway.conftest import KEY, Gateway
from tests.real.clients import CLIENTS, MODEL, TURNS, Client, need, pydantic_agent
from tests.sites.asking import SECONDS, until
from tests.sites.base import Refusal
from tests.sites.scripted import delta

FUNCTION = {"name": CALL.name, "parameters": {"type": "object", "properties": {"of": {"type": "string"}}}}


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest) -> Client:
    """Each of the clients."""
    return CLIENTS[request.param]


def calls_the_sky(gateway: Gateway) -> None:
    """The site's next answer calls a function."""
    function = {"name": CALL.name, "arguments": CALL.arguments}
    call = {"index": 0, "id": CALL.id, "type": "function", "function": function}
    gateway.site.frames = [delta(tool_calls=[call]), {"choices": [{"delta": {}, "finish_reason": "tool_calls"}]}]


def status_of(error: BaseException | None) -> int | None:
    """The status that a client's error tells, be it the client's own or that of the library that it rests on."""
    while error is not None:
        if isinstance(status := getattr(error, "status_code", None), int):
            return status
        error = error.__cause__
    return None


async def test_a_whole_answer(gateway: Gateway, client: Client) -> None:
    """Text is text, also after what the model has thought."""
    gateway.site.says("blue", " sky", reasoning="hm")
    assert await client.ask(gateway.origin) == "blue sky"


async def test_a_streamed_answer(gateway: Gateway, client: Client) -> None:
    """Piece by piece."""
    gateway.site.says("blue", " sky", reasoning="hm")
    assert "".join([piece async for piece in client.stream(gateway.origin)]) == "blue sky"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("refusal", "status"), [(400, 400), (429, 429), (503, 503)])
async def test_failures_before_the_answer(
    gateway: Gateway, client: Client, refusal: int, status: int, *, stream: bool
) -> None:
    """Each client raises an error of its own for the status, with the words that say what to do."""
    gateway.site.refusals["/api/chat"] = Refusal(refusal, "not today")
    with pytest.raises(Exception, match="not today") as caught:
        await (_all(client.stream(gateway.origin)) if stream else client.ask(gateway.origin))
    assert status_of(caught.value) == status


async def test_a_model_that_is_not_served(gateway: Gateway, client: Client) -> None:
    """Is one of those statuses: the site is not asked."""
    for key in await gateway.store.sessions():
        await gateway.store.delete(key)
    with pytest.raises(Exception, match="toolkit login codelinkava") as caught:
        await client.ask(gateway.origin)
    assert status_of(caught.value) == 404
    assert not gateway.site.requests


async def test_a_failure_within_the_answer(gateway: Gateway, client: Client) -> None:
    """No client takes what had come for the whole answer."""
    gateway.site.frames, gateway.site.ending = [delta(content="blue")], "cut"
    with pytest.raises(Exception, match="broke before the answer was complete"):
        await _all(client.stream(gateway.origin))


async def test_a_client_that_goes_away(gateway: Gateway, client: Client) -> None:
    """After the first piece, and while it waits for the whole answer: the site's call ends too."""
    gateway.site.says("blue", " sky")
    gateway.site.frames, gateway.site.ending = gateway.site.frames[:-1], "hang"
    async with aclosing(client.stream(gateway.origin)) as stream:
        assert (await anext(stream)).startswith("blue")
    await until(lambda: gateway.site.left == 1)
    asking = asyncio.ensure_future(client.ask(gateway.origin))
    await until(lambda: len(gateway.site.asked) == 2)
    asking.cancel()
    await until(lambda: gateway.site.left == 2)


@pytest.mark.parametrize("kind", ["chat", "responses", "messages"])
async def test_an_agent_with_a_function(gateway: Gateway, kind: str) -> None:
    """The site calls it, the agent runs it, and the site gets what it gave: the same in each protocol."""
    calls_the_sky(gateway)

    def sky(of: str) -> str:
        gateway.site.says("It is blue.")
        return f"blue of {of}"

    async with pydantic_agent(kind, gateway.origin) as agent:
        agent.tool_plain(sky)
        assert (await agent.run("Hi")).output == "It is blue."
    question, call, result = gateway.site.requests[-1].body["messages"]
    assert (question["content"], call["tool_calls"][0]["function"]["name"]) == ("Hi", "sky")
    assert result == {"role": "tool", "content": "blue of Earth", "tool_call_id": CALL.id}


async def test_the_helpers_of_openai(gateway: Gateway) -> None:
    """Those that put a stream together, in a thread: text, functions, and an answer that was cut."""
    need("openai")
    from openai import OpenAI

    def chat(**fields: Any) -> Any:
        with api.chat.completions.stream(model=MODEL, messages=TURNS, **fields) as stream:
            return stream.get_final_completion().choices[0]

    def respond(**fields: Any) -> Any:
        with api.responses.stream(model=MODEL, input="Hi", **fields) as stream:
            return list(stream)[-1].response

    with OpenAI(base_url=f"{gateway.origin}/v1", api_key=KEY, max_retries=0) as api:
        assert (await asyncio.to_thread(chat)).message.content == "blue sky"
        assert (await asyncio.to_thread(respond)).output_text == "blue sky"
        gateway.site.says("bl", reason="length")
        cut = await asyncio.to_thread(respond)
        assert (cut.status, cut.incomplete_details.reason) == ("incomplete", "max_output_tokens")
        calls_the_sky(gateway)
        called = await asyncio.to_thread(chat, tools=[{"type": "function", "function": FUNCTION}])
        assert (called.finish_reason, called.message.tool_calls[0].function.arguments) == ("tool_calls", CALL.arguments)
        called = await asyncio.to_thread(respond, tools=[{"type": "function", **FUNCTION}])
        assert (called.output[0].call_id, called.output[0].arguments) == (CALL.id, CALL.arguments)


async def test_the_helper_of_anthropic(gateway: Gateway) -> None:
    """In a thread: thinking, text, functions, tokens, and the error of a wrong key."""
    need("anthropic")
    from anthropic import Anthropic, AuthenticationError

    asking: Any = {"model": MODEL, "max_tokens": 9, "messages": TURNS}

    def message(**fields: Any) -> Any:
        with api.messages.stream(**asking, **fields) as stream:
            return stream.get_final_message()

    gateway.site.says("blue", reasoning="hm", reason="length")
    with Anthropic(base_url=gateway.origin, api_key=KEY, max_retries=0) as api:
        told = await asyncio.to_thread(message)
        assert [block.type for block in told.content] == ["thinking", "text"]
        assert (told.stop_reason, told.content[0].thinking, told.content[1].text) == ("max_tokens", "hm", "blue")
        calls_the_sky(gateway)
        tool = {"name": CALL.name, "input_schema": FUNCTION["parameters"]}
        told = await asyncio.to_thread(message, tools=[tool])
        assert (told.stop_reason, told.content[0].input) == ("tool_use", {"of": "Earth"})
        counted = await asyncio.to_thread(api.messages.count_tokens, model=MODEL, messages=TURNS)
        assert counted.input_tokens == 1
    with Anthropic(base_url=gateway.origin, api_key="sk-of-somebody-else", max_retries=0) as api:
        with pytest.raises(AuthenticationError, match="toolkit serve key") as caught:
            await asyncio.to_thread(message)
        assert caught.value.request_id


async def test_what_clients_ask_again(gateway: Gateway) -> None:
    """Only what had no effect at the site."""
    need("openai")
    from openai import AsyncOpenAI, InternalServerError, RateLimitError

    async with AsyncOpenAI(base_url=f"{gateway.origin}/v1", api_key=KEY, max_retries=1) as api:
        gateway.site.frames, gateway.site.ending = [delta(content="blue")], "cut"
        with pytest.raises(InternalServerError):
            await api.responses.create(model=MODEL, input="Hi")
        assert len(gateway.site.asked) == 1
        gateway.site.refusals["/api/chat"] = Refusal(429, "slow down")
        with pytest.raises(RateLimitError):
            await api.responses.create(model=MODEL, input="Hi")
        assert len(gateway.site.asked) == 3


async def _all(pieces: AsyncIterator[str]) -> list[str]:
    return [piece async for piece in pieces]


class Llm:
    """The command `llm`, whose settings are in `folder`."""

    def __init__(self, folder: Path, origin: str) -> None:
        need("llm")
        settings = f"- model_id: sky\n  model_name: {MODEL}\n  api_base: {origin}/v1\n  api_key_name: toolkit\n"
        (folder / "extra-openai-models.yaml").write_text(settings)
        self._environment = {**os.environ, "LLM_USER_PATH": str(folder)}

    async def start(self, *arguments: str) -> asyncio.subprocess.Process:
        command = (sys.executable, "-m", "llm", "prompt", "-m", "sky", "--key", KEY, "Hi", *arguments)
        return await asyncio.create_subprocess_exec(
            *command,
            env=self._environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def run(self, *arguments: str) -> tuple[int | None, str, str]:
        """Its exit code, and what it has printed."""
        process = await self.start(*arguments)
        async with asyncio.timeout(SECONDS):
            printed, complaint = await process.communicate()
        return process.returncode, printed.decode().strip(), complaint.decode()


async def test_the_command_llm(gateway: Gateway, tmp_path: Path) -> None:
    """Streamed and not, with an error of the site's before the answer and one within it, and ended by the person."""
    llm = Llm(tmp_path, gateway.origin)
    assert (await llm.run())[:2] == (0, "blue sky")
    assert (await llm.run("--no-stream"))[:2] == (0, "blue sky")
    gateway.site.frames, gateway.site.ending = [delta(content="blue")], "cut"
    code, printed, complaint = await llm.run()
    assert (code, printed) == (1, "blue")
    assert "broke before the answer was complete" in complaint
    gateway.site.refusals["/api/chat"] = Refusal(400, "not today")
    code, _, complaint = await llm.run()
    assert code == 1
    assert "not today" in complaint
    gateway.site.refusals.clear()
    gateway.site.ending = "hang"
    asked = len(gateway.site.asked)
    process = await llm.start()
    await until(lambda: len(gateway.site.asked) > asked)
    process.terminate()
    await process.communicate()
    await until(lambda: gateway.site.left == 1)
