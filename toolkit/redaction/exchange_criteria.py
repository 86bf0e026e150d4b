"""What counts as a secret in one half of an exchange: the rules, and the values that change with each call. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from toolkit.redaction.bodies import Body
from toolkit.redaction.occurrences import Part
from toolkit.redaction.rules import Path, Rules

EmptyBodies: TypeAlias = set[tuple[object, str, str, str]]
"""Bodies in which nothing was found, as a document has them: how they were searched, their media type, encoding and
text. A text that is still in the document takes no further memory here."""


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
        mime_type = holder.get("mimeType", "")
        body = self._noted(find, holder, key)
        if self.empty is not None and body in self.empty:
            return []
        parts = find(Body(holder, key).data, mime_type, self)
        if self.empty is not None and not parts:
            self.empty.add(body)
        return parts

    def note_empty(self, find: object, holder: dict[str, Any], key: str) -> None:
        """Notes that `find` finds nothing in the body in `holder`."""
        if self.empty is not None:
            self.empty.add(self._noted(find, holder, key))

    @staticmethod
    def _noted(find: object, holder: dict[str, Any], key: str) -> tuple[object, str, str, str]:
        return find, holder.get("mimeType", ""), holder.get(key) or "", holder.get("text") or ""


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
