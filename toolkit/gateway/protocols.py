"""The protocols that clients speak, each with its endpoint. A new one is a file of its own and an entry here."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from toolkit.chats.events import ChatEvent
from toolkit.gateway import anthropic_messages, anthropic_request, chat_completions, responses, responses_request
from toolkit.gateway.answer_summary import AnswerSummary
from toolkit.gateway.error_answers import GatewayError, openai_error
from toolkit.gateway.question import AnswerHead, Question


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

    def end(self, answer: AnswerSummary) -> bytes:
        """What ends an answer that is complete."""
        ...

    def error(self, error: GatewayError) -> bytes:
        """What ends one that is not."""
        ...


class ChatProtocol(NamedTuple):
    """A protocol. `read` gives the name of the model and the question of a body; it raises `Refused` and `UsageError`.
    `write_error` takes the request's id too. `write_count` writes how many tokens a question is, which is asked for at
    `COUNT` below `path`, where the protocol has that."""

    path: str
    id_prefix: str
    read: Callable[[bytes], tuple[str, Question]]
    open_stream: Callable[[AnswerHead], StreamWriter]
    write_document: Callable[[AnswerSummary, AnswerHead], bytes]
    write_error: Callable[[GatewayError, str], bytes]
    write_count: Callable[[int], bytes] | None = None


PROTOCOLS = (
    ChatProtocol(
        "/v1/chat/completions",
        "chatcmpl-",
        chat_completions.read_request,
        chat_completions.ChunkWriter,
        chat_completions.write_document,
        openai_error,
    ),
    ChatProtocol(
        "/v1/responses",
        "resp_",
        responses_request.read_request,
        responses.ResponseWriter,
        responses.write_document,
        openai_error,
    ),
    ChatProtocol(
        "/v1/messages",
        "msg_",
        anthropic_request.read_request,
        anthropic_messages.MessageWriter,
        anthropic_messages.write_document,
        anthropic_messages.write_error,
        anthropic_messages.write_count,
    ),
)
COUNT = "/count_tokens"


def protocol_at(path: str) -> ChatProtocol | None:
    """The protocol that is spoken at `path`, and below it."""
    return next((one for one in PROTOCOLS if path == one.path or path.startswith(f"{one.path}/")), None)
