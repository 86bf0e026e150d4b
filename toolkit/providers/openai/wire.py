"""The shapes of OpenAI's chat completions (https://platform.openai.com/docs/api-reference/chat), and what servers that
speak them add. What is not named here is passed over when it is read; what servers write in more than one way is `Any`,
and read with care."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct


class Delta(Struct, gc=False):
    """A piece of the answer, or (as `message`) all of it."""

    content: str | list[Any] | None = None
    reasoning_content: Any = None  # DeepSeek, vLLM, llama.cpp, Open WebUI
    reasoning: Any = None  # OpenRouter, newer vLLM, Ollama
    thinking: Any = None  # some gateways
    refusal: str | None = None
    tool_calls: list[Any] | None = None
    function_call: Any = None  # of before tools
    images: list[Any] | None = None
    audio: Any = None
    annotations: list[Any] | None = None  # web pages that were cited


class Choice(Struct, gc=False):
    """One of the answers that were asked for; only the first is."""

    delta: Delta | None = None
    message: Delta | None = None  # of an answer in one document, and of servers that take one for the other
    text: str | None = None  # of the completions that came before chats
    finish_reason: str | None = None
    error: Any = None
    index: int = 0


class Chunk(Struct, gc=False):
    """One `data:` of a stream, or the one document of an answer that is none. One that tells something besides the
    answer has no choice."""

    choices: list[Choice] | None = None
    error: Any = None
    usage: Any = None
    object: Any = None
    type: Any = None
    message: Any = None
    detail: Any = None
    code: Any = None
    sources: Any = None  # Open WebUI
    selected_model_id: Any = None  # Open WebUI's arena
    citations: Any = None  # Perplexity


class PlainDelta(Struct, gc=False):
    """A delta of text or of reasoning and nothing else: each field of `Delta` that says more is missing or null."""

    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    thinking: None = None
    refusal: None = None
    tool_calls: None = None
    function_call: None = None
    images: None = None
    audio: None = None
    annotations: None = None


class PlainChoice(Struct, gc=False):
    """A choice that has such a delta and nothing else."""

    delta: PlainDelta
    message: None = None
    text: None = None
    finish_reason: None = None
    error: None = None
    index: Literal[0] = 0


class PlainChunk(Struct, gc=False):
    """A chunk with one piece of text or of reasoning and nothing else, which nearly all are.

    That there is nothing else is checked while the JSON is decoded: it would cost more to look at each field of a
    `Chunk` afterwards.
    """

    choices: tuple[PlainChoice]
    error: None = None
    usage: None = None
    sources: None = None
    citations: None = None
    selected_model_id: None = None


class ToolCallDelta(Struct):
    """A piece of a call of a tool: the pieces of one `index` belong together."""

    index: int | None = None
    id: str | None = None
    function: FunctionDelta | None = None


class FunctionDelta(Struct):
    name: str | None = None
    arguments: str | dict[str, Any] | None = None  # a document in the place of its text: Ollama's way


class Model(Struct):
    id: str


class Models(Struct):
    """The models of an OpenAI endpoint."""

    data: list[Model]
