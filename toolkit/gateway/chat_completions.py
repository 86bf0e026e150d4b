"""OpenAI's chat completions: what a request asks for, and the answer as events of a stream or as one document. Pure.

https://platform.openai.com/docs/api-reference/chat and /chat-streaming. Each field that is sent is one that a client
breaks without; a field of a request that is not known is passed over, and one that cannot be kept is refused.
"""

from __future__ import annotations

import base64
from typing import Any

import msgspec

from toolkit.chats.events import ChatEvent, Media, Reasoning, Sources, ToolCall
from toolkit.chats.messages import read_tools
from toolkit.gateway.answer_summary import AnswerSummary, AnswerUsage
from toolkit.gateway.conversation import check_messages
from toolkit.gateway.error_answers import GatewayError, Refused, invalid, openai_error
from toolkit.gateway.question import JSON_HINT, NO_FUNCTION, OWN_OPTIONS, AnswerHead, Question
from toolkit.gateway.request_body import Count, decode_body

# The reasons that clients know; what a site calls otherwise is an answer that ended by itself.
FINISH_REASONS = {"stop", "length", "content_filter", "tool_calls", "function_call"}
NO_OPTIONS = OWN_OPTIONS | {"messages", "model"}  # fields that are for no site's options
DONE = b"data: [DONE]\n\n"


class StreamOptions(msgspec.Struct):
    include_usage: bool = False


class ChatCompletionRequest(msgspec.Struct, kw_only=True):
    """The fields of a request that mean something here."""

    model: str
    messages: list[dict[str, Any]]
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    temperature: float | None = None
    max_tokens: Count | None = None
    max_completion_tokens: Count | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: str | dict[str, Any] | None = None
    response_format: dict[str, Any] | None = None
    n: int | None = None

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    def __repr__(self) -> str:
        return f"<ChatCompletionRequest model={self.model}: {len(self.messages)} messages>"


def read_request(body: bytes) -> tuple[str, Question]:
    """The name of the model, and the question. Raises `Refused`."""
    asked, fields = decode_body(body, ChatCompletionRequest)
    if asked.n not in (None, 1):
        raise Refused(invalid("n", "One answer at a time: `n` is 1."))
    if (asked.response_format or {}).get("type", "text") != "text":
        raise Refused(invalid("response_format", f"No site can be made to keep to a format. {JSON_HINT}"))
    if not asked.tools and asked.tool_choice not in (None, "auto", "none"):
        raise Refused(invalid("tool_choice", NO_FUNCTION))
    limit = asked.max_tokens if asked.max_completion_tokens is None else asked.max_completion_tokens
    return asked.model, Question(
        messages=check_messages(asked.messages, "messages"),
        stream=bool(asked.stream),
        include_usage=asked.stream_options is not None and asked.stream_options.include_usage,
        temperature=asked.temperature,
        max_tokens=limit,
        tools=read_tools(asked.tools or ()),
        tool_choice=asked.tool_choice,
        # The question has the others, and agents send long messages and tools.
        fields={name: value for name, value in fields.items() if name not in NO_OPTIONS},
    )


BEFORE_TEXT = b',"choices":[{"index":0,"delta":{"content":'

_encode = msgspec.json.Encoder().encode


class ChunkWriter:
    """Writes the events of a stream, which all begin with what `head` says."""

    __slots__ = ("_before_text", "_include_usage")

    def __init__(self, head: AnswerHead) -> None:
        same = {"id": head.id, "object": "chat.completion.chunk", "created": head.created, "model": head.model}
        self._include_usage = head.question.include_usage
        self._before_text = b"data: " + msgspec.json.encode(same)[:-1] + BEFORE_TEXT

    @property
    def _head(self) -> bytes:
        return self._before_text[: -len(BEFORE_TEXT)]

    def begin(self) -> bytes:
        """The first event, which says whose turn it is."""
        return self._chunk({"role": "assistant", "content": ""})

    def text(self, piece: str) -> bytes:
        """A piece of the answer. Of all events nearly each is one, so it is put together by hand."""
        return self._before_text + _encode(piece) + b'},"finish_reason":null}]}\n\n'

    def event(self, event: ChatEvent) -> bytes:
        """What else the site says, where clients have a field for it; nothing otherwise."""
        if isinstance(event, Reasoning):
            return self._chunk({"reasoning_content": event.text})
        if isinstance(event, ToolCall):
            opened = {"index": event.index, **_call(event), "function": {"name": event.name, "arguments": ""}}
            filled = {"index": event.index, "function": {"arguments": event.arguments}}
            return self._chunk({"tool_calls": [opened]}) + self._chunk({"tool_calls": [filled]})
        if isinstance(event, Media) and (image := _image(event)):
            return self._chunk({"images": [image]})
        if isinstance(event, Sources):
            return self._chunk({"annotations": _annotations(event.sources)})
        return b""

    def end(self, answer: AnswerSummary) -> bytes:
        """The last events of an answer that is complete."""
        events = self._chunk({}, finish_reason=_reason(answer))
        if self._include_usage:
            events += self._head + b',"choices":[],"usage":' + msgspec.json.encode(_usage(answer.usage)) + b"}\n\n"
        return events + DONE

    def error(self, error: GatewayError) -> bytes:
        """The last event of an answer that is not: no end marker follows it."""
        return b"data: " + openai_error(error) + b"\n\n"

    def _chunk(self, delta: dict[str, Any], *, finish_reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
        return self._head + b',"choices":[' + msgspec.json.encode(choice) + b"]}\n\n"


def write_document(answer: AnswerSummary, head: AnswerHead) -> bytes:
    """The whole answer in one document."""
    message: dict[str, Any] = {
        "role": "assistant",
        "content": answer.text or (None if answer.tool_calls else ""),
        "refusal": None,  # the specification requires it, as it does the next
        "annotations": _annotations(answer.sources),
    }
    if answer.reasoning:
        message["reasoning_content"] = answer.reasoning
    if answer.tool_calls:
        message["tool_calls"] = [_call(call) for call in answer.tool_calls]
    if images := [image for media in answer.media if (image := _image(media))]:
        message["images"] = images
    choice = {"index": 0, "message": message, "finish_reason": _reason(answer), "logprobs": None}
    return msgspec.json.encode(
        {
            "id": head.id,
            "object": "chat.completion",
            "created": head.created,
            "model": head.model,
            "choices": [choice],
            "usage": _usage(answer.usage),
        }
    )


def _call(call: ToolCall) -> dict[str, Any]:
    function = {"name": call.name, "arguments": call.arguments}
    return {"id": call.id or f"call_{call.index}", "type": "function", "function": function}


def _reason(answer: AnswerSummary) -> str:
    if answer.finish_reason in FINISH_REASONS:
        return answer.finish_reason
    return "content_filter" if answer.finish_reason == "refusal" else "stop"


def _usage(usage: AnswerUsage) -> dict[str, Any]:
    counts: dict[str, Any] = {
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.completion,
        "total_tokens": usage.prompt + usage.completion,
    }
    if usage.reasoning is not None:
        counts["completion_tokens_details"] = {"reasoning_tokens": usage.reasoning}
    return counts | ({"estimated": True} if usage.estimated else {})


def _image(media: Media) -> dict[str, Any] | None:
    """An image in the field that OpenRouter and LiteLLM have for it; None for one that only the session can fetch."""
    if not media.data:
        return None
    encoded = base64.b64encode(media.data).decode("ascii")
    url = f"data:{media.mime_type or 'application/octet-stream'};base64,{encoded}"
    return {"type": "image_url", "image_url": {"url": url}}


def _annotations(sources: tuple[Any, ...]) -> list[dict[str, Any]]:
    return [
        {"type": "url_citation", "url_citation": {"url": source.url, "title": source.title}}
        for source in sources
        if source.url
    ]
