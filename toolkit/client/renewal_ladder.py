"""The ways to renew a session without a visit, in the order in which they are tried, and what has come of each.

Whose turn it is to renew, and what is stored, is decided in `session_keeper`.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from toolkit.errors import ToolkitError
from toolkit.session.browser_session import BrowserSession

log = logging.getLogger("toolkit")

STORE = "the store"
ROTATED = "what the site has changed in other calls"
VISIT = "a visit with a browser"


class Rung(NamedTuple):
    """One way to renew a session. `name` is what messages call it.

    `renew` returns the new session, or raises a `ToolkitError` that says why there is none.
    """

    name: str
    renew: Callable[[BrowserSession], Awaitable[BrowserSession]]


class Outcomes:
    """What has come of each way that was tried to renew a session of `provider`."""

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self._told: list[str] = []

    def add(self, name: str, outcome: str) -> None:
        """Note and log what has come of the way `name`."""
        log.debug("%s: renewal by %s: %s", self._provider, name, outcome)
        self._told.append(f"{name} ({outcome})")

    def __str__(self) -> str:
        """The outcomes as a sentence; "" if nothing was tried."""
        return f"Tried: {', '.join(self._told)}." if self._told else ""

    def tell(self, error: ToolkitError) -> None:
        """Add the outcomes to what `error` says."""
        if self._told and str(self) not in error.what:
            error.what = f"{error.what} {self}"
            error.args = (error.what,)


def outcome_of(error: ToolkitError) -> str:
    """What `error` says, as the outcome of a way to renew a session."""
    return error.what.rstrip(".")
