"""What counts as a secret in one half of an exchange: the rules, and the values that change with each call. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from toolkit.redaction.bodies import Body
from toolkit.redaction.occurrences import Part
from toolkit.redaction.rules import Path, Rules

FoundInBodies: TypeAlias = dict[bytes, list[Part]]
"""What was found in bodies, by a digest of how they were searched, their media type, encoding and text."""
MOST_KEPT = 20_000  # bodies with something in them whose finds are kept
MOST_PARTS = 16  # of such a body


class Criteria(NamedTuple):
    """The user's `rules`, and which query parameters and body fields the provider generates for each call.

    Generated values count as secrets of the kind `random`. `memory` keeps what was found in headers and cookies, most
    of which are the same in each exchange. `bodies` keeps what was found in bodies, for a document that is
    looked through again. `typed` is what was typed into password fields.
    """

    rules: Rules
    random_query: frozenset[str] = frozenset()
    random_body: frozenset[Path] = frozenset()
    memory: dict[tuple[object, str, str], list[Part]] | None = None
    bodies: FoundInBodies | None = None
    typed: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"<Criteria {self.rules!r}>"

    @property
    def wants_all_fields(self) -> bool:
        """Whether fields of a body are asked for by their path, and not only by telling names."""
        return bool(self.rules.json_paths or self.random_body)

    def remembered(self, find: Callable[[str, str, Criteria], list[Part]], name: str, value: str) -> list[Part]:
        """Returns what `find` finds in the `value` of `name`, and has it look only once."""
        if self.memory is None:
            return find(name, value, self)
        if (parts := self.memory.get((find, name, value))) is None:
            parts = self.memory[find, name, value] = find(name, value, self)
        return parts

    def in_body(
        self, find: Callable[[bytes, str, Criteria], list[Part]], holder: dict[str, Any], key: str
    ) -> list[Part]:
        """Returns what `find` finds in the body in `holder` (see `Body`), and has it look only once at most of them."""
        if not holder.get("text"):
            return []
        digest = b"" if self.bodies is None else _digest(find, holder, key)
        if self.bodies is not None and (known := self.bodies.get(digest)) is not None:
            return known
        parts = find(Body(holder, key).data, holder.get("mimeType", ""), self)
        if self.bodies is not None and (not parts or (len(parts) <= MOST_PARTS and len(self.bodies) < MOST_KEPT)):
            self.bodies[digest] = parts
        return parts

    def note_empty(self, find: Callable[..., object], holder: dict[str, Any], key: str) -> None:
        """Notes that `find` finds nothing in the body in `holder`."""
        if self.bodies is not None:
            self.bodies[_digest(find, holder, key)] = []


def request_criteria(criteria: Criteria, request: dict[str, Any]) -> Criteria:
    """Returns `criteria` for a HAR `request`, whose `_random` lists `query.NAME` and `body.FIELD.FIELD`."""
    random = [place.split(".") for place in request.get("_random", ()) if isinstance(place, str)]
    if not random:
        return criteria
    return Criteria(
        criteria.rules,
        frozenset(place[1] for place in random if place[0] == "query" and len(place) == 2),
        frozenset(tuple(place[1:]) for place in random if place[0] == "body"),
    )


def _digest(find: Callable[..., object], holder: dict[str, Any], key: str) -> bytes:
    how = f"{find.__name__}\0{holder.get('mimeType', '')}\0{holder.get(key) or ''}\0"
    text = how + (holder.get("text") or "")
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
