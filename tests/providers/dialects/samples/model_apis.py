"""Samples of the dialects of model servers."""

from __future__ import annotations

import json
from typing import Any

from tests.providers.dialects.samples.sample import (
    COST,
    JSON,
    NDJSON,
    PARTS,
    STOP,
    TEXT,
    THOUGHT,
    Sample,
    data,
    line,
    named,
)
from toolkit.chats.events import Finished, ToolCall
from toolkit.errors import RateLimited, ServiceUnavailable, SiteError


def chunk(delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}


OPENAI = [
    data(chunk({"role": "assistant", "content": ""})),
    data(chunk({"reasoning_content": "Hm."})),
    *(data(chunk({"content": text})) for text in PARTS),
    data(chunk({}, "stop")),
    data({"object": "chat.completion.chunk", "choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 4}}),
    data("[DONE]"),
]
RESPONSES = [
    named({"type": "response.created", "sequence_number": 0, "response": {"id": "resp_1"}}),
    named({"type": "response.reasoning_summary_text.delta", "delta": "Hm."}),
    *(
        named({"type": "response.output_text.delta", "item_id": "m", "content_index": 0, "delta": text})
        for text in PARTS
    ),
    named({"type": "response.output_text.done", "item_id": "m", "content_index": 0, "text": TEXT}),
    named({"type": "response.output_item.done", "item": {"type": "message", "content": [{"text": TEXT}]}}),
    named({"type": "response.completed", "response": {"usage": {"input_tokens": 3, "output_tokens": 4}}}),
]
ANTHROPIC = [
    named({"type": "message_start", "message": {"id": "m", "usage": {"input_tokens": 3, "output_tokens": 1}}}),
    named({"type": "content_block_start", "index": 0, "content_block": {"type": "thinking"}}),
    named({"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "Hm."}}),
    named({"type": "ping"}),
    *(
        named({"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": text}})
        for text in PARTS
    ),
    named({"type": "content_block_start", "index": 2, "content_block": {"type": "tool_use", "id": "t", "name": "f"}}),
    named(
        {"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": '{"a":1}'}}
    ),
    named({"type": "content_block_stop", "index": 2}),
    named({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 4}}),
    named({"type": "message_stop"}),
]


def candidate(*parts: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"candidates": [{"content": {"role": "model", "parts": list(parts)}, "index": 0, **more}]}


GEMINI = [
    candidate({"text": "Hm.", "thought": True}),
    *(candidate({"text": text}) for text in PARTS),
    {
        **candidate({"text": ""}, finishReason="STOP"),
        "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 4},
    },
]
OLLAMA = [
    line({"model": "m", "created_at": "2026-01-01T00:00:00Z", "message": {"thinking": "Hm."}, "done": False}),
    *(
        line({"model": "m", "created_at": "T", "message": {"role": "assistant", "content": text}, "done": False})
        for text in PARTS
    ),
    line({"created_at": "T", "done": True, "done_reason": "length", "prompt_eval_count": 3, "eval_count": 4}),
]
GENERATE = [
    *(line({"model": "m", "created_at": "T", "response": text, "done": False}) for text in PARTS),
    line({"model": "m", "created_at": "T", "response": "", "done": True, "context": [1, 2]}),
]


SAMPLES: dict[str, Sample] = {
    "openai-chat": Sample(
        "openai-chat",
        OPENAI,
        [THOUGHT, TEXT, COST, STOP],
        whole=6,
        failure=(data({"error": {"message": "busy", "code": 429}}), RateLimited, "busy"),
    ),
    "openai-chat, cut down": Sample(
        "openai-chat",
        [*(data({"choices": [{"delta": {"content": text}}]}) for text in PARTS), data("[DONE]")],
        [TEXT, STOP],
    ),
    "openai-responses": Sample(
        "openai-responses",
        RESPONSES,
        [THOUGHT, TEXT, COST, STOP],
        failure=(
            named({"type": "response.failed", "response": {"error": {"code": "rate_limit_exceeded", "message": "no"}}}),
            RateLimited,
            "no",
        ),
    ),
    "openai-responses, whole": Sample(
        "openai-responses",
        [
            RESPONSES[0],
            named(
                {
                    "type": "response.incomplete",
                    "response": {
                        "output": [{"type": "message", "content": [{"type": "output_text", "text": TEXT}]}],
                        "incomplete_details": {"reason": "max_output_tokens"},
                    },
                }
            ),
        ],
        [TEXT, Finished("length")],
        failure=(named({"type": "error", "message": "no", "code": None}), SiteError, "no"),
    ),
    "anthropic": Sample(
        "anthropic",
        ANTHROPIC,
        [THOUGHT, TEXT, ToolCall(0, "t", "f", '{"a":1}'), COST, Finished("tool_calls")],
        failure=(
            named({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}),
            SiteError,
            "Overloaded",
        ),
    ),
    "gemini": Sample(
        "gemini",
        [data(frame) for frame in GEMINI],
        [THOUGHT, TEXT, COST, STOP],
        failure=(
            data({"error": {"code": 429, "message": "quota", "status": "RESOURCE_EXHAUSTED"}}),
            RateLimited,
            "quota",
        ),
    ),
    "gemini, an array": Sample(
        "gemini",
        [
            *(
                (b"[" if at == 0 else b",\r\n") + json.dumps(frame, indent=2).encode()
                for at, frame in enumerate(GEMINI)
            ),
            b"]",
        ],
        [THOUGHT, TEXT, COST, STOP],
        JSON,
        whole=len(GEMINI),
        failure=(b',{"error":{"code":503,"message":"overloaded"}}', ServiceUnavailable, "overloaded"),
    ),
    "gemini, refused": Sample(
        "gemini",
        [data({"promptFeedback": {"blockReason": "SAFETY"}})],
        [Finished("content_filter")],
    ),
    "ollama": Sample(
        "ollama",
        OLLAMA,
        [THOUGHT, TEXT, COST, Finished("length")],
        NDJSON,
        failure=(line({"error": "out of memory"}), SiteError, "out of memory"),
    ),
    "ollama, generate": Sample("ollama", GENERATE, [TEXT, STOP], NDJSON),
}
