"""The clients that people have, each as the tests use it: one question, answered whole or piece by piece.

None of them tries again by itself here; what they do on their own is tested with each of them.
"""

from __future__ import annotations

import importlib.util
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from functools import partial
from typing import Any, NamedTuple

from tests.conftest import absent
from tests.gateway.conftest import KEY
from tests.real import javascript

MODEL = "codelinkava"
TURNS: Any = [{"role": "user", "content": "Hi"}]


class Client(NamedTuple):
    """A client of a server at an origin: `ask` gives the whole answer, `stream` its pieces."""

    ask: Callable[[str], Awaitable[str]]
    stream: Callable[[str], AsyncGenerator[str, None]]


def need(library: str) -> None:
    """Skips the test, or fails it in CI, where `library` is not installed."""
    if importlib.util.find_spec(library) is None:
        absent(f"There is no {library}: it comes with the extra test-real.")


def _openai(origin: str) -> Any:
    need("openai")
    from openai import AsyncOpenAI

    return AsyncOpenAI(base_url=f"{origin}/v1", api_key=KEY, max_retries=0)


async def _ask_chat(origin: str) -> str:
    async with _openai(origin) as client:
        answer = await client.chat.completions.create(model=MODEL, messages=TURNS)
        return str(answer.choices[0].message.content)


async def _stream_chat(origin: str) -> AsyncGenerator[str, None]:
    async with (
        _openai(origin) as client,
        await client.chat.completions.create(model=MODEL, messages=TURNS, stream=True) as stream,
    ):
        async for chunk in stream:
            if piece := chunk.choices[0].delta.content:
                yield piece


async def _ask_responses(origin: str) -> str:
    async with _openai(origin) as client:
        return str((await client.responses.create(model=MODEL, input="Hi")).output_text)


async def _stream_responses(origin: str) -> AsyncGenerator[str, None]:
    async with _openai(origin) as client, client.responses.stream(model=MODEL, input="Hi") as stream:
        async for event in stream:
            if event.type == "response.output_text.delta":
                yield event.delta


def _anthropic(origin: str) -> Any:
    need("anthropic")
    from anthropic import AsyncAnthropic

    return AsyncAnthropic(base_url=origin, api_key=KEY, max_retries=0)


async def _ask_messages(origin: str) -> str:
    async with _anthropic(origin) as client:
        message = await client.messages.create(model=MODEL, max_tokens=99, messages=TURNS)
        return "".join(block.text for block in message.content if block.type == "text")


async def _stream_messages(origin: str) -> AsyncGenerator[str, None]:
    async with (
        _anthropic(origin) as client,
        client.messages.stream(model=MODEL, max_tokens=99, messages=TURNS) as stream,
    ):
        async for piece in stream.text_stream:
            yield piece


@asynccontextmanager
async def _langchain(origin: str, *, responses: bool) -> AsyncIterator[Any]:
    need("langchain_openai")
    from langchain_openai import ChatOpenAI
    from openai import DefaultAsyncHttpxClient

    address: Any = {"model": MODEL, "base_url": f"{origin}/v1", "api_key": KEY}
    async with DefaultAsyncHttpxClient() as http:
        yield ChatOpenAI(**address, max_retries=0, use_responses_api=responses, http_async_client=http)


def _of_langchain(*, responses: bool) -> Client:
    async def ask(origin: str) -> str:
        async with _langchain(origin, responses=responses) as model:
            return str((await model.ainvoke("Hi")).text)

    async def stream(origin: str) -> AsyncGenerator[str, None]:
        async with (
            _langchain(origin, responses=responses) as model,
            aclosing(model.astream("Hi")) as chunks,
        ):
            async for chunk in chunks:
                if chunk.text:
                    yield str(chunk.text)

    return Client(ask, stream)


@asynccontextmanager
async def pydantic_agent(kind: str, origin: str) -> AsyncIterator[Any]:
    """An agent of pydantic-ai that speaks `chat`, `responses` or `messages`."""
    need("pydantic_ai")
    from pydantic_ai import Agent
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
    from pydantic_ai.providers.anthropic import AnthropicProvider
    from pydantic_ai.providers.openai import OpenAIProvider

    if kind == "messages":
        async with _anthropic(origin) as client:
            yield Agent(AnthropicModel(MODEL, provider=AnthropicProvider(anthropic_client=client)))
        return
    model = OpenAIChatModel if kind == "chat" else OpenAIResponsesModel
    async with _openai(origin) as client:
        yield Agent(model(MODEL, provider=OpenAIProvider(openai_client=client)))


def _of_pydantic(kind: str) -> Client:
    async def ask(origin: str) -> str:
        async with pydantic_agent(kind, origin) as agent:
            return str((await agent.run("Hi")).output)

    async def stream(origin: str) -> AsyncGenerator[str, None]:
        async with pydantic_agent(kind, origin) as agent, agent.run_stream("Hi") as run:
            async for piece in run.stream_text(delta=True, debounce_by=None):
                yield piece

    return Client(ask, stream)


CLIENTS = {
    "openai, chat completions": Client(_ask_chat, _stream_chat),
    "openai, responses": Client(_ask_responses, _stream_responses),
    "anthropic": Client(_ask_messages, _stream_messages),
    "langchain, chat completions": _of_langchain(responses=False),
    "langchain, responses": _of_langchain(responses=True),
    "pydantic-ai, chat completions": _of_pydantic("chat"),
    "pydantic-ai, responses": _of_pydantic("responses"),
    "pydantic-ai, messages": _of_pydantic("messages"),
    **{
        f"{name}, JavaScript": Client(
            partial(javascript.ask, name, MODEL), partial(javascript.run, name, "stream", MODEL)
        )
        for name in javascript.NAMES
    },
}
