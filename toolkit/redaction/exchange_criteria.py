"""What counts as a secret in one half of an exchange: the rules, and the values that change with each call. Pure."""

from __future__ import annotations

from typing import Any, NamedTuple

from toolkit.redaction.rules import Path, Rules


class Criteria(NamedTuple):
    """The user's `rules`, and which query parameters and body fields the provider generates for each call.

    Generated values count as secrets of the kind `random`.
    """

    rules: Rules
    random_query: frozenset[str] = frozenset()
    random_body: frozenset[Path] = frozenset()

    @property
    def wants_all_fields(self) -> bool:
        """Whether fields of a body are asked for by their path, and not only by telling names."""
        return bool(self.rules.json_paths or self.random_body)


def request_criteria(rules: Rules, request: dict[str, Any]) -> Criteria:
    """Returns the criteria for a HAR `request`, whose `_random` lists `query.NAME` and `body.FIELD.FIELD`."""
    random = [place.split(".") for place in request.get("_random", ()) if isinstance(place, str)]
    return Criteria(
        rules,
        frozenset(place[1] for place in random if place[0] == "query" and len(place) == 2),
        frozenset(tuple(place[1:]) for place in random if place[0] == "body"),
    )
