"""What a whole answer was, for the end of a stream and for an answer in one document. Pure."""

from __future__ import annotations

import math
from typing import NamedTuple

from toolkit.chats.events import Media, Source, ToolCall, Usage
from toolkit.chats.messages import Message
from toolkit.chats.stream import ChatStream

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


def read_usage(told: Usage | None, messages: tuple[Message, ...], written: str) -> AnswerUsage:
    """The tokens as the site has `told` them; what it has not is estimated from the texts."""
    prompt = told.prompt_tokens if told is not None else None
    completion = told.completion_tokens if told is not None else None
    estimated = prompt is None or completion is None
    if prompt is None:
        prompt = sum(estimate_tokens(message.text) for message in messages)
    if completion is None:
        completion = estimate_tokens(written)
    return AnswerUsage(prompt, completion, told.reasoning_tokens if told is not None else None, estimated)


def summarize(stream: ChatStream, text: str, messages: tuple[Message, ...]) -> AnswerSummary:
    """The summary of `stream`, which has been read to its end, and whose text is `text`."""
    return AnswerSummary(
        text=text,
        reasoning=stream.reasoning,
        tool_calls=tuple(stream.tool_calls),
        media=tuple(stream.media),
        sources=tuple(stream.sources),
        finish_reason=stream.finish_reason or "stop",
        usage=read_usage(stream.usage, messages, text + stream.reasoning),
    )
