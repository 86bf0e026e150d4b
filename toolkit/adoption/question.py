"""Finds what was asked in the body of a recorded request, by where a provider puts a question of ours. Pure."""

from __future__ import annotations

from typing import Any

from toolkit.chats.messages import read_messages
from toolkit.errors import UsageError

Place = tuple[str | int, ...]  # the names and indexes that lead to a value in JSON

# What the provider is asked while its call is looked for. Nobody asks this, so that it is found again in what it sends.
QUESTION, SYSTEM, MODEL = "toolkit: the question", "toolkit: the system message", "toolkit-the-model"
TEMPERATURE = 0.123456789


def find_place(document: Any, value: object) -> Place | None:
    """Returns where `value` stands in the JSON `document`, as a whole value; None if it does not."""
    if type(document) is type(value) and document == value:
        return ()
    items = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, item in items:
        if (inner := find_place(item, value)) is not None:
            return (key, *inner)
    return None


def value_at(document: Any, place: Place) -> Any:
    """Returns what stands at `place` in the JSON `document`; None if there is no such place."""
    for key in place:
        if isinstance(document, dict) and isinstance(key, str):
            document = document.get(key)
        elif isinstance(document, list) and isinstance(key, int) and key < len(document):
            document = document[key]
        else:
            return None
    return document


def read_question(recorded: Any, place: Place) -> list[dict[str, Any]] | None:
    """Returns the messages that the JSON `recorded` asks, where the provider puts its question at `place`.

    If that is the content of a message in a list, they are all messages of the list up to the last of a person; else
    the text that stands there. None if nothing is asked there.
    """
    if place[-1:] == ("content",) and len(place) > 2 and isinstance(place[-2], int):
        return _read_conversation(value_at(recorded, place[:-2]))
    text = value_at(recorded, place)
    return [{"role": "user", "content": text}] if isinstance(text, str) and text.strip() else None


def _read_conversation(listed: Any) -> list[dict[str, Any]] | None:
    if not isinstance(listed, list) or not all(isinstance(one, dict) and one.get("content") for one in listed):
        return None
    messages = [{"role": one.get("role"), "content": one["content"]} for one in listed]
    while messages and messages[-1]["role"] != "user":
        messages.pop()
    if not messages:
        return None
    try:
        read_messages(messages)
    except UsageError:  # of a form that only that site knows
        text = messages[-1]["content"]
        return [messages[-1]] if isinstance(text, str) else None
    return messages
