"""Decides of which of four classes a value of a request is: constant, the person's, received earlier, made up. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from toolkit.errors import CannotInfer
from toolkit.scaffold.asking import same_call
from toolkit.scaffold.configured import find_configured
from toolkit.scaffold.exchange import Exchange, place_name, value_at
from toolkit.scaffold.facts import Certainty, Evidence, Hole, Parts, Place, Taken
from toolkit.scaffold.made_up import looks_random, maker_of, refuse_computed
from toolkit.scaffold.sources import Source, Told, is_distinctive
from toolkit.scaffold.turns import Turns

TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{5,}[A-Za-z0-9]")
CREDENTIAL = re.compile(r"authorization|api-?key|token|secret|csrf|xsrf|bearer|^x-.*-key$", re.IGNORECASE)
JWT = re.compile(r"eyJ[\w-]{8,}\.[\w-]+\.")
ID = re.compile(r"id$|_id|number|key", re.IGNORECASE)
RENEWED = re.compile(r"csrf|xsrf|token|nonce", re.IGNORECASE)  # of a value that is another one tomorrow
MODEL = re.compile(r"model(?:_?(?:id|name|config_?name|slug|key))?|modelid|engine", re.IGNORECASE)
MODEL_PARTS = ("id", "slug", "key", "value", "name")
SETTINGS = {
    "temperature": "temperature",
    **dict.fromkeys(
        ("max_tokens", "maxtokens", "max_new_tokens", "maxoutputtokens", "max_output_tokens"), "max_tokens"
    ),
}
TIMES = ("ms", "s", "iso")
COMPUTED_LENGTH = 16  # characters of what may be a signature
TRUNCATED = 8  # characters, at least, of a question that stands in a title


@dataclass(frozen=True)
class Classified:
    """What a value is. `node` is what stands in its place in a template: the value itself, or a hole. `variable` is the
    value that varies, the same for all its places; None for a constant, and for what is `kept` in its place."""

    kind: str
    node: Any
    variable: Any = None
    source: Source | None = None
    maker: str = ""
    kept: bool = False
    session: bool = False  # of the session: its recipe has it
    certainty: Certainty = "sure"
    evidence: tuple[Evidence, ...] = ()


class Classifier:
    """Classifies the values of the requests of the first turn, by what the other turns have in their place."""

    def __init__(self, turns: Turns, told: Told, logins: Sequence[Exchange]) -> None:
        self._turns, self._told, self.logins = turns, told, logins

    def classify(self, exchange: Exchange, place: Place, value: Any) -> Classified:
        """Returns what `value`, at `place` of `exchange`, is. Raises `CannotInfer` for what can be neither sent again
        nor made."""
        name = next((str(key) for key in reversed(place) if isinstance(key, str) and key != "{}"), "")
        peers = self._turns.values_at(exchange, place)
        person = self._of_person(exchange, place, value, name, peers)
        if person is not None:
            return person
        if place[0] == "header" and (found := self._of_session(exchange, name, value)) is not None:
            return found
        differs = any(other != value for _, other in peers)
        if not differs and (source := find_configured(self._told.earlier(exchange), exchange, place)) is not None:
            return Classified("received", value, source=source, kept=True)
        if isinstance(value, bool | None) or value in ("", [], {}) or (isinstance(value, float) and not differs):
            return Classified("constant", value)
        if (found := self._received(exchange, name, value, peers, differs)) is not None:
            return found
        if differs:
            return self._made_up(exchange, place, name, value, peers)
        maker = maker_of(value, exchange.started)
        if isinstance(value, str) and looks_random(name, value) and place[0] != "path" and maker:
            return Classified("made up", None, value, maker=maker, certainty="to check" if peers else "likely")
        if not peers and maker.startswith(TIMES):
            return Classified("made up", None, value, maker=maker, certainty="likely")
        where = f"{place_name(place)} of log.entries[{exchange.number}]"
        if not peers and isinstance(value, str) and len(value) >= COMPUTED_LENGTH:
            refuse_computed(name, value, where)
        if isinstance(value, str) and _is_credential(name, value) and not self._told.is_public(value):
            raise CannotInfer(
                f"{where} looks like a credential, and no answer of the site holds it.",
                hint="It must not stand in a program. Write that request by hand, with the value from its place.",
            )
        return Classified("constant", value)

    def _of_person(
        self, exchange: Exchange, place: Place, value: Any, name: str, peers: Sequence[tuple[Exchange, Any]]
    ) -> Classified | None:
        """What the person has typed or chosen: the question, a model, a setting."""
        question = self._turns.first.asking.question
        if isinstance(value, str) and question in value:
            before, _, after = value.partition(question)
            exact = not before.strip() and not after.strip()
            node = Hole("question") if exact else Parts(tuple(filter(None, (before, Hole("question"), after))))
            return Classified("person's", node, "question")
        if isinstance(value, str) and len(value) >= TRUNCATED and any(other != value for _, other in peers):
            start = value.rstrip(".…")
            if question.startswith(start):
                return Classified("person's", Hole(f"question[:{len(start)}]"), "question", certainty="to check")
        parents = [str(key) for key in place if isinstance(key, str)]
        of_model = len(parents) > 1 and MODEL.fullmatch(parents[-2]) and name in MODEL_PARTS[:3]
        if isinstance(value, str) and value and place[0] in ("body", "query") and (MODEL.fullmatch(name) or of_model):
            return Classified("person's", Hole("model"), "model")
        if isinstance(value, int | float) and not isinstance(value, bool) and name.lower() in SETTINGS:
            return Classified("person's", Hole(SETTINGS[name.lower()]), SETTINGS[name.lower()])
        return None

    def _of_session(self, exchange: Exchange, name: str, value: Any) -> Classified | None:
        """A header with a credential that the page keeps: the session has it, and no code."""
        if not CREDENTIAL.search(name):
            return None
        if any(one == value for one in exchange.cookies.values()):
            return Classified("received", None, session=True)
        sources = self._told.sources(value, exchange.at)
        bare = self._told.sources(value.partition(" ")[2], exchange.at) if " " in value else []
        if any(one.exchange in self.logins for one in (*sources, *bare)) or not (sources or bare):
            return Classified("received", None, session=True, certainty="to check")
        if bare and not sources:
            scheme = value.partition(" ")[0]
            node = Parts((f"{scheme} ", Hole("")))
            return Classified("received", node, value.partition(" ")[2], source=bare[0])
        return None

    def _received(
        self, exchange: Exchange, name: str, value: Any, peers: Sequence[tuple[Exchange, Any]], differs: bool
    ) -> Classified | None:
        if not isinstance(value, str | int) or not (differs or is_distinctive(value)):
            return None
        sources = [one for one in self._told.sources(value, exchange.at) if _can_be_taken(one, value)]
        if not sources or (isinstance(value, int) and not differs and not ID.search(name)):
            return None
        if not differs:
            by_login = [one for one in sources if one.exchange in self.logins]
            source = next((one for one in sources if one not in by_login), sources[0])
            if by_login and source is by_login[0] and _is_credential(name, value, source):
                raise CannotInfer(
                    f"The {name} of log.entries[{exchange.number}] is a credential that the login has told, and the "
                    "file does not show where the page keeps it.",
                    hint="A token that the page sends in a header can be taken from there at each login.",
                )
            fresh = RENEWED.search(name) or source.taken.how in ("text", "header")
            listed = any(isinstance(key, int) for key in source.taken.path)
            kept = not fresh and listed and not _is_credential(name, value, source)
            if source.exchange in self.logins:
                return Classified("received", None, value, source=source, kept=True, certainty="to check")
            return Classified("received", None, value, source=source, kept=kept)
        verified = [one for one in sources if self._is_verified(one, peers)]
        if verified:
            return Classified("received", None, value, source=verified[0])
        likely = [one for one in sources if not any(isinstance(key, int) for key in one.taken.path)]
        if is_distinctive(value) and likely:
            return Classified("received", None, value, source=likely[0], certainty="to check")
        return None

    def _is_verified(self, source: Source, peers: Sequence[tuple[Exchange, Any]]) -> bool:
        """Decides whether the values of the other turns come from the same place."""
        return all(
            any(
                _same_way(one.taken, source.taken) and same_call(one.exchange, source.exchange)
                for one in self._told.sources(value, exchange.at)
            )
            for exchange, value in peers
            if isinstance(value, str | int)
        )

    def _made_up(
        self, exchange: Exchange, place: Place, name: str, value: Any, peers: Sequence[tuple[Exchange, Any]]
    ) -> Classified:
        where = f"{place_name(place)} of log.entries[{exchange.number}]"
        maker = maker_of(value, exchange.started)
        if not maker.startswith((*TIMES, "uuid")):
            refuse_computed(name, value, where)
        if maker and all(_same_maker(maker, maker_of(other, one.started)) for one, other in peers if other is not None):
            return Classified("made up", None, value, maker=maker)
        if isinstance(value, str) and (parts := self._parts(exchange, value, peers)) is not None:
            return parts
        raise CannotInfer(
            f"It cannot be told where {where} comes from: it differs between the questions, and no answer before it "
            "holds it.",
            hint="If the page computes it (a signature, a proof of work), the site cannot be called without a browser.",
        )

    def _parts(self, exchange: Exchange, value: str, peers: Sequence[tuple[Exchange, Any]]) -> Classified | None:
        """A text with one value in it that was received, or is made up."""
        for match in TOKEN.finditer(value):
            before, inner, after = value[: match.start()], match[0], value[match.end() :]
            others = [
                (one, other[len(before) : len(other) - len(after)])
                for one, other in peers
                if isinstance(other, str) and other.startswith(before) and other.endswith(after)
            ]
            if len(others) < len(peers):
                continue
            node = Parts(tuple(part for part in (before, Hole(""), after) if part))
            found = self._received(exchange, "", inner, others, True)
            if found is not None:
                return Classified("received", node, inner, source=found.source, certainty=found.certainty)
            if maker := maker_of(inner, exchange.started):
                return Classified("made up", node, inner, maker=maker, certainty="likely")
        return None


def _can_be_taken(source: Source, value: Any) -> bool:
    """Decides whether `value` can be taken out of the answer by a step: out of no stream, and a number out of JSON."""
    taken = source.taken
    if isinstance(value, int):
        return taken.how == "json" and isinstance(value_at(source.exchange.document, taken.path), int)
    return taken.how != "frame" and (taken.how != "text" or bool(taken.pattern))


def _is_credential(name: str, value: Any, source: Source | None = None) -> bool:
    """Decides whether a value is a secret, by its name, by that of where it was told, and by its look."""
    told = str(source.taken.path[-1]) if source is not None and source.taken.path else ""
    named = CREDENTIAL.search(name) or CREDENTIAL.search(told)
    return isinstance(value, str) and (JWT.match(value) is not None or (bool(named) and is_distinctive(value)))


def _same_maker(one: str, other: str) -> bool:
    """Decides whether both are made in one way; random ones may have other lengths and digits."""
    kinds = {"hex", "lower", "alnum", "url", "digits"}
    first, second = one.partition(" ")[0], other.partition(" ")[0]
    return one == other or (first in kinds and second in kinds) or {first, second} <= {"iso", "iso ms"}


def _same_way(one: Taken, other: Taken) -> bool:
    return one.how == other.how and one.path == other.path and one.name == other.name
