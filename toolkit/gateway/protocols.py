"""The protocols that clients speak, each with its endpoint. A new one is a file of its own and an entry here."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from toolkit.chats.events import ChatEvent
from toolkit.gateway import chat_completions
from toolkit.gateway.answer_summary import AnswerSummary
from toolkit.gateway.error_answers import GatewayError, openai_error
from toolkit.gateway.question import Question


class StreamWriter(Protocol):
    """Writes the events of one streamed answer, as bytes."""

    def begin(self) -> bytes:
        """What stands before the first piece."""
        ...

    def text(self, piece: str) -> bytes:
        """A piece of the answer."""
        ...

    def event(self, event: ChatEvent) -> bytes:
        """What else the site says; nothing where the protocol has no place for it."""
        ...

    def end(self, answer: AnswerSummary, *, include_usage: bool) -> bytes:
        """What ends an answer that is complete."""
        ...

    def error(self, error: GatewayError) -> bytes:
        """What ends one that is not."""
        ...


class ChatProtocol(NamedTuple):
    """A protocol. `read` gives the name of the model and the question of a body; it raises `Refused` and `UsageError`.
    `open_stream` and `write_document` take the answer's id, when it began (seconds since 1970) and the model's name."""

    path: str
    id_prefix: str
    read: Callable[[bytes], tuple[str, Question]]
    open_stream: Callable[[str, int, str], StreamWriter]
    write_document: Callable[[AnswerSummary, str, int, str], bytes]
    write_error: Callable[[GatewayError], bytes]


PROTOCOLS = (
    ChatProtocol(
        "/v1/chat/completions",
        "chatcmpl-",
        chat_completions.read_request,
        chat_completions.ChunkWriter,
        chat_completions.write_document,
        openai_error,
    ),
)
BY_PATH = {protocol.path: protocol for protocol in PROTOCOLS}
