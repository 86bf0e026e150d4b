"""The rules by which users extend redaction, or exclude names from it. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property

import msgspec

from toolkit.errors import UsageError

Path = tuple[str | int, ...]
STEP = re.compile(
    r"""(?P<deep>\.\.)?
    (?: \.?(?P<name>[A-Za-z_$][\w$-]*|\*)
      | \[(?P<index>[0-9]+|\*)\]
      | \[(?P<quote>['"])(?P<quoted>.*?)(?P=quote)\] )""",
    re.VERBOSE,
)
NAMES = ("headers", "json_paths", "query", "patterns", "keep")  # the fields that are several texts
Step = tuple[bool, str | int]  # (whether any depth may precede it, the name, index or `*`)


class Rules(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """What is secret besides the built-in rules, and what is not.

    `headers` and `query` are names of headers and query parameters, in any case. `json_paths` are places in JSON
    bodies: `$.data.key`, `$.items[0].id`, `$.items[*].id`, `$..ssn` for any depth. `patterns` are regular expressions
    for text anywhere; where one has groups, its first group is the secret. `keep` are names of cookies, headers,
    parameters and fields that are never secret. `keep_identity` leaves in who is signed in; False takes that out, also
    of a recording that was to tell it; None means as the recording says, which is not to tell where it says nothing.

    Raises `UsageError` for a rule that cannot be used, and names it.
    """

    headers: tuple[str, ...] = ()
    json_paths: tuple[str, ...] = ()
    query: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    keep_identity: bool | None = None

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    def __repr__(self) -> str:  # a pattern may be the secret itself
        counts = (f"{name}={len(getattr(self, name))}" for name in NAMES)
        return f"<Rules {' '.join(counts)}>"

    def __post_init__(self) -> None:
        for field in NAMES:
            value = getattr(self, field)
            if isinstance(value, str) or not all(isinstance(one, str) for one in value):
                raise UsageError(f"Redaction rule {field}: expected several strings, such as ({field[:-1]!r},).")
        _ = self.steps, self.compiled_patterns  # raise for invalid rules now, not at their first use

    @cached_property
    def steps(self) -> tuple[tuple[Step, ...], ...]:
        """`json_paths`, parsed."""
        return tuple(_parse_path(path) for path in self.json_paths)

    @cached_property
    def compiled_patterns(self) -> tuple[re.Pattern[str], ...]:
        """`patterns`, compiled."""
        return tuple(_compile(pattern) for pattern in self.patterns)

    @cached_property
    def header_names(self) -> frozenset[str]:
        """`headers`, in lower case."""
        return frozenset(name.lower() for name in self.headers)

    @cached_property
    def query_names(self) -> frozenset[str]:
        """`query`, in lower case."""
        return frozenset(name.lower() for name in self.query)

    @cached_property
    def names_to_keep(self) -> frozenset[str]:
        """`keep`, in lower case."""
        return frozenset(name.lower() for name in self.keep)

    def matches_path(self, path: Path) -> bool:
        """Decides whether one of `json_paths` matches `path`, the names and indexes that lead to a value."""
        return any(_matches(steps, path) for steps in self.steps)


def _compile(pattern: str) -> re.Pattern[str]:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise UsageError(f"Redaction rule patterns: {pattern!r} is no regular expression: {error}.") from None
    if compiled.search(""):
        raise UsageError(f"Redaction rule patterns: {pattern!r} matches the empty text.")
    return compiled


def _parse_path(path: str) -> tuple[Step, ...]:
    steps: list[Step] = []
    at = 1
    while at < len(path) and (step := STEP.match(path, at)):
        if step["name"] is not None:
            key: str | int = step["name"]
        elif step["index"] is not None:
            key = step["index"] if step["index"] == "*" else int(step["index"])
        else:
            key = step["quoted"]
        steps.append((bool(step["deep"]), key))
        at = step.end()
    if not path.startswith("$") or at < len(path) or not steps:
        raise UsageError(
            f"Redaction rule json_paths: {path!r} is no path.", hint="Write it as $.data.key, $.items[0].id or $..ssn."
        )
    return tuple(steps)


def _matches(steps: Sequence[Step], path: Sequence[str | int]) -> bool:
    if not steps:
        return not path
    deep, key = steps[0]
    for at in range(len(path) if deep else min(1, len(path))):
        if (key in ("*", path[at])) and _matches(steps[1:], path[at + 1 :]):
            return True
    return False
