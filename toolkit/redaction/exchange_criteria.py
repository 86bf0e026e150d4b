"""What counts as a secret in one half of an exchange: the rules, and the values that change with each call. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from toolkit.redaction.occurrences import Part
from toolkit.redaction.rules import Path, Rules


class Criteria(NamedTuple):
    """The user's `rules`, and which query parameters and body fields the provider generates for each call.

    Generated values count as secrets of the kind `random`. `memory` keeps what was found in headers and cookies, most
    of which are the same in each exchange. `typed` is what was typed into password fields.
    """

    rules: Rules
    random_query: frozenset[str] = frozenset()
    random_body: frozenset[Path] = frozenset()
    memory: dict[tuple[object, str, str], list[Part]] | None = None
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
