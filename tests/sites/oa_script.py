"""What the worker behind the Open Assistant stand-in says, and the records of its chats and messages."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

MODELS = {
    "OA_SFT_Llama_30B_6": "OpenAssistant/oasst-sft-6-llama-30b",
    "OA_SFT_Llama_30B_7": "OpenAssistant/oasst-sft-7-llama-30b",
}
SAMPLING = ("top_k", "top_p", "typical_p", "temperature", "repetition_penalty", "max_new_tokens")
CREATED = "2026-01-01T00:00:00.000001"
SEED = 5482769226618845853
COMMENT_PING = b": ping - 2026-01-01 00:00:15.000001\r\n\r\n"
EVENT_PING = b"event: ping\r\ndata: 2026-01-01 00:00:15.000001\r\n\r\n"
"""What an older server sends to keep the connection: an event whose data is not JSON."""
PRESETS: tuple[tuple[Any, ...], ...] = (
    ("k50", "Top-k sampling with k=50", 50, 0.95, None, 0.75, 1.2),
    ("k50-Creative", "Top-k sampling with k=50, higher temperature", 50, 0.95, None, 0.85, 1.2),
    ("k50-Precise", "Top-k sampling with k=50, low temperature", 50, 0.95, None, 0.1, 1.2),
    ("k50-Original", "Top-k sampling with k=50, highest temperature", 50, 0.95, None, 0.9, 1.2),
    ("k50-Plugins", "Top-k sampling with k=50 and temperature=0.35", 50, None, None, 0.35, 1.1111111111111112),
    ("nucleus9", "Nucleus sampling with p=0.9", None, 0.9, None, 0.8, 1.2),
    ("typical2", "Typical sampling with p=0.2", None, None, 0.2, 0.8, 1.2),
    ("typical3", "Typical sampling with p=0.3", None, None, 0.3, 0.8, 1.2),
)


@dataclass
class Script:
    """How the worker answers the next messages.

    `queue`: (position, size) of the pending events before the first token. `waiting`: the same, while there is no
    worker. `plugin`: a plugin works first. `pings`: bytes put in after the first event. `error`: the worker fails with
    that text after the tokens; `error_message`: whether that event has the message, else null. `content`: of the
    finished message, where it is not the tokens put together. `terminal`: whether the last event tells the end.
    `per_chunk`: events in one HTTP chunk. `finished_first`: the message is finished before anybody asks for its
    events. `polls`: how often the message, asked for itself, is still in progress. `pending_seconds`: between
    pending events. `ping_seconds`: between pings while a stream hangs.
    """

    queue: list[tuple[int, int]] = field(default_factory=list)
    waiting: tuple[int, int] = (1, 1)
    plugin: bool = False
    pings: list[bytes] = field(default_factory=list)
    error: str | None = None
    error_message: bool = True
    content: str | None = None
    terminal: bool = True
    per_chunk: int = 1
    finished_first: bool = False
    polls: int = 0
    pending_seconds: float = 1.0
    ping_seconds: float | None = None
    ping: bytes = COMMENT_PING


@dataclass
class Message:
    """One message, and of an assistant's the frames that its worker has for a reader; the last may end the stream."""

    id: str
    chat_id: str
    parent_id: str | None
    role: str
    state: str
    content: str | None = None
    model: str = ""
    sampling: dict[str, Any] = field(default_factory=dict)
    opened: bool = False
    frames: deque[bytes] = field(default_factory=deque)
    _script: Script = field(default_factory=Script)
    _text: str = ""
    _polls: int = 0

    @property
    def finished(self) -> bool:
        return self.state in ("complete", "aborted_by_worker")

    def start(self, script: Script, tokens: list[str], *, terminal: bool) -> None:
        """Lay out everything that will be said of this message. `terminal` False leaves the end out."""
        self._script, self._polls = script, script.polls
        # The finished text has no blanks around it, where the tokens may have some.
        self._text = "".join(tokens).strip() if script.content is None else script.content
        if script.finished_first:
            self.finish()
            return
        events: list[dict[str, Any]] = [pending(*place) for place in script.queue]
        if script.plugin:
            events += [plugin_step(), token("")]
        frames = [frame(event) for event in [*events, *map(token, tokens)]]
        frames[1:1] = script.pings
        self.frames = deque(frames)
        if terminal and script.terminal:
            self.frames.append(b"")  # stands for the last event, which is written when it is due

    def next_chunk(self) -> bytes:
        """The next `per_chunk` frames; the message is finished with the last of all."""
        chunk = b""
        for _ in range(min(self._script.per_chunk, len(self.frames))):
            part = self.frames.popleft()
            if not part:
                self.finish()
                part = frame(self.last_event())
            elif b'"pending"' not in part and not part.startswith((b":", b"event:")):
                self.state = "in_progress"
            chunk += part
        return chunk

    def finish(self) -> None:
        failed = self._script.error is not None
        self.state = "aborted_by_worker" if failed else "complete"
        self.content = None if failed else self._text
        self.frames.clear()

    def last_event(self) -> dict[str, Any]:
        if self._script.error is None:
            return {"event_type": "message", "message": self.read(rounded=False)}
        told = self.read(rounded=False) if self._script.error_message else None
        return {"event_type": "error", "error": self._script.error, "message": told}

    def pending_frame(self) -> bytes:
        return frame(pending(*self._script.waiting))

    def poll(self) -> dict[str, Any]:
        """What the site says when it is asked for the message itself."""
        if self.finished and self._polls > 0:
            self._polls -= 1
            return {**self.read(), "state": "in_progress", "content": None}
        return self.read()

    def read(self, *, rounded: bool = True, fresh: bool = False) -> dict[str, Any]:
        """The record. The website rounds the 64-bit seed as JavaScript does (`rounded`), the events have it whole.
        `fresh` tells of the message as it was when it was made."""
        parameters = None
        if self.role == "assistant":
            parameters = work_parameters(self.model, self.sampling, rounded=rounded)
        return {
            "id": self.id,
            "parent_id": self.parent_id,
            "content": None if fresh else self.content,
            "chat_id": self.chat_id,
            "created_at": CREATED,
            "role": self.role,
            "state": "pending" if fresh else self.state,
            "score": 0,
            "reports": [],
            "work_parameters": parameters,
            "safe_content": None,
            "safety_level": None,
            "safety_label": None,
            "safety_rots": None,
            "used_plugin": None,
        }


def work_parameters(model: str, sampling: dict[str, Any], *, rounded: bool) -> dict[str, Any]:
    return {
        "model_config": {
            "model_id": MODELS[model],
            "max_input_length": 1024,
            "max_total_length": 1792,
            "quantized": False,
        },
        "sampling_parameters": {name: sampling.get(name) for name in SAMPLING} | _default_length(sampling),
        "do_sample": True,
        "seed": int(Decimal(repr(float(SEED)))) if rounded else SEED,
        "system_prompt": None,
        "user_profile": None,
        "user_response_instructions": None,
        "plugins": [],
        "plugin_max_depth": 4,
    }


def _default_length(sampling: dict[str, Any]) -> dict[str, Any]:
    return {} if "max_new_tokens" in sampling else {"max_new_tokens": 1024}


def sampling_error(sampling: Any) -> dict[str, Any] | None:
    """What the server says of sampling parameters that it cannot use; None of those that it can."""
    if not isinstance(sampling, dict):
        return {"loc": ["body", "sampling_parameters"], "msg": "field required", "type": "value_error.missing"}
    for name in SAMPLING:
        where = ["body", "sampling_parameters", name]
        value = sampling.get(name, 1)
        if value is None and name == "max_new_tokens":
            return {"loc": where, "msg": "none is not an allowed value", "type": "type_error.none.not_allowed"}
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            return {"loc": where, "msg": "value is not a valid float", "type": "type_error.float"}
    return None


def chat_record(chat_id: str) -> dict[str, Any]:
    return {
        "id": chat_id,
        "created_at": CREATED,
        "modified_at": CREATED,
        "title": None,
        "hidden": False,
        "allow_data_use": True,
        "active_thread_tail_message_id": None,
    }


def models_document() -> list[dict[str, Any]]:
    """What `GET /api/chat/models` lists: the models, each with its presets."""
    presets = []
    for name, description, *values in PRESETS:
        parameters = dict(zip(SAMPLING, [*values, 1024], strict=True))
        presets.append({"name": name, "description": description, "sampling_parameters": parameters})
    return [{"name": name, "description": "", "parameter_configs": presets} for name in MODELS]


def pending(position: int, size: int) -> dict[str, Any]:
    return {"event_type": "pending", "queue_position": position, "queue_size": size}


def token(text: str) -> dict[str, Any]:
    return {"event_type": "token", "text": text}


def plugin_step() -> dict[str, Any]:
    return {
        "event_type": "plugin_intermediate",
        "current_plugin_thought": "Which plugin fits?",
        "current_plugin_action_taken": "search",
        "current_plugin_action_input": "stand-in",
        "current_plugin_action_response": "",
    }


def frame(event: dict[str, Any]) -> bytes:
    """One event: no name, no id, escaped to ASCII, and two line ends of two bytes."""
    return f"data: {json.dumps(event)}\r\n\r\n".encode("ascii")


def compact(document: Any) -> str:
    """JSON as the website writes it: no blanks, and letters as they are."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
