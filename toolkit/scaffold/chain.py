"""Finds the requests that a call needs, back to the first, and makes steps of them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from msgspec import UnsetType

from toolkit.scaffold.classes import Classified, Classifier
from toolkit.scaffold.conversation import Conversation
from toolkit.scaffold.exchange import Exchange, JSONText, marks_of_frame, place_name, place_of
from toolkit.scaffold.facts import Deletion, Evidence, Hole, Models, Parts, Place, Step, Taken, Value
from toolkit.scaffold.models import KEY, find_models
from toolkit.scaffold.names import value_name
from toolkit.scaffold.socket_exchanges import RECEIVE
from toolkit.scaffold.socket_steps import WHY_OPENS, check_same_socket, needed_frames
from toolkit.scaffold.sources import Source, Told
from toolkit.scaffold.turns import Turns

WHY_ASKS = "It carries the question."
WHY_ANSWERS = "It is answered with the answer."
WHY_TELLS = "It tells what a later request sends: "
WHY_BETWEEN = "It is between question and answer, with the same "
WHY_SETS = "Its answer sets a cookie anew for each call: "
WHY_REGISTERS = "It is the first to send what the page has made up: "


class Chain:
    """The requests of the first turn that a call needs. After `build` there are `needed`, and of these
    `steps` and `values`."""

    def __init__(
        self,
        exchanges: Sequence[Exchange],
        turns: Turns,
        told: Told,
        classifier: Classifier,
        conversation: Conversation,
    ) -> None:
        self._exchanges, self._turns, self._told = exchanges, turns, told
        self._classifier, self._conversation = classifier, conversation
        self._why: dict[int, str] = {}  # of the exchanges that are needed, by their place in time
        self._found: dict[int, dict[Place, Classified]] = {}
        self.names: dict[str, str] = {}  # of variables, by their value
        self.takes: dict[int, dict[str, Taken]] = {}
        self.needed: list[Exchange] = []  # in the order of time
        self.steps: tuple[Step, ...] = ()
        self.values: tuple[Value, ...] = ()
        self.session_headers: list[str] = []
        self.model = ""
        self.models: Models | None = None

    def build(self) -> None:
        """Finds all steps. Raises `CannotInfer` for a value that can be neither sent again nor made."""
        first = self._turns.first
        self._need(first.answering, WHY_ANSWERS)
        self._need(first.asking.exchange, WHY_ASKS)
        if first.asking.exchange.is_frame:
            for exchange, why in needed_frames(self._exchanges, self._turns):
                self._need(exchange, why)
        for exchange in self._between():
            self._need(exchange, f"{WHY_BETWEEN}{' and '.join(self._shared(exchange))}.")
        self.needed = [exchange for exchange in self._exchanges if exchange.at in self._why]
        for exchange in self.needed:
            self._name(exchange)
            self._find_model(exchange)
        self.steps = tuple(self._step(exchange) for exchange in self.needed)
        self.values = tuple(self._value(one, place) for one in self.needed for place in self._found[one.at])

    @property
    def ids(self) -> set[str]:
        """The values that belong to one call."""
        return {str(f.variable) for found in self._found.values() for f in found.values() if _varies(f)}

    def template(self, exchange: Exchange) -> Step | None:
        """Returns the step for a request of the page after the answer, such as a deletion, if it holds a value of this
        call; None if it does not, or holds another that is not known."""
        nodes: dict[Place, Any] = {}
        varies = False
        for place, value in exchange.values.items():
            if str(value) in self.names and place[0] != "header":
                nodes[place] = Hole(self.names[str(value)])
                varies = True
            else:
                nodes[place] = value
        return self._fill(exchange, nodes, "It deletes what the call has made.") if varies else None

    def deletions(self) -> tuple[Deletion, ...]:
        """Returns what the page deletes of the first turn after its answer."""
        found: list[Deletion] = []
        for exchange in self._exchanges[self._turns.first.answering.at + 1 :]:
            if exchange.method != "DELETE" or exchange.entry.response.status >= 400:
                continue
            step = self.template(exchange)
            if step is None or any(step.path == one.step.path for one in found):
                continue
            if any(
                self._exchanges[at].is_frame and any(_uses(step, n) for n in takes) for at, takes in self.takes.items()
            ):
                continue  # what is made by a frame is not known before the socket is open
            creators = [at for at, takes in self.takes.items() if any(_uses(step, name) for name in takes)]
            found.append(Deletion(step, self._exchanges[max(creators)].number if creators else None))
        return tuple(found)

    def _need(self, exchange: Exchange, why: str) -> None:
        """Takes `exchange` among the steps, and all that it needs itself."""
        if exchange.at in self._why:
            return
        self._why[exchange.at] = why
        self._found[exchange.at] = {}
        if exchange.is_frame:
            check_same_socket(exchange, self._turns)
            self._need(self._turns.socket, WHY_OPENS)
        for place, value in exchange.values.items():
            if self._conversation.covers(exchange, place):
                continue
            found = self._classifier.classify(exchange, place, value)
            self._found[exchange.at][place] = found
            if found.session and place[0] == "header":
                self.session_headers.append(str(place[1]))
            if found.kind == "received" and found.source is not None and not found.kept:
                self._need(found.source.exchange, f"{WHY_TELLS}{place_name(place)} of log.entries[{exchange.number}].")
            if (
                found.kind == "made up"
                and (found.certainty == "sure" or not self._turns.peers)
                and (first := self._registering(found)) is not None
            ):
                self._need(first, f"{WHY_REGISTERS}{place_name(place)} of log.entries[{exchange.number}].")

        for name, value in exchange.cookies.items():
            if (setter := self._setting(name, value, exchange)) is not None:
                self._need(setter, f"{WHY_SETS}{name}.")

    def _setting(self, name: str, value: str, exchange: Exchange) -> Exchange | None:
        """The request of the first turn whose answer has set the cookie that `exchange` sends, if the page makes one
        like it in each turn that begins a conversation, and gets another value. Where one question was recorded, it is
        one that makes something, and no login."""
        begin = self._turns.begin(self._turns.first_number)
        setters = [one for one in self._exchanges[begin + 1 : exchange.at] if one.set_cookies.get(name) == value]
        if setters and not self._turns.peers:
            makes = setters[-1].method in ("POST", "PUT") and setters[-1] not in self._classifier.logins
            return setters[-1] if makes and setters[-1].origin == exchange.origin else None
        peers = [self._turns.counterpart(setters[-1], number) for number in self._turns.peers] if setters else []
        again = peers and all(one is not None and one.set_cookies.get(name) not in (None, value) for one in peers)
        return setters[-1] if again else None

    def _registering(self, found: Classified) -> Exchange | None:
        """The request that was the first to send what the page made up for this turn, if it may have made something."""
        at = self._told.first_sent(found.variable)
        if not self._turns.begin(self._turns.first_number) < at < self._turns.first.asking.exchange.at:
            return None
        first = self._exchanges[at]
        is_own = first.origin == self._turns.origin
        makes = first.method in ("POST", "PUT") and first.entry.response.status < 400
        return first if makes and (is_own or self._turns.peers) else None

    def _between(self) -> list[Exchange]:
        """The requests between question and answer that go on with what the page has made up for the call: the site may
        keep a state under it."""
        start, end = self._turns.first.asking.exchange.at, self._turns.first.answering.at
        return [
            one
            for one in self._exchanges[start + 1 : end]
            if one.at not in self._why
            and one.method in ("POST", "PUT")
            and one.origin == self._turns.origin
            and self._shared(one)
            and all(self._turns.counterpart(one, number) is not None for number in self._turns.peers)
        ]

    def _shared(self, exchange: Exchange) -> list[str]:
        """The places of `exchange` that hold a made-up value of the call."""
        made_up = {
            found.variable for values in self._found.values() for found in values.values() if found.kind == "made up"
        }
        return [
            str(place[-1]) for place, value in exchange.values.items() if isinstance(value, str) and value in made_up
        ]

    def _name(self, exchange: Exchange) -> None:
        """Names the values of `exchange` that vary, and says from which answer each is taken."""
        for place, found in self._found[exchange.at].items():
            if found.variable is None or found.kind == "person's":
                continue
            key = str(found.variable)
            if key not in self.names:
                told = _told_name(found.source) if found.source is not None and place[0] == "path" else ""
                used = set(self.names.values())
                self.names[key] = told if told and told not in used else value_name(exchange, place, used)
            if found.source is not None and not found.kept:
                self.takes.setdefault(found.source.exchange.at, {})[self.names[key]] = found.source.taken

    def _find_model(self, exchange: Exchange) -> None:
        """Finds the list that names the model of `exchange`, and what stands beside it there and follows from it."""
        values = exchange.values
        for place, found in self._found[exchange.at].items():
            if found.variable != "model" or self.model:
                continue
            self.model = str(values[place])
            self.models = find_models(self._exchanges, self._told, self.model, exchange.at)
            beside = {p: v for p, v in values.items() if p[:-1] == place[:-1] and p != place and isinstance(v, str)}
            for other, value in beside.items():
                if self.models is not None and value in self.models.follows:
                    name = f"model_{self.models.follows[value].pop(KEY)}"
                    self.models.follows[name] = self.models.follows.pop(value)
                    self._found[exchange.at][other] = Classified("person's", Hole(name), name)
            if self.models is not None:
                used = {name: by for name, by in self.models.follows.items() if KEY not in by}
                self.models = replace(self.models, follows=used)

    def _step(self, exchange: Exchange) -> Step:
        nodes = {place: self._node(found) for place, found in self._found[exchange.at].items() if not found.session}
        return self._fill(exchange, nodes, self._why[exchange.at])

    def _node(self, found: Classified) -> Any:
        if found.kind in ("constant", "person's") or found.variable is None:
            return found.node
        hole = Hole(self.names[str(found.variable)])
        if isinstance(found.node, Parts):
            return Parts(tuple(hole if isinstance(part, Hole) else part for part in found.node.parts))
        return hole

    def _fill(self, exchange: Exchange, nodes: dict[Place, Any], why: str) -> Step:
        """The request with `nodes` in the places of its values."""
        parts: list[str | Hole] = []
        for number in range(0 if exchange.is_frame else len(exchange.path)):
            node = nodes[("path", number)]
            inner = node.parts if isinstance(node, Parts) else (node,)
            parts += ["/", *inner]
        headers = {str(place[1]): node for place, node in nodes.items() if place[0] == "header"}
        headers |= _telling_headers(exchange)
        body = _filled(exchange.body, ("body",), nodes, self._conversation.list_place(exchange))
        return Step(
            entry=exchange.number,
            method=exchange.method,
            path=Parts(_joined(parts)),
            origin="" if exchange.origin == self._turns.origin else exchange.origin,
            query={str(place[1]): node for place, node in nodes.items() if place[0] == "query"},
            headers=headers,
            body_kind=exchange.body_kind,  # type: ignore[arg-type]
            body=body,
            takes=self.takes.get(exchange.at, {}),
            answers_json=exchange.document is not None,
            why=why,
            unsure=why.startswith((WHY_BETWEEN, WHY_REGISTERS)),
            marks=marks_of_frame(exchange) if exchange.method == RECEIVE else {},
        )

    def _value(self, exchange: Exchange, place: Place) -> Value:
        found = self._found[exchange.at][place]
        evidence = [evidence_of(exchange, place)]
        if found.source is not None:
            evidence.insert(0, told_by(found.source))
        name = {"constant": "", "person's": str(found.variable)}.get(found.kind) or (
            self.names.get(str(found.variable), "") if found.variable is not None else ""
        )
        in_place = found.kept and found.variable is None
        return Value(
            place=place_of(exchange, place),
            kind=found.kind,  # type: ignore[arg-type]
            name=name,
            constant=found.node if found.kind == "constant" or in_place else found.variable if found.kept else None,
            evidence=(*evidence, *found.evidence),
            taken=found.source.taken if found.source is not None else None,
            maker=found.maker,
            kept=found.kept,
            certainty=found.certainty,
        )


def _varies(found: Classified) -> bool:
    return found.variable is not None and found.kind in ("received", "made up") and not found.kept


def _told_name(source: Source) -> str:
    """The name of a value by where it was told: the `id` of an item of `/chatflows` is `chatflow_id`."""
    exchange, path = source.exchange, source.taken.path
    if not path or path[-1] != "id" or not exchange.path:
        return ""
    return value_name(exchange, ("path", len(exchange.path)), ())


def evidence_of(exchange: Exchange, place: Place) -> Evidence:
    """Returns where a value was sent."""
    if exchange.is_frame:
        return Evidence(exchange.number, f"frames[{exchange.frame}]{place_name(('', *place[1:]))}")
    return Evidence(exchange.number, f"request.{place_name(place)}")


def told_by(source: Source) -> Evidence:
    """Returns where a value was told."""
    if source.exchange.is_frame:
        return evidence_of(source.exchange, ("body", *source.taken.path))
    return Evidence(source.exchange.number, f"response.{taken_name(source.taken)}")


def taken_name(taken: Taken) -> str:
    """Returns the place in an answer in words."""
    if taken.how in ("json", "frame", "page"):
        holder = taken.name or "body"
        return f"{holder}{'.' if taken.path and isinstance(taken.path[0], str) else ''}{place_name(taken.path)}"
    return f"{taken.how}.{taken.name}" if taken.name else "body as text"


def _telling_headers(exchange: Exchange) -> dict[str, str]:
    """The headers of a request that some servers look at, and that the transport does not set so itself."""
    sent = {pair.name.lower(): pair.value for pair in exchange.entry.request.headers}
    headers = {}
    if sent.get("accept", "").startswith("text/event-stream"):
        headers["accept"] = sent["accept"]
    posted = exchange.entry.request.post_data
    kind = "" if isinstance(posted, UnsetType) else posted.mime_type
    if exchange.body_kind == "json" and kind and "application/json" not in kind:
        headers["content-type"] = kind
    return headers


def _filled(node: Any, place: Place, nodes: dict[Place, Any], conversation: Place | None) -> Any:
    """A document with `nodes` in the places of its values; the list of messages at `conversation` is a hole."""
    if conversation is not None and place == conversation:
        return Hole("messages")
    if isinstance(node, JSONText):
        return JSONText(_filled(node.document, (*place, "{}"), nodes, conversation), node.spaced)
    if isinstance(node, dict) and node:
        return {key: _filled(item, (*place, key), nodes, conversation) for key, item in node.items()}
    if isinstance(node, list) and node:
        return [_filled(item, (*place, number), nodes, conversation) for number, item in enumerate(node)]
    return nodes.get(place, node)


def _joined(parts: list[str | Hole]) -> tuple[str | Hole, ...]:
    """`parts` with texts that follow each other as one."""
    found: list[str | Hole] = []
    for part in parts:
        if isinstance(part, str) and found and isinstance(found[-1], str):
            found[-1] += part
        else:
            found.append(part)
    return tuple(found)


def _uses(step: Step, name: str) -> bool:
    return f"Hole(name='{name}')" in repr((step.path, step.query, step.body))
