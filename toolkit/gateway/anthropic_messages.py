"""Anthropic's Messages API: the answer as events of a stream or as one document. Pure.

https://docs.anthropic.com/en/docs/build-with-claude/streaming. The name of each event stands in its `event:` line too,
since Anthropic's own clients see no event without one.
"""

from __future__ import annotations

from typing import Any

import msgspec

from toolkit.chats.events import ChatEvent, Reasoning, ToolCall
from toolkit.errors import ProtocolError
from toolkit.gateway.answer_summary import AnswerSummary, AnswerUsage, estimate_prompt
from toolkit.gateway.error_answers import GatewayError
from toolkit.gateway.question import AnswerHead

STOP_REASONS = {
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
    "refusal": "refusal",
}  # what a site calls otherwise is an answer that ended by itself
# The kinds of errors by their status (https://docs.anthropic.com/en/api/errors); from 500 on `api_error`, and
# `invalid_request_error` below.
ERROR_KINDS = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
}


# What no site tells; the specification requires the fields.
UNKNOWN_USAGE = {
    "cache_creation": None,
    "cache_creation_input_tokens": 0,
    "cache_read_input_tokens": 0,
    "inference_geo": None,
    "output_tokens_details": None,
    "server_tool_use": None,
    "service_tier": None,
}


class MessageWriter:
    """Writes the events of a stream: the blocks of the message, each from its beginning to its end."""

    def __init__(self, head: AnswerHead) -> None:
        self._head = head
        self._shows_thinking = _shows_thinking(head)
        self._index = 0  # of the block that is told, or that comes next
        self._open = ""  # the type of the block that is told
        self._before_piece = b""  # the event for a piece of it, up to the piece

    def begin(self) -> bytes:
        """The first event: a message that is empty yet, and what the question is estimated at."""
        usage = {"input_tokens": estimate_prompt(self._head.question), "output_tokens": 0, "estimated": True}
        return _event("message_start", message=_message(self._head, [], None, usage))

    def text(self, piece: str) -> bytes:
        """A piece of the answer."""
        return self._piece(piece, "text", "text_delta", {"text": ""})

    def event(self, event: ChatEvent) -> bytes:
        """What else the site says, where the protocol has a block for it; nothing otherwise."""
        if isinstance(event, Reasoning) and self._shows_thinking:
            return self._piece(event.text, "thinking", "thinking_delta", {"thinking": "", "signature": ""})
        if isinstance(event, ToolCall):
            return self._close() + self._call(event)
        return b""

    def end(self, answer: AnswerSummary) -> bytes:
        """The last events of an answer that is complete, or that the site has cut."""
        data = self._close()
        if not self._index:  # clients look for a block
            data = self._start("text", "text_delta", {"text": ""}) + self._close()
        told = {"stop_reason": _reason(answer), "stop_sequence": None}
        return data + _event("message_delta", delta=told, usage=_usage(answer.usage)) + _event("message_stop")

    def error(self, error: GatewayError) -> bytes:
        """The last event of an answer that broke off."""
        return _event("error", error=_error(error))

    def _piece(self, piece: str, block: str, delta: str, empty: dict[str, str]) -> bytes:
        """Of all events nearly each is a piece, so it is put together by hand."""
        start = b"" if self._open == block else self._close() + self._start(block, delta, empty)
        return start + self._before_piece + msgspec.json.encode(piece) + b"}}\n\n"

    def _start(self, block: str, delta: str, empty: dict[str, str]) -> bytes:
        self._open = block
        self._before_piece = (
            b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%d,"delta":{"type":"%b","%b":'
            % (self._index, delta.encode(), block.encode())
        )
        return _event("content_block_start", index=self._index, content_block={"type": block, **empty})

    def _close(self) -> bytes:
        if not self._open:
            return b""
        self._open = ""
        self._index += 1
        return _event("content_block_stop", index=self._index - 1)

    def _call(self, call: ToolCall) -> bytes:
        self._open = "tool_use"
        begun = _tool_use(self._head, call, {})
        data = _event("content_block_start", index=self._index, content_block=begun)
        filled = {"type": "input_json_delta", "partial_json": call.arguments}
        return data + _event("content_block_delta", index=self._index, delta=filled) + self._close()


def write_document(answer: AnswerSummary, head: AnswerHead) -> bytes:
    """The whole answer in one document. Raises `ProtocolError` for a call of a function that no client can run."""
    content: list[dict[str, Any]] = []
    if answer.reasoning and _shows_thinking(head):
        content.append({"type": "thinking", "thinking": answer.reasoning, "signature": ""})
    if answer.text or not (content or answer.tool_calls):
        # Some clients break without `citations`, and others where it is null.
        content.append({"type": "text", "text": answer.text, "citations": []})
    content += [_tool_use(head, call, _arguments(call)) for call in answer.tool_calls]
    return msgspec.json.encode(_message(head, content, _reason(answer), _usage(answer.usage)))


def write_error(error: GatewayError, request_id: str) -> bytes:
    """`error` in Anthropic's shape, as JSON."""
    return msgspec.json.encode({"type": "error", "error": _error(error), "request_id": request_id})


def write_count(tokens: int) -> bytes:
    """How many tokens a question is, which nobody knows before it is asked."""
    return msgspec.json.encode({"input_tokens": tokens, "estimated": True})


def _shows_thinking(head: AnswerHead) -> bool:
    """Whether the client gets what the model thinks: unless it says that it does not want to."""
    thinking = head.question.fields.get("thinking")
    return not (isinstance(thinking, dict) and thinking.get("type") == "disabled")


def _message(head: AnswerHead, content: list[dict[str, Any]], reason: str | None, usage: dict[str, Any]) -> Any:
    return {
        "id": head.id,
        "type": "message",
        "role": "assistant",
        "model": head.model,
        "content": content,
        "stop_reason": reason,
        "stop_sequence": None,
        "stop_details": None,
        "container": None,
        "usage": UNKNOWN_USAGE | usage,
    }


def _tool_use(head: AnswerHead, call: ToolCall, arguments: Any) -> dict[str, Any]:
    call_id = call.id or f"toolu_{head.suffix}_{call.index}"
    return {"type": "tool_use", "id": call_id, "name": call.name, "input": arguments, "caller": {"type": "direct"}}


def _arguments(call: ToolCall) -> Any:
    """The arguments as an object. Raises `ProtocolError` where the model has written something else: nobody should run
    the function without them."""
    try:
        found = msgspec.json.decode(call.arguments or "{}")
    except (msgspec.DecodeError, RecursionError):
        found = None
    if isinstance(found, dict):
        return found
    raise ProtocolError("The model has called a function with arguments that are no JSON object.")


def _reason(answer: AnswerSummary) -> str:
    return STOP_REASONS.get(answer.finish_reason, "end_turn")


def _usage(usage: AnswerUsage) -> dict[str, Any]:
    counts: dict[str, Any] = {"input_tokens": usage.prompt, "output_tokens": usage.completion}
    if usage.reasoning is not None:
        counts["output_tokens_details"] = {"thinking_tokens": usage.reasoning}
    return counts | ({"estimated": True} if usage.estimated else {})


def _error(error: GatewayError) -> dict[str, str]:
    kind = ERROR_KINDS.get(error.status, "api_error" if error.status >= 500 else "invalid_request_error")
    return {"type": kind, "message": f"{error.param}: {error.message}" if error.param else error.message}


def _event(name: str, **fields: Any) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), msgspec.json.encode({"type": name, **fields}))
