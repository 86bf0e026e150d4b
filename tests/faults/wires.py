"""What each provider's site answers when all is well, as bytes: a fault is a departure from these."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import NamedTuple

TEXT = ("Grü", "ße, ", "世界", " 🌍!")
ANSWER = "".join(TEXT)


class Call(NamedTuple):
    """One of a provider's calls: how its request begins, and the body of the answer. `frame` makes a piece of it from
    a text; `end` is the end marker, `ping` a sign of life without content, `failure` how the site reports an error."""

    begins: str
    pieces: tuple[bytes, ...]
    end: bytes = b""
    ping: bytes = b" "
    failure: bytes = b""
    frame: Callable[[str], bytes] = lambda text: text.encode()

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces) + self.end


class Wire(NamedTuple):
    """The calls of `provider`, of which the one at `struck` goes wrong. `name` is what tables call it."""

    name: str
    provider: str
    calls: tuple[Call, ...]
    struck: int

    @property
    def model(self) -> str | None:
        """The model to name in a call; None where the list of models is one of the `calls`, or there is none."""
        return "a-model" if self.provider in ("aura", "openassistant") else None

    @property
    def is_document(self) -> bool:
        """Whether the struck call is answered with one JSON document, and not with the stream."""
        return not self.calls[self.struck].failure and self.provider != "aura"


def _document(begins: str, name: str) -> Call:
    """A call that is answered with one JSON document, in two pieces."""
    return Call(
        begins,
        (b'{"%s": "an-' % name.encode(), b'id", "state": "complete"}'),
        frame=lambda text: json.dumps({name: text}).encode(),
    )


def _stream(begins: str, frame: Callable[[str], bytes], end: bytes, ping: bytes, failure: bytes) -> Call:
    return Call(begins, tuple(map(frame, TEXT)), end, ping, failure, frame)


def _json(document: object) -> str:
    return json.dumps(document, ensure_ascii=False)


def _openai(text: str) -> bytes:
    return f"data: {_json({'choices': [{'index': 0, 'delta': {'content': text}}]})}\n\n".encode()


def _models(name: str) -> bytes:
    return _json({"data": [{"id": name}]}).encode()


def _line(text: str) -> bytes:
    return f"{_json({'code': 200, 'data': {'message': text}})}\n".encode()


def _token(text: str) -> bytes:
    return f"data: {_json({'event_type': 'token', 'text': text})}\r\n\r\n".encode()


def _told(text: str) -> bytes:
    return f"event: generating\ndata: {_json([text, None])}\n\n".encode()


def _app(version: str) -> bytes:
    document = {
        "version": version,
        "api_prefix": "/gradio_api",
        "components": [{"id": 1, "type": "textbox"}, {"id": 2, "type": "state"}],
        "dependencies": [{"inputs": [1, 2], "outputs": [2], "api_name": "chat", "api_visibility": "public"}],
    }
    return _json(document).encode()


REPORTED = "The model is overloaded"
FINISHED = {"state": "complete", "content": ANSWER}

AURA = (Call("POST /api/chat", tuple(map(str.encode, TEXT)), ping=b""),)
OPENAI = (
    _openai,
    b"data: [DONE]\n\n",
    b": ping\n\n",
    f"data: {_json({'error': {'message': REPORTED, 'type': 'server_error'}})}\n\n".encode(),
)
CODELINKAVA = (_stream("POST /api/chat", *OPENAI),)
OPENWEBUI = (
    Call("GET /api/models", (b'{"data": [{"id": "an-', b'id"}]}'), frame=_models),
    _stream("POST /api/chat/completions", *OPENAI),
)
AICHATONLINE = (
    _document("GET /api/v1/user/getUniqueId", "data"),
    _stream(
        "POST /aichatonline/api/chat/gpt",
        _line,
        b"",
        b"\n",
        f"{_json({'code': 500, 'message': REPORTED, 'data': None})}\n".encode(),
    ),
)
OPENASSISTANT = (
    _document("POST /api/chat ", "id"),
    _document("POST /api/chat/prompter_message", "id"),
    _document("POST /api/chat/assistant_message", "id"),
    _stream(
        "POST /api/chat/events",
        _token,
        f"data: {_json({'event_type': 'message', 'message': FINISHED})}\r\n\r\n".encode(),
        b": ping - 1\r\n\r\n",
        f"data: {_json({'event_type': 'error', 'error': REPORTED})}\r\n\r\n".encode(),
    ),
    Call("GET /api/chat/message", (_json(FINISHED).encode(),)),
    Call("DELETE /api/chat", ()),
)
TOLD = ["".join(TEXT[: number + 1]) for number in range(len(TEXT))]
GRADIO = (
    Call("GET /config", (_app("6.31.0")[:30], _app("6.31.0")[30:]), frame=_app),
    _document("POST /gradio_api/call/chat", "event_id"),
    Call(
        "GET /gradio_api/call/chat/",
        (_told(TOLD[0]) * 2, *map(_told, TOLD[1:])),  # what is told again is certain
        f"event: complete\ndata: {_json([ANSWER, None])}\n\n".encode(),
        b"event: heartbeat\ndata: null\n\n",
        f"event: error\ndata: {_json({'error': REPORTED})}\n\n".encode(),
        _told,
    ),
)

WIRES = (
    Wire("aura", "aura", AURA, 0),
    Wire("codelinkava", "codelinkava", CODELINKAVA, 0),
    Wire("aichatonline", "aichatonline", AICHATONLINE, 1),
    Wire("openassistant", "openassistant", OPENASSISTANT, 3),
    Wire("gradio", "gradio", GRADIO, 2),
    Wire("aichatonline, first call", "aichatonline", AICHATONLINE, 0),
    Wire("openassistant, first call", "openassistant", OPENASSISTANT, 0),
    Wire("gradio, first call", "gradio", GRADIO, 0),
    Wire("gradio, second call", "gradio", GRADIO, 1),
    Wire("openwebui", "openwebui", OPENWEBUI, 1),
    Wire("openwebui, first call", "openwebui", OPENWEBUI, 0),
)
BY_NAME = {wire.name: wire for wire in WIRES}
STREAMING = [wire for wire in WIRES if wire.name == wire.provider]  # those that strike the answer itself
