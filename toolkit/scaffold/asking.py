"""Finds the requests that carry a question, and which of them ask in the same way. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from toolkit.har.model import Entry
from toolkit.har.websockets import WebSocketMessage
from toolkit.scaffold.exchange import Exchange, value_at
from toolkit.scaffold.facts import Place
from toolkit.scaffold.socket_exchanges import OPEN

# The names of values that tell the calls of one address apart.
OPERATIONS = ("operationname", "fn_index", "type", "action", "event", "method", "op", "kind", "cmd", "task")
ID_LIKE = re.compile(r"(?=.*\d)[\w.~:@-]{6,}|\d+")


@dataclass(frozen=True)
class Asking:
    """A request that carries a question. `place` is where it stands: the last item of a list of messages is -1. The
    text there is the question, with `before` and `after` around it."""

    exchange: Exchange
    place: Place
    question: str
    before: str = ""
    after: str = ""

    @property
    def exact(self) -> bool:
        """Whether the question stands there alone."""
        return not self.before and not self.after


def find_askings(exchanges: Iterable[Exchange], question: str) -> list[list[Asking]]:
    """Returns the ways in which `question` is sent: for each, the first request that does so, and after it the others
    of the recording that ask something in that way, in the order of time."""
    exchanges, ways = list(exchanges), list[list[Asking]]()
    for exchange in exchanges:
        for asking in _askings(exchange, question.strip()):
            if not any(same_call(way[0].exchange, exchange) and way[0].place == asking.place for way in ways):
                ways.append([asking, *_others(asking, exchanges)])
    return ways


def socket_with(entries: Iterable[Entry], question: str) -> Entry | None:
    """Returns the WebSocket over which a page has sent `question`, in frames of any kind; None where it has not."""
    spelled = (question, json.dumps(question)[1:-1], json.dumps(question, ensure_ascii=False)[1:-1])
    spellings = {text.encode() for text in spelled}
    for entry in entries:
        for one in entry.messages or ():
            data = _data(one) if one.is_sent else b""
            if any(spelling in data for spelling in spellings):
                return entry
    return None


def _data(message: WebSocketMessage) -> bytes:
    """What a frame holds; nothing where the file does not show that."""
    try:
        payload = message.payload()
    except ValueError:
        return b""
    return payload.encode("utf-8", "replace") if isinstance(payload, str) else payload


def _askings(exchange: Exchange, question: str) -> Iterator[Asking]:
    if exchange.method == OPEN:
        return  # what is answered in its frames has no frame that asks
    for place, value in exchange.values.items():
        if isinstance(value, str) and question in value and place[0] != "header":
            before, _, after = value.partition(question)
            if not before.strip() and not after.strip():
                before = after = ""
            yield Asking(exchange, _from_the_end(exchange, place), question, before, after)


def _from_the_end(exchange: Exchange, place: Place) -> Place:
    """Returns `place` with -1 for the last item of a list of objects, which are messages, or their parts."""
    found: list[str | int] = []
    for number, key in enumerate(place):
        above = value_at(exchange.body, place[1:number]) if place[0] == "body" else None
        is_last = isinstance(above, list) and key == len(above) - 1 and isinstance(above[-1], dict)
        found.append(-1 if is_last else key)
    return tuple(found)


def earlier_questions(asking: Asking, exchanges: Iterable[Exchange]) -> list[str]:
    """Returns what was asked in the way of `asking` before it."""
    earlier = (one for one in exchanges if one.at < asking.exchange.at)
    return [one.question for one in _alike(asking, earlier)]


def _others(asking: Asking, exchanges: Iterable[Exchange]) -> Iterator[Asking]:
    return _alike(asking, (one for one in exchanges if one.at > asking.exchange.at))


def _alike(asking: Asking, exchanges: Iterable[Exchange]) -> Iterator[Asking]:
    for exchange in exchanges:
        if not same_call(asking.exchange, exchange):
            continue
        text = value_of(exchange, asking.place)
        if not isinstance(text, str) or not text.strip():
            continue
        if text.startswith(asking.before) and text.endswith(asking.after):
            question = text[len(asking.before) : len(text) - len(asking.after)]
            yield Asking(exchange, asking.place, question, asking.before, asking.after)


def value_of(exchange: Exchange, place: Place) -> object:
    """Returns the value of a request at `place`; None where there is none."""
    if place[0] == "body":
        return value_at(exchange.body, place[1:])
    return exchange.values.get(place)


def same_call(one: Exchange, other: Exchange) -> bool:
    """Decides whether two requests call the same: the method, the address but for ids in its path, and the values that
    tell operations apart. Of frames, their kind."""
    return (one.shape == other.shape) and (
        one.method == other.method
        and one.origin == other.origin
        and one.body_kind == other.body_kind
        and len(one.path) == len(other.path)
        and all(a == b or (is_id(a) and is_id(b)) for a, b in zip(one.path, other.path, strict=True))
        and _operations(one) == _operations(other)
    )


def is_id(text: str) -> bool:
    """Decides whether a part of a path may be an id."""
    return ID_LIKE.fullmatch(text) is not None


def _operations(exchange: Exchange) -> dict[Place, object]:
    return {
        place: value
        for place, value in exchange.values.items()
        if len(place) <= 2 and (str(place[-1]).lower() in OPERATIONS or _is_graphql(place, value))
    }


def _is_graphql(place: Place, value: object) -> bool:
    return place == ("body", "query") and isinstance(value, str) and "{" in value
