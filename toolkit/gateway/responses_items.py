"""The parts of an answer in the shapes of OpenAI's Responses API: its items, and the response around them. Pure.

https://platform.openai.com/docs/api-reference/responses/object, and https://www.openresponses.org/specification.
`suffix` is what the ids of one answer have in common, `index` the place among its items.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any

from toolkit.chats.events import Media, Source, ToolCall
from toolkit.gateway.answer_summary import AnswerSummary, AnswerUsage
from toolkit.gateway.error_answers import GatewayError
from toolkit.gateway.question import AnswerHead

Item = dict[str, Any]

# Why an answer is not whole, by the reason for its end.
INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter", "refusal": "content_filter"}
# `code` of an error in a response is one of a list. By these clients decide whether to ask again.
RATE_LIMITED, REFUSED, FAILED = "rate_limit_exceeded", "invalid_prompt", "server_error"
# What a response says again of its request.
ECHOED = ("instructions", "max_output_tokens", "max_tool_calls", "safety_identifier", "prompt_cache_key")
DEFAULTS: Item = {
    "metadata": {},
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "truncation": "disabled",
    "temperature": 1.0,
    "top_p": 1.0,
    "presence_penalty": 0.0,
    "frequency_penalty": 0.0,
    "top_logprobs": 0,
    "service_tier": "default",
}
NO_FUNCTION: Item = {"description": None, "parameters": None, "strict": None}


def text_part(text: str, annotations: list[Item]) -> Item:
    """The text of a message."""
    return {"type": "output_text", "text": text, "annotations": annotations, "logprobs": []}


def message_item(suffix: str, index: int, content: list[Item], status: str = "completed") -> Item:
    """What the model says."""
    return {"id": f"msg_{suffix}_{index}", "type": "message", "status": status, "role": "assistant", "content": content}


def reasoning_item(suffix: str, index: int, summary: list[Item]) -> Item:
    """What the model thinks, where clients show it: in the summary."""
    return {"id": f"rs_{suffix}_{index}", "type": "reasoning", "summary": summary}


def summary_part(text: str) -> Item:
    """The text of what the model thinks."""
    return {"type": "summary_text", "text": text}


def call_item(suffix: str, index: int, call: ToolCall, status: str = "completed") -> Item:
    """A function that the client is to run."""
    return {
        "id": f"fc_{suffix}_{index}",
        "type": "function_call",
        "status": status,
        "call_id": call.id or f"call_{suffix}_{call.index}",
        "name": call.name,
        "arguments": call.arguments,
    }


def is_image(media: Media) -> bool:
    """Whether it can be an item: a picture, and not at an address that only the session can fetch."""
    return bool(media.data) and media.mime_type.startswith("image/")


def image_item(suffix: str, index: int, media: Media) -> Item:
    """A picture of the answer."""
    result = base64.b64encode(media.data).decode("ascii")
    return {"id": f"ig_{suffix}_{index}", "type": "image_generation_call", "status": "completed", "result": result}


def annotation(source: Source, end: int) -> Item:
    """A source on the web, for the text up to `end`: sites tell it for all of an answer."""
    return {"type": "url_citation", "url": source.url, "title": source.title, "start_index": 0, "end_index": end}


def usage_counts(usage: AnswerUsage) -> Item:
    """The tokens of an answer."""
    counts = {
        "input_tokens": usage.prompt,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": usage.completion,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning or 0},
        "total_tokens": usage.prompt + usage.completion,
    }
    return counts | ({"estimated": True} if usage.estimated else {})


def response(head: AnswerHead, status: str, output: Iterable[Item] = (), **more: Any) -> Item:
    """The response around the items: what the answer is, and what was asked. The specification requires each field; the
    numbers are OpenAI's defaults where the request has none."""
    fields = head.question.fields
    echoed = {name: fields.get(name) for name in ECHOED} | {
        name: default if fields.get(name) is None else fields[name] for name, default in DEFAULTS.items()
    }
    return {
        "id": head.id,
        "object": "response",
        "created_at": head.created,
        "completed_at": None,
        "status": status,
        "model": head.model,
        "output": list(output),
        "error": None,
        "incomplete_details": None,
        "usage": None,
        **echoed,
        "reasoning": {"effort": None, "summary": None, **(fields.get("reasoning") or {})},
        "tools": [NO_FUNCTION | tool for tool in fields.get("tools") or ()],
        "text": {"format": {"type": "text"}},
        "previous_response_id": None,
        "background": False,
        "store": False,
        **more,
    }


def ended_response(head: AnswerHead, answer: AnswerSummary, output: Iterable[Item]) -> Item:
    """The response to an answer that is over: complete, or cut by the site."""
    reason = INCOMPLETE.get(answer.finish_reason)
    details = None if reason is None else {"reason": reason}
    status = "completed" if reason is None else "incomplete"
    return response(head, status, output, incomplete_details=details, usage=usage_counts(answer.usage))


def failed_response(head: AnswerHead, error: GatewayError, output: Iterable[Item]) -> Item:
    """The response to an answer that broke off."""
    code = RATE_LIMITED if error.status == 429 else REFUSED if error.status < 500 else FAILED
    return response(head, "failed", output, error={"code": code, "message": error.message})
