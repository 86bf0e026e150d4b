"""What counts as a secret in one half of an exchange: the rules, and the values that change with each call. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from toolkit.redaction.bodies import Body
from toolkit.redaction.occurrences import Part
from toolkit.redaction.rules import Path, Rules

EmptyBodies: TypeAlias = set[bytes]
"""Digests of bodies in which nothing was found: of how they were searched, their media type, encoding and text."""


class Criteria(NamedTuple):
    """The user's `rules`, and which query parameters and body fields the provider generates for each call.

    Generated values count as secrets of the kind `random`. `memory` keeps what was found in headers and cookies, most
    of which are the same in each exchange. `empty` keeps the bodies in which nothing was found, for a document that is
    looked through again. `typed` is what was typed into password fields.
    """

    rules: Rules
    random_query: frozenset[str] = frozenset()
    random_body: frozenset[Path] = frozenset()
    memory: dict[tuple[object, str, str], list[Part]] | None = None
    empty: EmptyBodies | None = None
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
        """Returns what `find` finds in the body in `holder` (see `Body`): nothing where it found nothing before."""
        if not holder.get("text"):
            return []
        if self.empty is not None and self._noted(find, holder, key) in self.empty:
            return []
        parts = find(Body(holder, key).data, holder.get("mimeType", ""), self)
        if not parts:
            self.note_empty(find, holder, key)
        return parts

    def note_empty(self, find: Callable[..., object], holder: dict[str, Any], key: str) -> None:
        """Notes that `find` finds nothing in the body in `holder`."""
        if self.empty is not None:
            self.empty.add(self._noted(find, holder, key))

    @staticmethod
    def _noted(find: Callable[..., object], holder: dict[str, Any], key: str) -> bytes:
        how = f"{find.__name__}\0{holder.get('mimeType', '')}\0{holder.get(key) or ''}\0"
        text = how + (holder.get("text") or "")
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


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
