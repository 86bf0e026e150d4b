"""What a whole answer was, for the end of a stream and for an answer in one document. Pure."""

from __future__ import annotations

import math
from typing import NamedTuple

import msgspec

from toolkit.chats.events import Media, Source, ToolCall, Usage
from toolkit.chats.stream import ChatStream
from toolkit.gateway.question import Question

BYTES_PER_TOKEN = 4  # of UTF-8, about as many as tokenizers take for English


class AnswerUsage(NamedTuple):
    """The tokens of a call. `estimated` says that the site has not told all of them."""

    prompt: int
    completion: int
    reasoning: int | None
    estimated: bool


class AnswerSummary(NamedTuple):
    """An answer that is complete. `finish_reason` is in the site's words, as `ChatStream.finish_reason`."""

    text: str
    reasoning: str
    tool_calls: tuple[ToolCall, ...]
    media: tuple[Media, ...]
    sources: tuple[Source, ...]
    finish_reason: str
    usage: AnswerUsage


def estimate_tokens(text: str) -> int:
    """About how many tokens `text` is."""
    return math.ceil(len(text.encode("utf-8", "replace")) / BYTES_PER_TOKEN)


def estimate_prompt(question: Question) -> int:
    """About how many tokens the texts of `question` are, its functions included."""
    asked = sum(estimate_tokens(message.text) for message in question.messages)
    calls = (call for message in question.messages for call in message.tool_calls)
    asked += sum(estimate_tokens(call.name + call.arguments) for call in calls)
    return asked + (math.ceil(len(msgspec.json.encode(question.tools)) / BYTES_PER_TOKEN) if question.tools else 0)


def read_usage(told: Usage | None, question: Question, written: str) -> AnswerUsage:
    """The tokens as the site has `told` them; what it has not is estimated from the texts."""
    prompt = told.prompt_tokens if told is not None else None
    completion = told.completion_tokens if told is not None else None
    estimated = prompt is None or completion is None
    if prompt is None:
        prompt = estimate_prompt(question)
    if completion is None:
        completion = estimate_tokens(written)
    return AnswerUsage(prompt, completion, told.reasoning_tokens if told is not None else None, estimated)


def summarize(stream: ChatStream, question: Question) -> AnswerSummary:
    """The summary of `stream`, which has been read to its end.

    An answer that calls functions ends for that reason, also where the site calls it a plain end: agents go by it.
    """
    reason, text = stream.finish_reason or "stop", stream.received
    written = text + stream.reasoning + "".join(call.name + call.arguments for call in stream.tool_calls)
    return AnswerSummary(
        text=text,
        reasoning=stream.reasoning,
        tool_calls=stream.tool_calls,
        media=stream.media,
        sources=stream.sources,
        finish_reason="tool_calls" if stream.tool_calls and reason == "stop" else reason,
        usage=read_usage(stream.usage, question, written),
    )
