"""A conversation of the person's history: a tree of messages, where each question or answer can have others beside it.
Pure.

    {"currentId": ID, "messages": {ID: {"id", "parentId", "childrenIds", "role", "content", ...}}}

The page shows the branch from a message without a parent down to the current one.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from toolkit.chats.contents import TextPart
from toolkit.chats.messages import Message
from toolkit.providers.openwebui.message_shapes import file_part, message_files

TITLE_LENGTH = 60  # characters
UNTITLED = "New Chat"  # what the site calls one that nobody has named

Node = dict[str, Any]


class Place(NamedTuple):
    """Where a turn goes: below the message `parent` (None: at the top), beginning with `turns` that are not there
    yet."""

    parent: str | None
    turns: tuple[Message, ...]


class ChatHistory:
    """The messages of `chat`, a conversation as the site keeps it; what is not in their shape is passed over."""

    def __init__(self, chat: dict[str, Any]) -> None:
        history = chat.get("history")
        found = history.get("messages") if isinstance(history, dict) else None
        nodes: dict[str, Node] = found if isinstance(found, dict) else {}
        self._nodes = {id: node for id, node in nodes.items() if isinstance(node, dict)}
        current = history.get("currentId") if isinstance(history, dict) else None
        self._current = current if current in self._nodes else next(reversed(self._nodes), None)
        params = chat.get("params")
        system = params.get("system") if isinstance(params, dict) else None
        self._system = system if isinstance(system, str) else ""

    def branch(self) -> list[Node]:
        """The messages that the page shows, the first one first."""
        found: dict[str, Node] = {}
        id = self._current
        while id is not None and id in self._nodes and id not in found:
            found[id] = self._nodes[id]
            id = found[id].get("parentId")
        return list(reversed(found.values()))

    def messages(self) -> list[Message]:
        """The conversation as messages of a call, with its system prompt."""
        system = [Message("system", self._system)] if self._system else []
        return [*system, *(message for node in self.branch() if (message := _read_message(node)) is not None)]

    def find_place(self, turns: Sequence[Message]) -> Place:
        """Where `turns`, a conversation that ends with a question, go in this one.

        Those at its beginning that are there already stay as they are; the first that differs begins a branch. If even
        the first one differs, what was said since the last answer goes on after the current message.
        """
        parent, length = None, 0
        for turn in turns:
            below = [id for id, node in self._nodes.items() if node.get("parentId") == parent and _is_same(node, turn)]
            if not below:
                break
            parent, length = below[-1], length + 1
        if length or self._current is None:
            return Place(parent, tuple(turns[length:]))
        return Place(self._current, new_turns(turns))

    def begins_with(self, turns: Sequence[Message]) -> bool:
        """Whether the first of `turns` is a first message here."""
        tops = (node for node in self._nodes.values() if node.get("parentId") is None)
        return bool(turns) and any(_is_same(node, turns[0]) for node in tops)

    def add(
        self, place: Place, model: str, answer: dict[str, Any], now: float, answerers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """The history with the turns of `place` and the fields `answer` of what `model` has answered, at the time
        `now` in seconds since 1970.

        There can be earlier answers among those turns, which nobody has saved. `answerers` has their models by their
        text; else they are taken for answers of the model that answered before them, as far as the chat has one.
        """
        nodes = {id: dict(node) for id, node in self._nodes.items()}
        news: list[Node] = []
        answerer = model
        for turn in reversed(place.turns):  # since a question is to the model of its answer
            if turn.role == "assistant":
                answerer = (answerers or {}).get(turn.text.strip()) or self._model_before(place.parent) or model
            news.insert(0, _turn(turn, answerer))
        parent = place.parent
        for new in (*news, _answer(answer, model)):
            id = str(uuid.uuid4())
            nodes[id] = {"id": id, "parentId": parent, "childrenIds": [], "timestamp": int(now), **new}
            if parent is not None:
                nodes[parent]["childrenIds"] = [*(nodes[parent].get("childrenIds") or []), id]
            parent = id
        return {"currentId": parent, "messages": nodes}

    def _model_before(self, id: str | None) -> str:
        """The model of the last answer down to the message `id`; "" where there is none."""
        seen: set[str] = set()
        while id is not None and id in self._nodes and id not in seen:
            seen.add(id)
            node = self._nodes[id]
            if node.get("role") == "assistant" and isinstance(node.get("model"), str):
                return str(node["model"])
            id = node.get("parentId")
        return ""


def turns_of(messages: Sequence[Message]) -> list[Message]:
    """Those of `messages` that a history has: questions and answers, and not the talk with tools between them."""
    return [one for one in messages if one.role == "user" or (one.role == "assistant" and one.text.strip())]


def new_turns(turns: Sequence[Message]) -> tuple[Message, ...]:
    """Those of `turns` that came after the last answer."""
    answers = [number for number, turn in enumerate(turns) if turn.role == "assistant"]
    return tuple(turns[answers[-1] + 1 if answers else 0 :])


def make_title(turns: Sequence[Message]) -> str:
    """A title for a conversation: the beginning of its first question."""
    words = " ".join(next((turn.text for turn in turns if turn.text.strip()), UNTITLED).split())
    return words if len(words) <= TITLE_LENGTH else words[: TITLE_LENGTH - 1].rstrip() + "…"


def _turn(turn: Message, model: str) -> Node:
    """A question to `model`, or its answer."""
    if turn.role != "user":
        return _answer({"content": turn.text}, model)
    files = message_files(turn)
    return {"role": "user", "content": turn.text, "models": [model]} | ({"files": files} if files else {})


def _answer(fields: dict[str, Any], model: str) -> Node:
    return {"role": "assistant", **fields, "done": True, "model": model, "modelIdx": 0}


def _is_same(node: Node, turn: Message) -> bool:
    content = node.get("content")
    return node.get("role") == turn.role and isinstance(content, str) and content.strip() == turn.text.strip()


def _read_message(node: Node) -> Message | None:
    """A message of the page as one of a call; None for an answer that is empty, as those are that failed."""
    role, content = node.get("role"), node.get("content")
    text = content if isinstance(content, str) else ""
    if role == "assistant" and text.strip():
        return Message("assistant", text)
    if role != "user":
        return None
    files = node.get("files")
    parts = [part for file in (files if isinstance(files, list) else ()) if (part := file_part(file)) is not None]
    if not parts:
        return Message("user", text)
    return Message("user", (*([TextPart(text)] if text else []), *parts))
