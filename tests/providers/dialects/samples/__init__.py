"""Short answers in each dialect, frame by frame, and bodies that are in none."""

from __future__ import annotations

from tests.providers.dialects.samples import chat_software, frameworks, model_apis
from tests.providers.dialects.samples.sample import JSON, NDJSON, PARTS, PLAIN, SSE, TEXT, data, line
from toolkit.errors import EmptyAnswer, RateLimited, SiteError, StreamInterrupted, ToolkitError

SAMPLES = {**model_apis.SAMPLES, **frameworks.SAMPLES, **chat_software.SAMPLES}

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
