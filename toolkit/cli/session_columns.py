"""The facts about a stored session that `session list` has a column for, and `session list` and `show` a JSON field."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from toolkit.cli.session_summary import last_check
from toolkit.cli.table import Column
from toolkit.cli.time_format import format_duration
from toolkit.session.browser_session import BrowserSession
from toolkit.session.session_state import session_kind, session_state
from toolkit.stores.base import Key


class SessionRow(NamedTuple):
    """A stored session with its key, and the time in seconds since 1970 from which ages are counted."""

    key: Key
    session: BrowserSession
    now: float


def _age(row: SessionRow) -> str:
    harvested_at = row.session.harvested_at
    return format_duration(row.now - harvested_at) if harvested_at else "not known"


def _time_left(row: SessionRow) -> str:
    expires_at = row.session.expires_at
    if expires_at is None:
        return "not known"
    if expires_at > row.now:
        return format_duration(expires_at - row.now)
    return f"{format_duration(row.now - expires_at)} ago"


COLUMNS: tuple[Column[SessionRow], ...] = (
    Column("provider", lambda row: row.key.provider, key="provider"),
    Column("site", lambda row: row.key.origin, key="site"),
    Column("account", lambda row: row.key.account, key="account"),
    Column(
        "signed in",
        lambda row: row.session.identity or "not known",
        key="identity",
        value=lambda row: row.session.identity,
    ),
    Column("age", _age, key="harvested_at", value=lambda row: row.session.harvested_at or None),
    Column("expires", _time_left, key="expires_at", value=lambda row: row.session.expires_at),
    Column("kind", lambda row: session_kind(row.session), key="kind"),
    Column("state", lambda row: session_state(row.session, row.now), key="state"),
    Column(
        "last check",
        lambda row: last_check(row.session, row.now),
        key="last_check",
        value=lambda row: msgspec.to_builtins(row.session.last_check),
    ),
)
