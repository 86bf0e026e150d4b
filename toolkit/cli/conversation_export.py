"""A conversation as a file: JSON in the shape that chat APIs take, or Markdown for people. Pure."""

from __future__ import annotations

import json
from typing import Any

from toolkit.chats.contents import File, Image
from toolkit.chats.messages import Message, read_messages

Messages = list[dict[str, Any]]

JSON_SUFFIX = ".json"


def export_conversation(messages: Messages, provider: str, suffix: str) -> str:
    """Returns `messages` as JSON for the file name's `suffix` `.json`, else as Markdown."""
    turns = read_messages(messages)
    if suffix.lower() == JSON_SUFFIX:
        return json.dumps([turn.as_dict() for turn in turns], ensure_ascii=False, indent=1) + "\n"
    names = {"system": "System", "user": "You", "assistant": provider, "tool": "Tool"}
    return "\n".join(f"## {names[turn.role]}\n\n{_to_markdown(turn)}\n" for turn in turns)


def _to_markdown(turn: Message) -> str:
    """Returns the text of a turn. Images at an address are shown, others and files are named."""
    if isinstance(turn.content, str):
        return turn.content.strip("\n")
    lines = []
    for part in turn.content:
        if isinstance(part, Image):
            lines.append("*(an image)*" if part.data is not None else f"![image]({part.url})")
        elif isinstance(part, File):
            lines.append(f"*(the file {part.name or part.id})*")
        else:
            lines.append(part.text.strip("\n"))
    return "\n\n".join(lines)
