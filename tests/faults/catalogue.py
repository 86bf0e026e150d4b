"""All faults, by name: what the server does instead of answering well, and what a client has to make of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tests.faults.server import Strike
from toolkit.errors import ToolkitError

# What is expected: an error, one of several where that is chance, DONE for the whole answer, or PART for what can be
# known of it, without an error.
DONE, PART = "done", "part of it"
Expected = type[ToolkitError] | tuple[type[ToolkitError], ...] | str


class Fault(NamedTuple):
    """`strike` answers in place of the site. `deadline` names the one that has to pass; `says` is a regular expression
    for what the error tells, `retry_after` the seconds that it gives."""

    name: str
    strike: Strike
    expected: Expected
    deadline: str | None
    says: str
    retry_after: float | None


FAULTS: dict[str, Fault] = {}


def fault(expected: Expected, *, deadline: str | None = None, says: str = "") -> Callable[[Strike], Strike]:
    """Put a function into the catalogue, under its name in plain words."""

    def register(strike: Strike) -> Strike:
        name = getattr(strike, "__name__", "").replace("_", " ")
        add(name, strike, expected, deadline=deadline, says=says)
        return strike

    return register


def add(
    name: str,
    strike: Strike,
    expected: Expected,
    *,
    deadline: str | None = None,
    says: str = "",
    retry_after: float | None = None,
) -> None:
    """Put a fault into the catalogue."""
    if name in FAULTS:
        raise ValueError(f"two faults are called {name!r}")
    FAULTS[name] = Fault(name, strike, expected, deadline, says, retry_after)
