"""The question of a recording: what a replay asks again, and how another question differs from it. Pure.

Another question usually leads to another request, which the recording cannot answer. A setting that is the default, or
that the site cannot be told, leads to the same one, so that the answer comes all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from toolkit.chats.messages import read_messages
from toolkit.replay.body_matching import differences

if TYPE_CHECKING:
    from toolkit.har.model import RecordedChat

Messages = list[dict[str, Any]]


def ask_again(recorded: RecordedChat, system: str, arguments: Mapping[str, Any]) -> tuple[Messages, dict[str, Any]]:
    """Returns the messages and the arguments of `Client.chat` that ask the recorded question again. `system`, the
    system message, and `arguments` are what is asked otherwise: where they are there, they count."""
    messages = recorded.messages
    if system:
        messages = [{"role": "system", "content": system}, *_parts(messages)["messages"]]
    return messages, {**recorded.settings, **_given(arguments)}


def question_differences(recorded: RecordedChat, messages: Messages, arguments: Mapping[str, Any]) -> list[str]:
    """Returns how the question that is asked differs from the recorded one, a text for each difference, such as
    `model: recorded 'small', got 'large'`."""
    before = {**_parts(recorded.messages), **recorded.settings}
    after = {**_parts([message.as_dict() for message in read_messages(messages)]), **_given(arguments)}
    return [one.removeprefix("question.") for one in differences(before, after, "question")]


def _parts(messages: Messages) -> dict[str, Any]:
    """Returns the system message, if there is one, and the others."""
    if messages and messages[0].get("role") == "system":
        return {"system": messages[0].get("content"), "messages": messages[1:]}
    return {"messages": messages}


def differing_settings(differing: list[str]) -> list[str]:
    """Returns those of `differing` (see `question_differences`) that are of settings, for a question that was answered.
    Other messages may be those of a further call, which is recorded too."""
    return [one for one in differing if not one.startswith(("messages", "system"))]


def _given(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if value is not None}
