"""Finds how the conversation before a question is sent: as a list of messages, in one prompt, or not at all. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from toolkit.scaffold.asking import Asking, value_of
from toolkit.scaffold.exchange import Exchange, leaves, value_at
from toolkit.scaffold.facts import History, Hole, Messages, Place
from toolkit.scaffold.made_up import maker_of
from toolkit.scaffold.turns import Turns

PERSON = ("user", "human", "person", "prompter", "me", "client", "question")
SITES = {"user": "assistant", "human": "ai", "prompter": "assistant", "USER": "ASSISTANT", "Human": "Assistant"}


@dataclass(frozen=True)
class Conversation:
    """How the history is sent. `place` is that of the list of messages, in the request that asks; `item` is the form of
    one message, and `roles` the site's names for those of a person, of the model, and of a system message."""

    history: History
    asking: Exchange
    place: Place | None = None
    messages: Messages | None = None

    def covers(self, exchange: Exchange, place: Place) -> bool:
        """Decides whether the value at `place` is part of a message."""
        return self.place is not None and exchange is self.asking and place[: len(self.place)] == self.place

    def list_place(self, exchange: Exchange) -> Place | None:
        return self.place if exchange is self.asking else None


def find_conversation(turns: Turns) -> Conversation:
    """Returns how the conversation goes along: told by a turn that goes on, else by the form of the first."""
    first = turns.first.asking
    going_on = [turn for turn, on in zip(turns.all, turns.goes_on, strict=True) if on]
    at = next((number for number, key in enumerate(first.place) if key == -1), None)
    listed = value_of(first.exchange, first.place[:at]) if at is not None else None
    if at is not None and isinstance(listed, list):
        place = first.place[:at]
        inner = first.place[at + 1 :]
        messages = _messages(listed, inner, turns, place)
        grew = [turn for turn in going_on if len(value_of(turn.asking.exchange, place) or ()) > len(listed)]  # type: ignore[arg-type]
        if messages is not None and (grew or not going_on):
            return Conversation("messages", first.exchange, place, messages)
    for number, (turn, on) in enumerate(zip(turns.all, turns.goes_on, strict=True)):
        text = value_of(turn.asking.exchange, turn.asking.place)
        if on and isinstance(text, str) and turns.all[number - 1].asking.question in text:
            return Conversation("prompt", first.exchange)
    return Conversation("server" if going_on else "unknown", first.exchange)


def is_old_chat(asking: Asking) -> bool:
    """Decides whether the list of messages in a request has a person's message before the question."""
    at = next((number for number, key in enumerate(asking.place) if key == -1), None)
    listed = value_of(asking.exchange, asking.place[:at]) if at is not None else None
    earlier = listed[:-1] if isinstance(listed, list) else ()
    return any(_role_of_person(message) is not None for message in earlier)


def _role_of_person(message: Any) -> Place | None:
    """Where a message says that it is a person's; None where it does not."""
    said = leaves(message, ())
    return next((path for path, value in said if isinstance(value, str) and value.lower() in PERSON), None)


def _messages(listed: list[Any], inner: Place, turns: Turns, place: Place) -> Messages | None:
    """The form of the messages in a list, whose last is the question; None where it does not say who speaks."""
    question, first = listed[-1], turns.first.asking
    role = _role_of_person(question)
    if role is None:
        return None
    of_person = str(value_at(question, role))
    inner = _from_the_start(question, inner)
    item = _form(question, {role: Hole("role")}, str(value_at(question, inner)), first.exchange.started)
    found = _of_model(turns, place, role)
    if found is None:
        if of_person.lower() == "me":
            return None
        return Messages(item, of_person, SITES.get(of_person, "assistant"), "likely")
    message, said = found
    as_item = _form(message, {role: Hole("role")}, said, first.exchange.started)
    of_model = str(value_at(message, role))
    if as_item == item:
        return Messages(item, of_person, of_model)
    return Messages(item, of_person, of_model, answer=_form(message, {}, said, first.exchange.started))


def _of_model(turns: Turns, place: Place, role: Place) -> tuple[Any, str] | None:
    """A message of the model's that the page has sent in its list, and the text in it; one whose role is told."""
    answers = {turn.answer.strip() for turn in turns.all if turn.answer}
    for turn in turns.all:
        for message in value_of(turn.asking.exchange, place) or ():  # type: ignore[attr-defined]
            texts = [value for _, value in leaves(message, ()) if isinstance(value, str) and value.strip() in answers]
            if texts and isinstance(value_at(message, role), str):
                return message, texts[0]
    return None


def _form(message: Any, nodes: dict[Place, Any], text: str, at: float) -> Any:
    """A message with holes: `nodes`, one wherever its `text` stands, and what is made up for each. `at` is the time of
    the request."""
    found = dict(nodes)
    for path, value in leaves(message, ()):
        if path not in found:
            maker = maker_of(value, at)
            found[path] = Hole("text") if value == text else Hole(f"made up: {maker}") if maker else value
    return _rebuilt(message, (), found)


def _from_the_start(node: Any, place: Place) -> Place:
    """Returns `place`, in `node`, with the numbers of items in the place of -1."""
    found: Place = ()
    for key in place:
        holder = value_at(node, found)
        found = (*found, len(holder) - 1 if key == -1 else key)
    return found


def _rebuilt(node: Any, place: Place, nodes: dict[Place, Any]) -> Any:
    if isinstance(node, dict) and node:
        return {key: _rebuilt(item, (*place, key), nodes) for key, item in node.items()}
    if isinstance(node, list) and node:
        return [_rebuilt(item, (*place, number), nodes) for number, item in enumerate(node)]
    return nodes.get(place, node)
