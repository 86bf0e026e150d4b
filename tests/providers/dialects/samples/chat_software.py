"""Samples of the dialects of chat programs."""

from __future__ import annotations

import json
from typing import Any

from tests.providers.dialects.samples.sample import (
    COST,
    JSON,
    NDJSON,
    PARTS,
    SOURCE,
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
from toolkit.chats.events import Finished, Media, ModelSelected, Source, Sources, Status
from toolkit.errors import BadRequest, RateLimited, SiteError

CHAT_UI = [
    line({"type": "status", "status": "started"}),
    line({"type": "status", "status": "keepAlive"}),
    line({"type": "routerMetadata", "route": "r", "model": "m"}),
    line({"type": "reasoning", "subtype": "stream", "token": "Hm."}),
    *(line({"type": "stream", "token": text.ljust(16, "\0")}) for text in PARTS),
    line({"type": "title", "title": "Greeting"}),
    line({"type": "finalAnswer", "text": TEXT, "interrupted": False}).rstrip() + b" " * 4096,
    line({"type": "status", "status": "finished"}),
]


def libre(value: Any) -> bytes:
    return data(value, "message")


def final(**more: Any) -> bytes:
    answer = {"text": "", "content": [{"type": "text", "text": TEXT}], **more}
    return libre({"final": True, "requestMessage": {"text": "Hi"}, "responseMessage": answer})


LIBRECHAT = [
    libre({"created": True, "message": {"messageId": "q", "text": "Hi"}}),
    libre({"event": "on_run_step", "data": {"id": "step_1"}}),
    libre({"event": "on_reasoning_delta", "data": {"delta": {"content": [{"type": "think", "think": "Hm."}]}}}),
    *(
        libre({"event": "on_message_delta", "data": {"delta": {"content": [{"type": "text", "text": text}]}}})
        for text in PARTS
    ),
    libre({"event": "title", "data": {"title": "Greeting"}}),
    final(),
]
LIBRECHAT_OLD = [
    libre({"created": True, "message": {"messageId": "q", "text": "Hi"}}),
    *(libre({"message": {"text": "".join(PARTS[:end])}}) for end in (1, 2, 3)),
    libre({"final": True, "responseMessage": {"text": TEXT, "unfinished": True}}),
]


def dify(event: str, **more: Any) -> bytes:
    return data({"event": event, "task_id": "t", "conversation_id": "c", **more})


DIFY = [
    b"event: ping\n\n",
    dify("agent_thought", id="a", thought="Hm", tool="", observation=""),
    dify("agent_thought", id="a", thought="Hm.", tool="search", observation=""),
    *(dify("message", answer=text) for text in PARTS),
    dify("tts_message", audio="AAAA"),
    dify(
        "message_end",
        metadata={
            "usage": {"prompt_tokens": 3, "completion_tokens": 4},
            "retriever_resources": [{"document_name": "A", "document_id": "d", "content": "quote"}],
        },
    ),
]
DIFY_WORKFLOW = [
    dify("workflow_started", workflow_run_id="w"),
    dify("node_started", data={"title": "Model"}),
    *(dify("text_chunk", data={"text": text}) for text in PARTS),
    dify("workflow_finished", data={"outputs": {"answer": TEXT}, "error": None}),
]


def flow(event: str, value: Any) -> bytes:
    text = json.dumps({"event": event, "data": value}, ensure_ascii=False, separators=(",", ":"))
    return f"message:\ndata:{text}\n\n".encode()


FLOWISE = [
    flow("start", ""),
    b":heartbeat\n\n",
    flow("thinking", "Hm."),
    *(flow("token", text) for text in PARTS),
    flow("sourceDocuments", [{"pageContent": "quote", "metadata": {"source": "a.pdf"}}]),
    flow("metadata", {"chatId": "c", "question": "Hi"}),
    b"message\ndata:" + line({"event": "end", "data": "[DONE]"}) + b"\n",
]


def built(event: str, value: Any) -> bytes:
    return line({"event": event, "data": value}) + b"\n"


LANGFLOW = [
    built("vertices_sorted", {"ids": ["a"]}),
    built("add_message", {"id": "1", "sender": "User", "text": "Hi"}),
    *(built("token", {"id": "2", "chunk": text}) for text in PARTS),
    built("add_message", {"id": "2", "sender": "Machine", "text": TEXT}),
    built("end_vertex", {"build_data": {"data": {"results": {"message": {"text": TEXT}}}}}),
    built("end", {}),
]
LANGFLOW_RUN = [
    built("add_message", {"id": "1", "sender": "User", "text": "Hi"}),
    built("add_message", {"id": "2", "sender": "Machine", "text": TEXT}),
    built("end", {"result": {}}),
]


def langflow_event(number: int, event: str, value: Any) -> bytes:
    return f"id: {number}\n".encode() + data({"event": event, "data": value})


LANGFLOW_2 = [
    langflow_event(1, "add_message", {"id": "1", "sender": "User", "text": "Hi"}),
    b": keepalive\n\n",
    *(langflow_event(2, "token", {"id": "2", "chunk": text}) for text in PARTS),
    langflow_event(3, "end", {}),
]


def anything(kind: str, text: str | None = None, **more: Any) -> bytes:
    return data({"uuid": "u", "type": kind, "textResponse": text, "close": False, "error": False, **more})


ANYTHINGLLM = [
    *(anything("textResponseChunk", text) for text in ("<think>", "Hm.", "</think>", *PARTS)),
    anything("textResponseChunk", "", close=True, sources=[{"id": "s", "title": "A", "text": "quote"}]),
    anything("finalizeResponseStream", close=True, metrics={"prompt_tokens": 3, "completion_tokens": 4}),
]
ANYTHINGLLM_WHOLE = [anything("textResponse", TEXT, close=True)]


def lobe(event: str, value: Any) -> bytes:
    return b"id: m1\n" + data(json.dumps(value, ensure_ascii=False), event)


LOBECHAT = [
    lobe("reasoning", "Hm."),
    *(lobe("text", text) for text in PARTS),
    lobe("grounding", {"citations": [{"title": "A", "url": "https://example.com/a"}]}),
    lobe("stop", "stop"),
    lobe("usage", {"totalInputTokens": 3, "totalOutputTokens": 4}),
    lobe("speed", {"tps": 1}),
]
N8N = [
    line({"type": "begin", "metadata": {"nodeId": "n", "runIndex": 0}}),
    line({"type": "item", "content": A}),
    line({"type": "end"}),
    line({"type": "begin", "metadata": {"nodeId": "n2", "runIndex": 0}}),
    *(line({"type": "item", "content": text}) for text in (B, C)),
    line({"type": "end"}).rstrip(),
]
RASA = [b"[", line({"recipient_id": "u", "text": TEXT}), b",", line({"recipient_id": "u", "text": "Bye."}), b"]"]
RASA_LINES = [line({"recipient_id": "u", "text": TEXT}), line({"recipient_id": "u", "image": "https://example.com/i"})]


SAMPLES: dict[str, Sample] = {
    "chat-ui": Sample(
        "chat-ui",
        CHAT_UI,
        [ModelSelected("m"), THOUGHT, TEXT, STOP],
        {"content-type": "application/jsonl"},
        failure=(
            line({"type": "status", "status": "error", "message": "no", "statusCode": 429}),
            RateLimited,
            "no",
        ),
    ),
    "librechat": Sample(
        "librechat",
        LIBRECHAT,
        [THOUGHT, TEXT, STOP],
        failure=(data(json.dumps("no balance"), "error"), SiteError, "no balance"),
    ),
    "librechat, older": Sample("librechat", LIBRECHAT_OLD, [TEXT, Finished("aborted")]),
    "dify": Sample(
        "dify",
        DIFY,
        [THOUGHT, Status("search"), TEXT, Sources((Source("A", file="d", quotes=("quote",)),)), COST, STOP],
        failure=(
            dify("error", status=400, code="invalid_param", message="no"),
            BadRequest,
            "no",
        ),
    ),
    "dify, a workflow": Sample(
        "dify",
        DIFY_WORKFLOW,
        [Status("Model"), TEXT, STOP],
        failure=(dify("workflow_finished", data={"outputs": None, "error": "boom"}), SiteError, "boom"),
    ),
    "flowise": Sample(
        "flowise",
        FLOWISE,
        [THOUGHT, TEXT, Sources((Source("a.pdf", file="a.pdf", quotes=("quote",)),)), STOP],
        failure=(flow("error", "no credit"), SiteError, "no credit"),
    ),
    "langflow": Sample(
        "langflow",
        LANGFLOW,
        [TEXT, STOP],
        NDJSON,
        failure=(built("error", {"error": "boom"}), SiteError, "boom"),
    ),
    "langflow, a run": Sample("langflow", LANGFLOW_RUN, [TEXT, STOP]),
    "langflow, workflows": Sample("langflow", LANGFLOW_2, [TEXT, STOP]),
    "anythingllm": Sample(
        "anythingllm",
        ANYTHINGLLM,
        [THOUGHT, TEXT, Sources((Source("A", file="s", quotes=("quote",)),)), COST, STOP],
        whole=len(ANYTHINGLLM) - 1,
        failure=(anything("abort", close=True, error="no quota"), SiteError, "no quota"),
    ),
    "anythingllm, refused": Sample(
        "anythingllm",
        ANYTHINGLLM_WHOLE,
        [TEXT, STOP],
        failure=(
            anything("agentInitWebsocketConnection", websocketUUID="w"),
            SiteError,
            "over a websocket",
        ),
    ),
    "lobechat": Sample(
        "lobechat",
        LOBECHAT,
        [THOUGHT, TEXT, SOURCE, COST, STOP],
        whole=6,
        failure=(lobe("error", {"message": "no", "name": "E", "type": "E"}), SiteError, "no"),
    ),
    "n8n": Sample(
        "n8n",
        N8N,
        [TEXT, STOP],
        JSON,
        like_whole=(3,),  # between two nodes
        failure=(line({"type": "error", "content": "boom"}), SiteError, "boom"),
    ),
    "rasa": Sample("rasa", RASA, [f"{TEXT}\n\nBye.", STOP], JSON, whole=5),
    "rasa, lines": Sample("rasa", RASA_LINES, [TEXT, Media("https://example.com/i"), STOP], whole=1),
}
