"""Builds the conversation before a question in the form of a Gradio chatbot. Pure."""

from __future__ import annotations

from typing import Any

from toolkit.chats.contents import TextPart
from toolkit.chats.messages import Message
from toolkit.providers.gradio.app_config import AppConfig

Uploaded = list[dict[str, Any]]


def build_history(app: AppConfig, chatbot: int | None, messages: list[tuple[Message, Uploaded]]) -> list[Any]:
    """`messages`, each with its uploaded files, as the value of the component `chatbot`.

    Since version 6 a message has a list of contents; before, each content is a message, or half of a pair of a question
    and its answer, as the chatbot's `type` says.
    """
    if app.major >= 6 or chatbot is None:
        return [{"role": message.role, "content": _contents(message, files)} for message, files in messages]
    turns = [(message.role, part) for message, files in messages for part in _contents(message, files)]
    if app.props(chatbot).type == "messages":
        return [{"role": role, "content": part["text"] if part["type"] == "text" else part} for role, part in turns]
    pairs: list[list[Any]] = []
    for role, part in turns:
        said = part["text"] if part["type"] == "text" else {"file": part["file"], "alt_text": None}
        if role == "assistant" and pairs and pairs[-1][1] is None:
            pairs[-1][1] = said
        else:
            pairs.append([None, said] if role == "assistant" else [said, None])
    return pairs


def _contents(message: Message, uploaded: Uploaded) -> list[dict[str, Any]]:
    """The parts of `message`, its `uploaded` files in their places."""
    if isinstance(message.content, str):
        return [{"type": "text", "text": message.content}]
    files = iter(uploaded)
    return [
        {"type": "text", "text": part.text} if isinstance(part, TextPart) else {"type": "file", "file": next(files)}
        for part in message.content
    ]
