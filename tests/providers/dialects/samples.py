"""Short answers in each dialect, frame by frame, and bodies that are in none."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from toolkit.chats.events import (
    Finished,
    Media,
    ModelSelected,
    Piece,
    Queued,
    Reasoning,
    Source,
    Sources,
    Status,
    ToolCall,
    Usage,
)
from toolkit.errors import (
    BadRequest,
    EmptyAnswer,
    RateLimited,
    ServiceUnavailable,
    SiteError,
    StreamInterrupted,
    ToolkitError,
)

# U+2028 ends a line for Python's `str.splitlines`, and for no protocol.
A, B, C = PARTS = "Hel", "lo\u2028", "there 😀"
TEXT = "".join(PARTS)
STOP = Finished("stop")
SSE = {"content-type": "text/event-stream; charset=utf-8"}
NDJSON = {"content-type": "application/x-ndjson"}


class Sample(NamedTuple):
    """An answer in a `dialect`: its frames, and the pieces that they are, with neighbouring texts joined.

    `whole` is how many of the frames an answer has at least that is not cut, and `like_whole` other numbers of them
    that look like the whole. `failure` is a frame that reports an
    error, with the type of the error and a part of its words.
    """

    dialect: str
    frames: list[bytes]
    pieces: list[Piece]
    headers: dict[str, str] = SSE
    whole: int = 0
    like_whole: tuple[int, ...] = ()
    failure: tuple[bytes, type[ToolkitError], str] | None = None


def data(value: Any, event: str = "", end: str = "\n\n") -> bytes:
    """A server-sent event."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    line = end[: len(end) // 2]
    return (f"event: {event}{line}" if event else "").encode() + f"data: {text}{end}".encode()


def line(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"


def named(value: dict[str, Any]) -> bytes:
    """An event that is named after the type of its data."""
    return data(value, value["type"])


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

THOUGHT, COST = Reasoning("Hm."), Usage(3, 4)
SOURCE = Sources((Source("A", "https://example.com/a"),))
JSON = {"content-type": "application/json; charset=utf-8"}
PLAIN = {"content-type": "text/plain; charset=utf-8"}

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

# Bodies of no dialect: a page's own events, its own lines, a document, and a page.
STRANGERS: dict[str, tuple[dict[str, str], bytes]] = {
    "events": (SSE, b"".join(data({"choices": [{"delta": {"content": text}}]}) for text in PARTS)),
    "lines": (NDJSON, b"".join(line({"event": "text", "value": text}) for text in PARTS)),
    "a document": (JSON, line({"message": {"role": "assistant", "content": TEXT}})),
    "a page": (PLAIN, b"<!doctype html><title>Chat</title>"),
}

# What a site answers in the place of frames, by dialect: an error that it is.
DOCUMENTS: dict[str, tuple[str, bytes, type[ToolkitError], str]] = {
    "an error": ("dify", b'{"error": {"message": "busy", "code": 429}}', RateLimited, "busy"),
    "an error where lines are due": ("ai-sdk-4", b'{"error": "no credit"}', SiteError, "no credit"),
    "an error where objects are due": ("chat-ui", b'{"message": "no such chat"}', SiteError, "no such chat"),
    "details": ("langflow", b'{"detail": [{"msg": "field required"}]}', SiteError, "field required"),
    "no answer": ("rasa", b"[]", EmptyAnswer, "no answer"),
    "a cut document": ("flowise", b'{"text": "Hel', StreamInterrupted, "within a JSON document"),
}
