"""Samples of the dialects of front ends' and agents' frameworks."""

from __future__ import annotations

import json
from typing import Any

from tests.providers.dialects.samples.sample import (
    COST,
    PARTS,
    PLAIN,
    SOURCE,
    SSE,
    STOP,
    TEXT,
    THOUGHT,
    A,
    B,
    C,
    Sample,
    data,
    line,
)
from toolkit.chats.events import Finished, Queued, Status, ToolCall
from toolkit.errors import RateLimited, SiteError


def coded(code: str, value: Any) -> bytes:
    return code.encode() + b":" + line(value)


AI_SDK_4 = [
    coded("f", {"messageId": "msg-1"}),
    coded("g", "Hm."),
    *(coded("0", text) for text in PARTS),
    coded("h", {"sourceType": "url", "id": "1", "url": "https://example.com/a", "title": "A"}),
    coded("e", {"finishReason": "stop", "usage": {"promptTokens": 3, "completionTokens": 4}, "isContinued": False}),
    coded("d", {"finishReason": "stop", "usage": {"promptTokens": 3, "completionTokens": 4}}),
]
AI_SDK_5 = [
    data({"type": "start", "messageId": "m"}),
    data({"type": "start-step"}),
    data({"type": "data-status", "data": "Searching"}),
    data({"type": "reasoning-delta", "id": "r", "delta": "Hm."}),
    data({"type": "text-start", "id": "t"}),
    *(data({"type": "text-delta", "id": "t", "delta": text}) for text in PARTS),
    data({"type": "source-url", "sourceId": "s", "url": "https://example.com/a", "title": "A"}),
    data({"type": "tool-input-available", "toolCallId": "c", "toolName": "f", "input": {"a": 1}}),
    data({"type": "finish-step"}),
    data({"type": "finish", "finishReason": "stop"}),
    data("[DONE]"),
]
AG_UI = [
    data({"type": "RUN_STARTED", "threadId": "t", "runId": "r"}),
    data({"type": "STEP_STARTED", "stepName": "think"}),
    data({"type": "REASONING_MESSAGE_CONTENT", "messageId": "m0", "delta": "Hm."}),
    data({"type": "TEXT_MESSAGE_START", "messageId": "m1", "role": "assistant"}),
    *(data({"type": "TEXT_MESSAGE_CONTENT", "messageId": "m1", "delta": text}) for text in PARTS),
    data({"type": "TEXT_MESSAGE_END", "messageId": "m1"}),
    data({"type": "MESSAGES_SNAPSHOT", "messages": [{"role": "assistant", "content": TEXT}]}),
    data({"type": "RUN_FINISHED", "threadId": "t", "runId": "r"}),
]
AG_UI_SNAPSHOT = [
    data({"type": "RUN_STARTED", "threadId": "t", "runId": "r"}),
    data(
        {
            "type": "MESSAGES_SNAPSHOT",
            "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": TEXT}],
        }
    ),
    data({"type": "RUN_FINISHED", "threadId": "t", "runId": "r", "outcome": "success"}),
]
CRLF = "\r\n\r\n"


def lc(text: str, kind: str = "AIMessageChunk", **more: Any) -> dict[str, Any]:
    return {"content": text, "type": kind, "id": "run-1", **more}


LANGSERVE = [
    data({"run_id": "r"}, "metadata", CRLF),
    b": ping - 2026-01-01\r\n\r\n",
    *(data(json.dumps(text, ensure_ascii=False), "data", CRLF) for text in PARTS),
    b"event: end\r\n\r\n",
]
LANGSERVE_MESSAGES = [
    data({"run_id": "r"}, "metadata", CRLF),
    *(data(lc(text), "data", CRLF) for text in PARTS),
    data(lc("", usage_metadata={"input_tokens": 3, "output_tokens": 4}), "data", CRLF),
    b"event: end\r\n\r\n",
]
LANGSERVE_EVENTS = [
    data({"event": "on_chat_model_start", "data": {"input": "Hi"}}, "data", CRLF),
    *(data({"event": "on_chat_model_stream", "data": {"chunk": lc(text)}}, "data", CRLF) for text in PARTS),
    data({"event": "on_chain_stream", "data": {"chunk": TEXT}}, "data", CRLF),
    b"event: end\r\n\r\n",
]


def ops(*patches: tuple[str, str, Any]) -> bytes:
    return data({"ops": [{"op": op, "path": path, "value": value} for op, path, value in patches]}, "data", CRLF)


LANGSERVE_LOG = [
    ops(("replace", "", {"id": "r", "streamed_output": [], "final_output": None, "logs": {}})),
    *(
        ops(
            ("add", "/logs/Model/streamed_output_str/-", text),
            ("add", "/streamed_output/-", text),
            ("replace", "/final_output", TEXT),
        )
        for text in PARTS
    ),
    b"event: end\r\n\r\n",
]
GRAPH_START = data({"run_id": "r", "attempt": 1}, "metadata", CRLF)
PERSON = {"content": "Hi", "type": "human"}
LANGGRAPH = [
    GRAPH_START,
    data({"messages": [PERSON]}, "values", CRLF),
    b": heartbeat\r\n\r\n",
    *(data([lc(text), {"langgraph_node": "a"}], "messages", CRLF) for text in PARTS),
    data([lc(TEXT, "ai"), {"langgraph_node": "a"}], "messages", CRLF),
    data({"messages": [PERSON, lc(TEXT, "ai")]}, "values", CRLF),
]
LANGGRAPH_PARTIAL = [
    GRAPH_START,
    data({"run-1": {"metadata": {}}}, "messages/metadata", CRLF),
    *(data([lc("".join(PARTS[:end]), "ai")], "messages/partial", CRLF) for end in (1, 2, 3)),
]
LANGGRAPH_VALUES = [
    GRAPH_START,
    data({"messages": [PERSON]}, "values", CRLF),
    data({"messages": [PERSON, lc(TEXT, "ai")]}, "values", CRLF),
]
LANGGRAPH_UPDATES = [GRAPH_START, data({"agent": {"messages": [lc(TEXT, "ai")]}}, "updates", CRLF)]
GRADIO_CALL = [
    *(data(["".join(PARTS[:end]), None], "generating") for end in (1, 2, 3)),
    data("null", "heartbeat"),
    data([TEXT, None], "complete"),
]


def msg(kind: str, output: Any = None, **more: Any) -> bytes:
    return data({"msg": kind, "event_id": "e1", **({"output": output} if output is not None else {}), **more})


GRADIO_QUEUE = [
    msg("estimation", rank=2, queue_size=3),
    data({"msg": "process_generating", "event_id": "e2", "output": {"data": ["Another's."]}, "success": True}),
    msg("process_starts"),
    msg("process_generating", {"data": [A, None]}, success=True),
    msg("process_generating", {"data": [[["append", [], B]], []]}, success=True),
    data({"msg": "heartbeat"}),
    msg("process_generating", {"data": [[["replace", [], TEXT]], []]}, success=True),
    msg("process_completed", {"data": [TEXT, None]}, success=True),
    data({"msg": "close_stream"}),
]


def turn(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "content": [{"type": "text", "text": text}], "metadata": {}}


GRADIO_CHATBOT = [
    msg("estimation", rank=0, queue_size=1),
    msg("process_generating", {"data": [None, [turn("user", "Hi"), turn("assistant", A)]]}, success=True),
    msg(
        "process_generating",
        {"data": [[], [["append", [1, "content", 0, "text"], B + C]]]},
        success=True,
    ),
    msg("process_completed", {"data": [None, [turn("user", "Hi"), turn("assistant", TEXT)]]}, success=True),
]


SAMPLES: dict[str, Sample] = {
    "ai-sdk-4": Sample(
        "ai-sdk-4",
        AI_SDK_4,
        [THOUGHT, TEXT, SOURCE, COST, STOP],
        PLAIN | {"x-vercel-ai-data-stream": "v1"},
        failure=(coded("3", "An error occurred."), SiteError, "An error occurred."),
    ),
    "ai-sdk-4, without its header": Sample(
        "ai-sdk-4",
        AI_SDK_4,
        [THOUGHT, TEXT, SOURCE, COST, STOP],
        PLAIN,
        failure=(coded("3", json.dumps({"message": "no credit", "code": 429})), RateLimited, "no credit"),
    ),
    "ai-sdk-4, refused": Sample(
        "ai-sdk-4",
        [coded("f", {"messageId": "m"}), coded("d", {"finishReason": "content-filter"})],
        [Finished("content_filter")],
        PLAIN,
    ),
    "ai-sdk-5": Sample(
        "ai-sdk-5",
        AI_SDK_5,
        [Status("Searching"), THOUGHT, TEXT, SOURCE, ToolCall(0, "c", "f", '{"a":1}'), STOP],
        SSE | {"x-vercel-ai-ui-message-stream": "v1"},
        whole=len(AI_SDK_5) - 1,
        failure=(data({"type": "error", "errorText": "An error occurred."}), SiteError, "An error occurred."),
    ),
    "ai-sdk-5, without its header": Sample(
        "ai-sdk-5",
        [*AI_SDK_5[:8], data({"type": "abort"}), data("[DONE]")],
        [Status("Searching"), THOUGHT, TEXT, Finished("aborted")],
        whole=9,
    ),
    "plain-text": Sample("plain-text", [text.encode() for text in PARTS], [TEXT, STOP], PLAIN, whole=1),
    "ag-ui": Sample(
        "ag-ui",
        AG_UI,
        [Status("think"), THOUGHT, TEXT, STOP],
        failure=(data({"type": "RUN_ERROR", "message": "no", "code": "rate_limit_exceeded"}), RateLimited, "no"),
    ),
    "ag-ui, a snapshot": Sample("ag-ui", AG_UI_SNAPSHOT, [TEXT, STOP]),
    "ag-ui, waits for a person": Sample(
        "ag-ui",
        [AG_UI[0], data({"type": "RUN_FINISHED", "outcome": {"type": "interrupt"}})],
        [Finished("interrupt")],
    ),
    "langserve": Sample(
        "langserve",
        LANGSERVE,
        [TEXT, STOP],
        failure=(
            data({"status_code": 500, "message": "Internal Server Error"}, "error", CRLF),
            SiteError,
            "Internal Server Error",
        ),
    ),
    "langserve, messages": Sample("langserve", LANGSERVE_MESSAGES, [TEXT, COST, STOP]),
    "langserve, events": Sample("langserve", LANGSERVE_EVENTS, [TEXT, STOP]),
    "langserve-log": Sample("langserve-log", LANGSERVE_LOG, [TEXT, STOP]),
    "langgraph": Sample(
        "langgraph",
        LANGGRAPH,
        [TEXT, STOP],
        SSE | {"content-location": "/threads/t/runs/r"},
        whole=1,
        failure=(data({"error": "ValueError", "message": "boom"}, "error", CRLF), SiteError, "boom"),
    ),
    "langgraph, growing": Sample("langgraph", LANGGRAPH_PARTIAL, [TEXT, STOP], whole=1),
    "langgraph, values": Sample("langgraph", LANGGRAPH_VALUES, [TEXT, STOP], whole=1),
    "langgraph, updates": Sample("langgraph", LANGGRAPH_UPDATES, [TEXT, STOP], whole=1),
    "gradio-call": Sample(
        "gradio-call",
        GRADIO_CALL,
        [TEXT, STOP],
        failure=(data({"error": "boom", "title": "Error"}, "error"), SiteError, "boom"),
    ),
    "gradio-queue": Sample(
        "gradio-queue",
        GRADIO_QUEUE,
        [Queued(3, 3), TEXT, STOP],
        whole=8,
        failure=(msg("process_completed", {"error": None}, success=False), SiteError, "its own log"),
    ),
    "gradio-queue, a chatbot": Sample("gradio-queue", GRADIO_CHATBOT, [Queued(1, 1), TEXT, STOP]),
}
